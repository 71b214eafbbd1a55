/**
 * XFORWARD: what Postfix says of the client behind it. Believed only of a proved peer (connection.ts decides that).
 *
 * `XFORWARD NAME=… ADDR=…`, values in xtext (RFC 3461 §4); `[UNAVAILABLE]` and `[TEMPUNAVAIL]` mean that Postfix does not know.
 * Attributes of several commands add up and hold for one transaction. After Postfix XFORWARD_README. Pure.
 */
import type { XForward } from '../../ports/smtp-in.ts';

/** What EHLO offers. Postfix sends only what it sees here. */
export const xforwardOffer = 'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE';

const ATTRIBUTES: Readonly<Record<string, keyof XForward>> = {
	NAME: 'name',
	ADDR: 'addr',
	PORT: 'port',
	PROTO: 'proto',
	HELO: 'helo',
	IDENT: 'ident',
	SOURCE: 'source',
};
const UNKNOWN: ReadonlySet<string> = new Set(['[UNAVAILABLE]', '[TEMPUNAVAIL]', '']);
const XTEXT_BYTE = /\+([0-9A-Fa-f]{2})/g;
const BROKEN_XTEXT = /\+(?![0-9A-Fa-f]{2})/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: encoded control characters must not reach logs and pages.
const CONTROL = /[\x00-\x1f\x7f]/g;

/** Adds the attributes of one command's arguments to those known; undefined when they are malformed. */
export function readXforward(args: string, known: XForward): XForward | undefined {
	const found: { -readonly [K in keyof XForward]: XForward[K] } = { ...known };
	const parts = args.split(' ').filter((part) => part !== '');
	if (parts.length === 0) return undefined;
	for (const part of parts) {
		const equals = part.indexOf('=');
		const attribute = ATTRIBUTES[part.slice(0, Math.max(0, equals)).toUpperCase()];
		const value = part.slice(equals + 1);
		if (attribute === undefined || BROKEN_XTEXT.test(value)) return undefined;
		const text = decodeXtext(value);
		if (UNKNOWN.has(text.toUpperCase())) delete found[attribute];
		else found[attribute] = attribute === 'addr' ? text.replace(/^IPv6:/i, '') : text;
	}
	return found;
}

/** Bytes as UTF-8, a control character as `?`. */
function decodeXtext(value: string): string {
	const bytes = value.replace(XTEXT_BYTE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return Buffer.from(bytes, 'latin1').toString('utf8').replace(CONTROL, '?');
}
