/**
 * The two files of which cPanel builds Exim's configuration, as text: `/etc/exim.conf.local` and `/etc/exim.conf.localopts`.
 *
 * `exim.conf.local` (the Advanced Editor) is a list of sections: a line `@NAME@`, then what goes to that place of the built
 * configuration; a line `%NAME%` begins text that takes the place of a whole stock block. The file need not be there. `exim.conf.localopts`
 * (the Basic Editor) is `key=value` lines, one of which switches on each custom ACL file: `acl_NAME=1`. WHM writes both anew when somebody
 * saves there, so nothing of ours depends on the order of lines.
 *
 * Pure. Not here: our blocks in the sections (exim.ts), other relays in them (exim-relays.ts).
 */

/** The sections of a file as the Advanced Editor writes it. */
export const confLocalMarkers = [
	'AUTH',
	'BEGINACL',
	'CONFIG',
	'DIRECTOREND',
	'DIRECTORMIDDLE',
	'DIRECTORSTART',
	'ENDACL',
	'POSTMAILCOUNT',
	'PREDOTFORWARD',
	'PREFILTER',
	'PRELOCALUSER',
	'PRENOALIASDISCARD',
	'PREROUTERS',
	'PREVALIASNOSTAR',
	'PREVALIASSTAR',
	'PREVIRTUALUSER',
	'RETRYEND',
	'RETRYSTART',
	'REWRITE',
	'ROUTEREND',
	'ROUTERMIDDLE',
	'ROUTERSTART',
	'TRANSPORTEND',
	'TRANSPORTMIDDLE',
	'TRANSPORTSTART',
] as const;

/** What stands for a file that is not there: every section, each empty. */
export const emptyConfLocal = confLocalMarkers.map((name) => `@${name}@\n\n`).join('');

const marker = /^@([A-Z]+)@$/;
const replacement = /^%([A-Z_]+)%$/;

/** Lines of each section by name; replaced blocks under their name with percent signs. */
export function confLocalSections(text: string): ReadonlyMap<string, readonly string[]> {
	const sections = new Map<string, string[]>();
	let lines: string[] = [];
	for (const line of text.split('\n')) {
		const name = marker.exec(line.trim())?.[1] ?? replacement.exec(line.trim())?.[0];
		if (name === undefined) lines.push(line);
		else {
			lines = sections.get(name) ?? [];
			sections.set(name, lines);
		}
	}
	return sections;
}

/** Names (`%RETRYBLOCK%`) of stock blocks that the file replaces with text of its own. */
export function replacedBlocks(text: string): readonly string[] {
	return [...confLocalSections(text)]
		.filter(([name, lines]) => replacement.test(name) && lines.some((line) => line.trim() !== ''))
		.map(([name]) => name);
}

/** Section in which a line stands first; undefined: in none. */
export function sectionOf(text: string, wanted: string): string | undefined {
	return [...confLocalSections(text)].find(([, lines]) => lines.some((line) => line.trim() === wanted))?.[0];
}

/** Value of an option of `exim.conf.localopts`; the last line of that name counts. */
export function localOption(text: string, name: string): string | undefined {
	return text
		.split('\n')
		.map((line) => /^\s*([A-Za-z0-9_]+)\s*=(.*)$/.exec(line))
		.findLast((found) => found?.[1] === name)?.[2]
		?.trim();
}

/** The text with the option set, appended where it was not there; `dropOption` gives back the text before. */
export function setOption(text: string, name: string, value: string): string {
	const line = `${name}=${value}`;
	if (localOption(text, name) === value) return text;
	const bare = dropOption(text, name);
	return bare === '' || bare.endsWith('\n') ? `${bare}${line}\n` : `${bare}\n${line}`;
}

/** The text without any line of that option. */
export function dropOption(text: string, name: string): string {
	const isIt = (line: string): boolean => new RegExp(`^\\s*${name}\\s*=`).test(line);
	return text
		.split('\n')
		.filter((line) => !isIt(line))
		.join('\n');
}
