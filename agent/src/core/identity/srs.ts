/**
 * The sender before SRS: what a forwarder folded into the local part of its own reverse-path.
 *
 * `SRS0=HASH=DAY=domain=local@forwarder` is a first hop, `SRS1=HASH=first.forwarder==HASH=DAY=domain=local@second` a later
 * one. The hash is not checked here: only the server that made it can, and nothing of this decides who pays. Anyone may
 * write such an address, so the result is a name for reports. Sender Rewriting Scheme (Wong, 2003), as Exim's `srs_encode` does it.
 */

import { type Address, domainOf, localPartOf } from '@sluice/shared/words/address.ts';

export type RewrittenSender = {
	/** The address as it was at the first forwarder. */
	readonly original: Address;
	/** Domain that rewrote it last, lower case. */
	readonly forwarder: string;
};

// The sign behind SRS0 and SRS1 is `=`, `+` or `-`; inside always `=`. A hash never holds `=`, a local part may.
const first = /^srs0[=+-][^=@]{1,64}=[^=@]{1,8}=([^=@]{1,255})=(.{1,256})$/is;
const later = /^srs1[=+-][^=@]{1,64}=[^=@]{1,255}=[=+-][^=@]{1,64}=[^=@]{1,8}=([^=@]{1,255})=(.{1,256})$/is;

/** What `reversePath` stood for before SRS; undefined when it is no such address. */
export function senderBeforeSrs(reversePath: Address): RewrittenSender | undefined {
	const local = localPartOf(reversePath);
	if (local.length < 4 || local.length > 1024 || !/^srs[01]/i.test(local)) return undefined;
	const found = first.exec(local) ?? later.exec(local);
	if (found === null) return undefined;
	return {
		original: `${found[2]}@${found[1]}`,
		forwarder: domainOf(reversePath),
	};
}
