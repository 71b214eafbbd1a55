/**
 * Forward-paths and reverse-paths as plain strings.
 *
 * An address is kept as the client wrote it between `<` and `>`: the case of the local part is the receiver's business
 * (RFC 5321 §2.4), so recipients that differ in case stay apart. Only the domain is ever compared without case.
 * The null reverse-path is the empty string. Not here: syntax of the command line (io/smtp-in), IDN (core/routing).
 */

/** `local@domain`, or `''` for the null reverse-path. Source routes are dropped by whoever reads the command. */
export type Address = string;

export const nullSender: Address = '';

/** The part behind the last `@`, lower-cased; `''` when there is none (null sender, `postmaster`). */
export function domainOf(address: Address): string {
	const at = address.lastIndexOf('@');
	return at < 0 ? '' : address.slice(at + 1).toLowerCase();
}

/** The part before the last `@` as written, quotes included; the whole string when there is no `@`. */
export function localPartOf(address: Address): string {
	const at = address.lastIndexOf('@');
	return at < 0 ? address : address.slice(0, at);
}

/** True when a byte outside US-ASCII is present, so that the receiver must offer SMTPUTF8 (RFC 6531 §3.4). */
export function needsUtf8(address: Address): boolean {
	for (let index = 0; index < address.length; index++) if (address.charCodeAt(index) > 0x7f) return true;
	return false;
}
