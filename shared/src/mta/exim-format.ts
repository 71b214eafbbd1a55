/**
 * Exim's configuration format, read as far as a wiring needs it: sections, named drivers, options.
 *
 * Lines continued with a backslash are joined. Conditional lines (`.ifdef`) inside a driver are not weighed: an option counts as soon as
 * it stands there; two of one name: the last, and `headers_add` joined. Pure. Exim specification, chapter 6.
 */

/** Values as written, without `hide`. */
export type Options = ReadonlyMap<string, string>;

/** Comments and blank lines dropped, continued lines joined as Exim joins them (leading blanks of the next one dropped). */
export function logicalLines(config: string): readonly string[] {
	const lines: string[] = [];
	let held = '';
	for (const line of config.split('\n')) {
		const text = line.trim();
		if (text.startsWith('#') || (text === '' && held === '')) continue;
		if (text.endsWith('\\')) held += text.slice(0, -1);
		else {
			lines.push(held + text);
			held = '';
		}
	}
	if (held !== '') lines.push(held);
	return lines;
}

/** Names of a section's drivers, in order. */
export function driverNames(lines: readonly string[], section: string): readonly string[] {
	let inSection = false;
	const names: string[] = [];
	for (const line of lines) {
		const begins = /^begin\s+(\w+)$/.exec(line)?.[1];
		if (begins !== undefined) inSection = begins === section;
		const name = inSection ? /^(\w+):$/.exec(line)?.[1] : undefined;
		if (name !== undefined) names.push(name);
	}
	return names;
}

/** Undefined when the section has no driver of that name. */
export function driver(lines: readonly string[], section: string, name: string): Options | undefined {
	const found = new Map<string, string>();
	let inSection = false;
	let inDriver = false;
	let exists = false;
	for (const line of lines) {
		const begins = /^begin\s+(\w+)$/.exec(line)?.[1];
		if (begins !== undefined) {
			inSection = begins === section;
			inDriver = false;
		} else if (inSection) {
			const driverName = /^(\w+):$/.exec(line)?.[1];
			if (driverName !== undefined) {
				inDriver = driverName === name;
				exists ||= inDriver;
			} else if (inDriver) note(line, found);
		}
	}
	return exists ? found : undefined;
}

function note(line: string, found: Map<string, string>): void {
	const option = /^(?:hide\s+)?([a-z0-9_]+)\s*=\s*(.*)$/.exec(line);
	if (option === null) return;
	const [, name, value] = option as unknown as [string, string, string];
	const before = found.get(name);
	// Two of them add up; joined as Exim joins them.
	found.set(name, name === 'headers_add' && before !== undefined ? `${before}\\n${value}` : value);
}
