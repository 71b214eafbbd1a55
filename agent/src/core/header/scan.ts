/**
 * The header block as a list of fields, found in one pass.
 *
 * Everything that looks at a header (attribution, cuts, hop count, detection) works on this list, so that the text is
 * walked once per message. Positions are offsets into the text; the text is one character per byte, so they are byte
 * offsets of the stored content too. Names are compared as bytes, never trimmed: `X-Name\xa0:` is another name, and a
 * comparison that takes the byte A0 for a blank would let a look-alike pass for the real one.
 *
 * Not here: decoding (text.ts), meaning. A line without a colon is kept as a field without a name, since the sending
 * MTA may pass such a line on. RFC 5322 §2.2, §2.2.3, obsolete blanks before the colon §4.5.
 */

/** One header field with its folded continuation lines. */
export type HeaderField = {
	/** Offset of the first byte of the first line. */
	readonly start: number;
	/** Offset behind the line end of the last line. */
	readonly end: number;
	/** Offset of the colon; equal to `start` when the line has no name. */
	readonly nameEnd: number;
	/** True when continuation lines follow the first one. */
	readonly isFolded: boolean;
};

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

/**
 * Fields of a header block in order. `text` is the block as received (latin1), with or without the empty line that ends it;
 * what stands behind an empty line is not looked at. A bare LF ends a line too. Never throws.
 */
export function scanHeader(text: string): readonly HeaderField[] {
	const fields: HeaderField[] = [];
	const length = text.length;
	let start = 0;
	// Searched on only when passed: a block of many lines without a colon must not be searched to its end for each of them.
	let colon = text.indexOf(':');
	while (start < length && !isEmptyLine(text, start)) {
		const lineEnd = endOfLine(text, start);
		let end = lineEnd;
		while (end < length && isBlank(text.charCodeAt(end))) end = endOfLine(text, end);
		if (colon >= 0 && colon < start) colon = text.indexOf(':', start);
		fields.push({
			start,
			end,
			nameEnd: colon < 0 || colon >= lineEnd ? start : colon,
			isFolded: end !== lineEnd,
		});
		start = end;
	}
	return fields;
}

/** True when the field's name is `lowerName`, in any case of ASCII letters. `lowerName` is lower case. */
export function isNamed(text: string, field: HeaderField, lowerName: string): boolean {
	return field.nameEnd - field.start === lowerName.length && beginsWith(text, field.start, lowerName);
}

/** True when the bytes at `offset` are `lowerName` in any case of ASCII letters. */
export function beginsWith(text: string, offset: number, lowerName: string): boolean {
	for (let index = 0; index < lowerName.length; index++) {
		let byte = text.charCodeAt(offset + index);
		if (byte >= 65 && byte <= 90) byte += 32;
		if (byte !== lowerName.charCodeAt(index)) return false;
	}
	return true;
}

/** The value as written, line ends of the fold included, without the blanks at both ends. */
export function rawValue(text: string, field: HeaderField): string {
	let from = field.nameEnd === field.start ? field.start : field.nameEnd + 1;
	let to = field.end;
	while (to > from && isWhite(text.charCodeAt(to - 1))) to--;
	while (from < to && isWhite(text.charCodeAt(from))) from++;
	return text.slice(from, to);
}

function endOfLine(text: string, from: number): number {
	const newline = text.indexOf('\n', from);
	return newline < 0 ? text.length : newline + 1;
}

function isEmptyLine(text: string, start: number): boolean {
	const first = text.charCodeAt(start);
	return first === LF || (first === CR && text.charCodeAt(start + 1) === LF);
}

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;
const isWhite = (byte: number): boolean => byte === SPACE || byte === TAB || byte === CR || byte === LF;
