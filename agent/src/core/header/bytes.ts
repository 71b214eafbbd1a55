/**
 * Bytes as text: base64, UTF-8 and what may be shown to people.
 *
 * The core has neither Buffer nor TextDecoder, so bytes travel as strings of one character per byte. What a tenant wrote
 * can hold anything (a directory named `a<LF>X-Evil: 1`), so nothing of it reaches a log line or page but through
 * `escapeBytes` (exact, for paths and identities) or `readableText` (lossy, for headers).
 *
 * RFC 4648 §4, RFC 3629 §4.
 */
import { detached } from '@sluice/shared/words/detached.ts';

const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const base64Values = new Int8Array(128).fill(-1);
for (let index = 0; index < base64Alphabet.length; index++) base64Values[base64Alphabet.charCodeAt(index)] = index;

const valueAt = (text: string, index: number): number => {
	const byte = text.charCodeAt(index);
	return byte < 128 ? (base64Values[byte] as number) : -1;
};

/** Bytes of padded base64 (RFC 4648 §4), one character each; undefined when it is anything else, blanks included. */
export function bytesOfBase64(text: string): string | undefined {
	if (text.length % 4 !== 0) return undefined;
	let end = text.length;
	if (text.endsWith('==')) end -= 2;
	else if (text.endsWith('=')) end -= 1;
	let bytes = '';
	let bits = 0;
	let held = 0;
	for (let index = 0; index < end; index++) {
		const value = valueAt(text, index);
		if (value < 0) return undefined;
		held = ((held << 6) | value) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes += String.fromCharCode((held >> bits) & 0xff);
		}
	}
	return bytes;
}

const printableAscii = /^[ -[\]-~]*$/;
/** Control, format (also the marks that turn writing direction), unassigned, surrogates, line and paragraph separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Exact and safe to show: printable UTF-8 as it is, a backslash doubled, every other byte as `\xNN`. Two different byte
 * strings never look the same.
 */
export function escapeBytes(bytes: string): string {
	if (printableAscii.test(bytes)) return bytes;
	let text = '';
	for (let index = 0; index < bytes.length; ) {
		const length = utf8Length(bytes, index);
		const symbol = length === 0 ? '' : String.fromCodePoint(codePointAt(bytes, index, length));
		if (symbol === '\\') text += '\\\\';
		else if (symbol !== '' && !unprintable.test(symbol)) text += symbol;
		else for (let at = index; at < index + Math.max(1, length); at++) text += hexOf(bytes.charCodeAt(at));
		index += Math.max(1, length);
	}
	return text;
}

/**
 * A header value for people: unfolded, UTF-8 decoded, anything unprintable as U+FFFD, cut to `charsMax`. Encoded words stay. It is kept
 * longer than the header it comes from, and does not hold it.
 */
export function readableText(bytes: string, charsMax: number): string {
	// A character needs at most four bytes; what lies behind that cannot show.
	const cut = bytes.length > charsMax * 4 ? bytes.slice(0, charsMax * 4) : bytes;
	if (cut.length <= charsMax && printableHeader.test(cut)) return detached(cut);
	const unfolded = cut.replace(/\r?\n(?=[ \t])/g, '').replace(/\t/g, ' ');
	let text = '';
	let chars = 0;
	for (let index = 0; index < unfolded.length && chars < charsMax; chars++) {
		const length = utf8Length(unfolded, index);
		const symbol = length === 0 ? '\ufffd' : String.fromCodePoint(codePointAt(unfolded, index, length));
		text += unprintable.test(symbol) ? '\ufffd' : symbol;
		index += Math.max(1, length);
	}
	return text;
}

const printableHeader = /^[ -~]*$/;

const hexOf = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

/** Length of the well-formed UTF-8 sequence at `index`, 0 when there is none (RFC 3629 §4: no overlong forms, no surrogates). */
function utf8Length(bytes: string, index: number): number {
	const first = bytes.charCodeAt(index);
	if (first < 0x80) return 1;
	if (first < 0xc2 || first > 0xf4) return 0;
	const second = bytes.charCodeAt(index + 1);
	if (!isTail(second)) return 0;
	if (first < 0xe0) return 2;
	if (first === 0xe0 && second < 0xa0) return 0;
	if (first === 0xed && second > 0x9f) return 0;
	if (!isTail(bytes.charCodeAt(index + 2))) return 0;
	if (first < 0xf0) return 3;
	if (first === 0xf0 && second < 0x90) return 0;
	if (first === 0xf4 && second > 0x8f) return 0;
	return isTail(bytes.charCodeAt(index + 3)) ? 4 : 0;
}

const isTail = (byte: number): boolean => byte >= 0x80 && byte <= 0xbf;

function codePointAt(bytes: string, index: number, length: number): number {
	const first = bytes.charCodeAt(index);
	if (length === 1) return first;
	let point = first & (0x7f >> length);
	for (let at = index + 1; at < index + length; at++) point = (point << 6) | (bytes.charCodeAt(at) & 0x3f);
	return point;
}
