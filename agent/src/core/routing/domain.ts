/**
 * A recipient's domain as the DNS wants it: A-labels, lower case, or the address inside an address literal.
 *
 * IDNA is the caller's (`domainToASCII` of Node in production): it is a table of the size of Unicode. Plain ASCII never goes
 * through it, so that what a URL parser thinks of `%`, `0x7f.1` or `1` as a host does not matter here. RFC 5321 §4.1.2, §4.1.3,
 * RFC 5890 §2.3.2.1, RFC 6531 §3.2.
 */

import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import ipaddr from 'ipaddr.js';
import { domainCharsMax, labelCharsMax } from './bounds.ts';

/** U-labels to A-labels; `''` when the name is not valid. */
export type DomainToAscii = (domain: string) => string;

const ascii = /^[\x21-\x7e]+$/;
/** Underscores are no host name (RFC 952) but mail domains with them exist and resolve. */
const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;

/** The A-label form, lower-cased, without a trailing dot; `invalid` when no name server could know it. */
export function toAscii(domain: string, domainToAscii: DomainToAscii): Result<string, 'invalid'> {
	const bare = domain.endsWith('.') ? domain.slice(0, -1) : domain;
	// A U-label name is never longer in characters than its A-label form.
	if (bare === '' || bare.length > domainCharsMax) return failed('invalid');
	const name = (ascii.test(bare) ? bare : domainToAscii(bare)).toLowerCase();
	if (name === '' || name.length > domainCharsMax) return failed('invalid');
	const labels = name.split('.');
	if (!labels.every((part) => part.length <= labelCharsMax && label.test(part))) return failed('invalid');
	// `user@192.0.2.1` without brackets is a mistake, not a name: no top level is all digits.
	if (/^\d+$/.test(labels.at(-1) ?? '')) return failed('invalid');
	return ok(name);
}

/**
 * The address in `[192.0.2.1]` or `[IPv6:2001:db8::1]`, in canonical form; undefined when the domain is no literal;
 * `invalid` when it looks like one and is none. RFC 5321 §4.1.3.
 */
export function addressLiteral(domain: string): Result<string, 'invalid'> | undefined {
	if (!domain.startsWith('[')) return undefined;
	if (!domain.endsWith(']')) return failed('invalid');
	const inside = domain.slice(1, -1);
	if (/^ipv6:/i.test(inside)) {
		const address = inside.slice(5);
		return !address.includes('%') && ipaddr.IPv6.isValid(address)
			? ok(ipaddr.IPv6.parse(address).toRFC5952String())
			: failed('invalid');
	}
	return ipaddr.IPv4.isValidFourPartDecimal(inside) ? ok(ipaddr.IPv4.parse(inside).toString()) : failed('invalid');
}
