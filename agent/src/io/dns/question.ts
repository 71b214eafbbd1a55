/**
 * One question to the name servers, and what its failure means.
 *
 * c-ares (Node's dns.Resolver) asks; it tells "no such name" and "no such record" from "could not find out", which is
 * the difference between a bounce and a retry. Everything it does not say plainly is temporary: unknown means later.
 *
 * RFC 1035 §4.1.1, RFC 2308 §2.
 */
import type { DnsFailure } from '../../ports/dns.ts';

/** What the name server said, in its own words as far as c-ares passes them on. */
const NONE: ReadonlyMap<string, string> = new Map([
	['ENOTFOUND', 'NXDOMAIN'],
	['ENODATA', 'no such record'],
	// A name that cannot exist: an empty or an overlong label.
	['EBADNAME', 'not a domain name'],
]);
const TEMPORARY: ReadonlyMap<string, string> = new Map([
	['ESERVFAIL', 'SERVFAIL'],
	['EREFUSED', 'REFUSED'],
	['ETIMEOUT', 'time-out'],
	['ECONNREFUSED', 'no name server answers'],
	['ECANCELLED', 'stopped'],
	['EBADRESP', 'malformed answer'],
]);

export type Outcome<T> =
	| { readonly ok: true; readonly value: readonly T[] }
	| { readonly ok: false; readonly error: DnsFailure };

/** Never rejects; an empty answer is `none`. At most `recordsMax` records are kept. */
export async function outcomeOf<T>(question: Promise<readonly T[]>, recordsMax: number): Promise<Outcome<T>> {
	try {
		const value = await question;
		if (value.length === 0) return { ok: false, error: { kind: 'none', detail: 'no such record' } };
		return { ok: true, value: value.slice(0, recordsMax) };
	} catch (error) {
		return { ok: false, error: failureOf(error) };
	}
}

function failureOf(error: unknown): DnsFailure {
	const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
	const none = NONE.get(code);
	if (none !== undefined) return { kind: 'none', detail: none };
	return { kind: 'temporary', detail: TEMPORARY.get(code) ?? code };
}
