/**
 * The path of MAIL and RCPT: what stands between `<` and `>`.
 *
 * Kept as the client wrote it: case, quotes and `xn--` labels are the receiver's business (RFC 5321 §2.4). A source route is
 * dropped (§4.1.1.3, appendix C). Local parts are taken leniently, since real mailboxes break the grammar (`a..b@`, `x.@`) and a
 * refusal here would lose mail that the MTA in front already took; what would be ambiguous on the wire is refused.
 *
 * Pure.
 */

/** Local part and domain together. RFC 5321 §4.5.3.1.3 says 256; VERP and SRS addresses are longer. */
const PATH_CHARS_MAX = 1_024;

export type Path = {
	readonly address: string;
	/** Index in the line just behind `>`. */
	readonly end: number;
};

// No blank, quote, angle bracket or second @ in an unquoted local part.
const LOCAL_PART = /^[^\s<>"@]+$/;
// RFC 5321 §4.1.2 Quoted-string; the caller has already refused control characters.
const QUOTED_LOCAL_PART = /^"(?:[^"\\]|\\.)*"$/;
// Letters, digits, hyphen; underscore is no host name but is met; above ASCII only with SMTPUTF8 (the caller knows).
const DOMAIN = /^[A-Za-z0-9_\u0080-\uffff-]+(?:\.[A-Za-z0-9_\u0080-\uffff-]+)*\.?$/;
const ADDRESS_LITERAL = /^\[[A-Za-z0-9.:-]+\]$/;

/** Reads the path that begins at or (after blanks) behind `from`; undefined when there is none. The null path is `''`. */
export function readPath(line: string, from: number): Path | undefined {
	let at = from;
	while (line.charCodeAt(at) === 0x20) at++;
	if (line[at] !== '<') return undefined;
	at++;
	if (line[at] === '@') {
		// @one,@two:user@domain; no colon can stand in the route itself.
		const colon = line.indexOf(':', at);
		if (colon < 0) return undefined;
		at = colon + 1;
	}
	const close = line[at] === '"' ? closeBehindQuotes(line, at) : line.indexOf('>', at);
	if (close < 0 || close - at > PATH_CHARS_MAX) return undefined;
	const address = line.slice(at, close);
	return address === '' || isAddress(address) ? { address, end: close + 1 } : undefined;
}

function isAddress(address: string): boolean {
	const at = address.lastIndexOf('@');
	// <postmaster> alone needs no domain (RFC 5321 §4.1.1.3).
	if (at < 0) return address.toLowerCase() === 'postmaster';
	const localPart = address.slice(0, at);
	if (!LOCAL_PART.test(localPart) && !QUOTED_LOCAL_PART.test(localPart)) return false;
	const domain = address.slice(at + 1);
	return DOMAIN.test(domain) || ADDRESS_LITERAL.test(domain);
}

/** The `>` that ends a path whose local part is quoted and may hold one itself. */
function closeBehindQuotes(line: string, open: number): number {
	let at = open + 1;
	while (at < line.length && line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
	return at < line.length ? line.indexOf('>', at) : -1;
}
