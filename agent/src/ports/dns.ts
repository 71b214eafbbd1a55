/**
 * Questions to the DNS, answered from a cache where possible.
 */

/** `none`: the name or the type does not exist. `temporary`: SERVFAIL, time-out: try later. */
export type DnsFailure = {
	readonly kind: 'none' | 'temporary';
	readonly detail: string;
};

export type MxRecord = {
	readonly preference: number;
	readonly exchange: string;
};

export type DnsAnswer<T> =
	| { readonly ok: true; readonly value: readonly T[] }
	| { readonly ok: false; readonly error: DnsFailure };

export type Resolver = {
	/** MX records in any order; the null MX is one record with exchange `''` (RFC 7505). Domain in A-label form. */
	mx(domain: string): Promise<DnsAnswer<MxRecord>>;
	/** Addresses of a host, IPv4 and IPv6. */
	addresses(host: string): Promise<DnsAnswer<string>>;
	stop(): void;
};
