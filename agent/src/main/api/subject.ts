/**
 * A subject as people read it: encoded words (RFC 2047) are decoded, in one line, bounded, without characters that hide or turn text.
 *
 * What is stored stays as it came. Not here: what a terminal must not obey (commands/render/text.ts cleans again) and escaping in
 * pages.
 */
import { decodeWords } from 'postal-mime';

/** What is decoded at all: encoded words of a few lines. */
const encodedCharsMax = 4000;
/** A line of mail is no longer (RFC 5322 §2.1.1). */
const subjectCharsMax = 998;
const isEncoded = /=\?[^?\s]+\?[bq]\?/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Never throws: what cannot be decoded is shown as it came. */
export function subjectText(stored: string): string {
	if (stored === '') return '';
	const raw = stored.slice(0, encodedCharsMax);
	const text = (isEncoded.test(raw) ? decodeWords(raw) : raw)
		.replace(/[\r\n\t]+/g, ' ')
		.replace(unsafe, '\ufffd')
		.trim()
		.toWellFormed();
	return text.length <= subjectCharsMax ? text : `${text.slice(0, subjectCharsMax - 1).toWellFormed()}…`;
}
