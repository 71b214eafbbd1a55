/**
 * Postfix's main.cf as logical lines.
 *
 * A logical line begins with a character that is neither blank nor `#`; lines that begin with a blank continue it, and comments and
 * empty lines in between do not end it. Of two lines for one parameter the last counts. postconf(5), "main.cf file format".
 *
 * Pure. Values are as written: `$name` is not expanded.
 */

export type MainCfLine = {
	/** With its line end. */
	readonly text: string;
	/** Parameter that this physical line sets or continues; undefined for comments and empty lines. */
	readonly parameter: string | undefined;
	readonly isContinuation: boolean;
};

/** Physical lines with the parameter each belongs to. */
export function mainCfLines(text: string): readonly MainCfLine[] {
	const lines: MainCfLine[] = [];
	let parameter: string | undefined;
	for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
		const bare = line.trim();
		const isContinuation = /^[ \t]/.test(line);
		if (bare === '' || bare.startsWith('#')) lines.push({ text: line, parameter: undefined, isContinuation: false });
		else if (isContinuation) lines.push({ text: line, parameter, isContinuation });
		else {
			parameter = /^([^\s=]+)\s*=/.exec(line)?.[1];
			lines.push({ text: line, parameter, isContinuation });
		}
	}
	return lines;
}

/** What Postfix would read for `parameter`; undefined when it is not set. */
export function mainCfValue(text: string, parameter: string): string | undefined {
	let value: string | undefined;
	for (const line of mainCfLines(text)) {
		if (line.parameter !== parameter) continue;
		if (line.isContinuation) value = `${value ?? ''} ${line.text.trim()}`.trim();
		else value = line.text.slice(line.text.indexOf('=') + 1).trim();
	}
	return value;
}
