/**
 * Text of a report: what strangers wrote made safe, long lines folded, characters to bytes.
 *
 * Everything that came from outside goes through `printable` or `readable` before it stands in a report, so that no reply and no
 * parameter can add a field or a part (RFC 3464 §2.1.1 wants printable ASCII in fields, RFC 6533 §4 allows UTF-8).
 * The core has no TextEncoder: bytes are strings of one character per byte until the end.
 */

/** RFC 5322 §2.1.1: the length a line should keep. */
export const lineCharsMax = 76;

/** Printable ASCII on one line: everything else becomes `?`, blanks in a row become one, the rest is cut. */
export function printable(text: string, charsMax: number): string {
	const plain = text
		.replace(/\s+/g, ' ')
		.replace(/[^ -~]/g, '?')
		.trim();
	return plain.length > charsMax ? `${plain.slice(0, charsMax - 3)}...` : plain;
}

/** As `printable`, but characters beyond ASCII stay when they can be read: for addresses. */
export function readable(text: string, charsMax: number): string {
	const plain = text
		.toWellFormed()
		.replace(/\s+/gu, ' ')
		.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
		.trim();
	return plain.length > charsMax ? `${plain.slice(0, charsMax - 3).toWellFormed()}...` : plain;
}

/** True when a character beyond ASCII is in it. */
export const isBeyondAscii = (text: string): boolean => /[\u0080-\uffff]/.test(text);

/**
 * Words in lines of at most `lineCharsMax` characters, `first` before the first and `rest` before the others. A word longer than a
 * line stays whole (an address, a URL) unless it is longer than `wordCharsMax`.
 */
export function wrap(text: string, first: string, rest: string): readonly string[] {
	const lines: string[] = [];
	let line = first;
	let isEmpty = true;
	for (const word of text.split(' ').flatMap(pieces)) {
		if (!isEmpty && line.length + 1 + word.length > lineCharsMax) {
			lines.push(line);
			line = rest;
			isEmpty = true;
		}
		line += isEmpty ? word : ` ${word}`;
		isEmpty = false;
	}
	lines.push(line);
	return lines;
}

/** RFC 5321 §4.5.3.1.6 allows 998 with its prefix. */
const wordCharsMax = 900;

function pieces(word: string): readonly string[] {
	if (word.length <= wordCharsMax) return [word];
	return Array.from({ length: Math.ceil(word.length / wordCharsMax) }, (_, index) =>
		word.slice(index * wordCharsMax, (index + 1) * wordCharsMax),
	);
}

/** A header field of a report, folded (RFC 5322 §2.2.3). */
export const field = (name: string, value: string): readonly string[] => wrap(value, `${name}: `, ' ');

/** UTF-8 as one character per byte. */
export function utf8Bytes(text: string): string {
	if (!isBeyondAscii(text)) return text;
	return text
		.toWellFormed()
		.replace(/[\u0080-\uffff]+/g, (run) =>
			encodeURIComponent(run).replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
				String.fromCharCode(Number.parseInt(hex, 16)),
			),
		);
}

/** Hex pairs of xtext decoded, one character per byte (RFC 3461 §4). */
export function xtextDecoded(text: string): string {
	return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Dot-stuffed lines with CRLF: the form the spool stores (RFC 5321 §4.5.2). */
export const wireLines = (lines: readonly string[]): string =>
	lines.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('');

/** One character per byte to bytes. */
export function bytesOf(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length);
	for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
	return bytes;
}

/** Bytes to one character per byte. */
export function textOf(bytes: Uint8Array): string {
	const step = 8_192;
	let text = '';
	for (let from = 0; from < bytes.length; from += step)
		text += String.fromCharCode(...bytes.subarray(from, from + step));
	return text;
}
