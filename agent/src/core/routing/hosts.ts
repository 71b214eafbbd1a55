/**
 * The mail hosts of a domain in the order to be tried.
 *
 * Lowest preference first, at random among equals, so that many senders spread over them (RFC 5321 §5.1). No MX record: the
 * domain itself, as if with preference 0. The null MX (RFC 7505) ends it. When one of the hosts is ourselves, it and all that are
 * not better than it are dropped: they would hand the mail back to us (RFC 5321 §5.1); nothing left means the mail would loop.
 *
 * Pure. Not here: addresses (plan.ts), which is also where a host that bears our address under another name is found.
 */
import { mxHostsMax } from './bounds.ts';

/** ports/dns.ts `MxRecord`. */
export type MxFacts = {
	readonly preference: number;
	readonly exchange: string;
};

export type MailHost = { readonly host: string; readonly preference: number };

export type HostOrder =
	| { readonly kind: 'hosts'; readonly hosts: readonly MailHost[] }
	| { readonly kind: 'null-mx' }
	| { readonly kind: 'loops-back' };

/** `records` empty: no MX exists. `ownNames`: names this server greets with or is known by. */
export function orderHosts(asked: {
	readonly domain: string;
	readonly records: readonly MxFacts[];
	readonly ownNames: readonly string[];
	readonly random: () => number;
}): HostOrder {
	const own = new Set(asked.ownNames.map(bareName));
	if (asked.records.length === 0)
		return own.has(bareName(asked.domain))
			? { kind: 'loops-back' }
			: {
					kind: 'hosts',
					hosts: [{ host: bareName(asked.domain), preference: 0 }],
				};
	const named = bestOfEach(asked.records);
	if (named.length === 0) return { kind: 'null-mx' };
	const ours = Math.min(...named.filter((record) => own.has(record.host)).map((record) => record.preference));
	const better = named.filter((record) => record.preference < ours);
	if (better.length === 0) return { kind: 'loops-back' };
	const drawn = better.map((record) => ({ ...record, lot: asked.random() }));
	drawn.sort((one, other) => one.preference - other.preference || one.lot - other.lot);
	return {
		kind: 'hosts',
		hosts: drawn.slice(0, mxHostsMax).map(({ host, preference }) => ({ host, preference })),
	};
}

/** A host named twice counts with its best preference; the null MX beside real hosts is a mistake and is passed over (RFC 7505 §3). */
function bestOfEach(records: readonly MxFacts[]): readonly MailHost[] {
	const best = new Map<string, number>();
	for (const { exchange, preference } of records) {
		const host = bareName(exchange);
		if (host !== '') best.set(host, Math.min(preference, best.get(host) ?? preference));
	}
	return Array.from(best, ([host, preference]) => ({ host, preference }));
}

function bareName(name: string): string {
	return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}
