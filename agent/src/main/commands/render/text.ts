/**
 * Text for a terminal: how wide it is, how it is cut, wrapped and padded, and what must never reach a terminal.
 *
 * Subjects, addresses and replies are written by strangers. An escape sequence in a subject could rename the window, hide a line
 * or answer for the operator, so control characters and direction overrides are shown as `�` (`clean`), and `--json` escapes
 * those that JSON leaves alone. Widths follow East Asian wide characters and emoji roughly: a table may be off by one, never cut
 * inside a character.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** One line without anything that a terminal would obey. */
export const clean = (text: string): string => text.replace(/[\r\n\t]+/g, ' ').replace(unsafe, '\ufffd');

/** A JSON document and a newline. Still valid JSON; safe on a terminal. */
export const jsonText = (value: unknown): string => `${safeJson(JSON.stringify(value, undefined, 2))}\n`;

/** One line, for streams. */
export const jsonLine = (value: unknown): string => `${safeJson(JSON.stringify(value))}\n`;

const jsonUnsafe = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const safeJson = (json: string): string =>
	json.replace(jsonUnsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const isAscii = /^[\x20-\x7e]*$/;
const isWide =
	/\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;

const graphemeWidth = (grapheme: string): number => (isWide.test(grapheme) ? 2 : 1);

/** Columns on a terminal. `text` is clean. */
export function widthOf(text: string): number {
	if (isAscii.test(text)) return text.length;
	let width = 0;
	for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
	return width;
}

/** At most `columns` wide; what is missing is shown as `…`. */
export function cut(text: string, columns: number): string {
	if (widthOf(text) <= columns) return text;
	let kept = '';
	let width = 0;
	for (const { segment } of graphemes.segment(text)) {
		width += graphemeWidth(segment);
		if (width > columns - 1) break;
		kept += segment;
	}
	return `${kept}…`;
}

export const padEnd = (text: string, columns: number): string =>
	text + ' '.repeat(Math.max(0, columns - widthOf(text)));
export const padStart = (text: string, columns: number): string =>
	' '.repeat(Math.max(0, columns - widthOf(text))) + text;

/** Words to wrap between: what stands in backticks is one. */
const words = /(?:`[^`]*`|[^\s`]|`)+/g;

/** Breaks at spaces. A long word stands alone: addresses, ids and commands stay whole, so that they can be copied. */
export function wrap(text: string, columns: number): readonly string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.match(words) ?? []) {
		if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
			lines.push(line);
			line = word;
		} else line = line === '' ? word : `${line} ${word}`;
	}
	return [...lines, line];
}

/** Wrapped, each line behind `first` or as many spaces. */
export function hanging(first: string, text: string, columns: number): readonly string[] {
	const indent = widthOf(first);
	return wrap(text, Math.max(20, columns - indent)).map((line, index) =>
		index === 0 ? first + line : ' '.repeat(indent) + line,
	);
}

export const numberText = (value: number): string => value.toLocaleString('en');

/** `1 recipient`, `2,000 recipients`. */
export const countText = (count: number, noun: string): string =>
	`${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `812 bytes`, `12.3 kB`, `4.0 GB`: powers of 1000, as disks are sold and `df -H` shows. */
export function sizeText(bytes: number): string {
	if (bytes < 1000) return `${bytes} bytes`;
	const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
	let value = bytes / 1000;
	let unit = 0;
	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${value.toFixed(value < 99.95 ? 1 : 0)} ${units[unit]}`;
}
