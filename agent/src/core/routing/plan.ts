/**
 * From the hosts of a destination and their addresses to the addresses to be dialled, in order.
 *
 * Families alternate, beginning with the preferred one, so that a broken IPv6 costs one time-out and not all of them (the idea
 * of RFC 8305 §4 without its races). A source address decides: from an IPv4 address only IPv4 can be reached. A host at one of
 * our own addresses is ourselves under another name: it and all that are not better are dropped (RFC 5321 §5.1).
 *
 * Pure. Bounds in bounds.ts.
 */
import { type AddressRules, checkAddress, type RefusedAddress } from './address-check.ts';
import { addressesPerAttemptMax, addressesPerHostMax } from './bounds.ts';
import type { MailHost } from './hosts.ts';

export type Family = 4 | 6;

/** What bounds the choice of a family. */
export type FamilyChoice = {
	/** The address we send from; absent: the system's choice. */
	readonly sourceAddress?: string;
	/** First when both are possible. */
	readonly prefer: Family;
	/** Only this one; the agent sends by IPv4 alone unless the MTA itself uses IPv6. */
	readonly only?: Family;
};

export type Target = { readonly host: string; readonly address: string };

export type TargetPlan = {
	readonly targets: readonly Target[];
	/** For the log and the page. */
	readonly refused: readonly (Target & { readonly reason: RefusedAddress })[];
	/** Why `targets` is empty; undefined when it is not. The names are those of `outcomeOfRouting`. */
	readonly problem?: 'no-host-address' | 'loops-back' | 'address-refused' | 'no-usable-family';
};

export function familyOf(address: string): Family {
	return address.includes(':') ? 6 : 4;
}

/** Addresses the source can reach, families in turn, the order within a family kept. */
export function interleave(addresses: readonly string[], choice: FamilyChoice): readonly string[] {
	const only = choice.sourceAddress === undefined ? choice.only : familyOf(choice.sourceAddress);
	const first = only ?? choice.prefer;
	const front = addresses.filter((address) => familyOf(address) === first);
	const back = only === undefined ? addresses.filter((address) => familyOf(address) !== first) : [];
	const turns = Math.max(front.length, back.length);
	return Array.from({ length: turns }, (_, turn) => [front[turn], back[turn]])
		.flat()
		.filter((address) => address !== undefined);
}

/** `hosts` in the order of `orderHosts`, with the addresses that the DNS gave (none for those it did not know). */
export function planTargets(asked: {
	readonly hosts: readonly (MailHost & {
		readonly addresses: readonly string[];
	})[];
	readonly rules: AddressRules;
	readonly families: FamilyChoice;
}): TargetPlan {
	const targets: Target[] = [];
	const refused: (Target & { reason: RefusedAddress })[] = [];
	let ours = Number.POSITIVE_INFINITY;
	let known = 0;
	for (const { host, preference, addresses } of asked.hosts) {
		known += addresses.length;
		const good: string[] = [];
		for (const address of addresses) {
			const check = checkAddress(address, asked.rules);
			if (check.ok) good.push(address);
			else refused.push({ host, address, reason: check.reason });
			if (!check.ok && check.reason === 'own') ours = Math.min(ours, preference);
		}
		if (preference >= ours) continue;
		for (const address of interleave(good, asked.families).slice(0, addressesPerHostMax))
			targets.push({ host, address });
	}
	// A host that stands before the one which is ourselves may be its equal.
	const preferences = new Map(asked.hosts.map(({ host, preference }) => [host, preference]));
	const kept = targets.filter(({ host }) => (preferences.get(host) ?? 0) < ours).slice(0, addressesPerAttemptMax);
	if (kept.length > 0) return { targets: kept, refused };
	return {
		targets: [],
		refused,
		problem: problemOf({ ours, known, refusedCount: refused.length }),
	};
}

function problemOf(seen: { ours: number; known: number; refusedCount: number }): NonNullable<TargetPlan['problem']> {
	if (seen.ours !== Number.POSITIVE_INFINITY) return 'loops-back';
	if (seen.known === 0) return 'no-host-address';
	return seen.refusedCount === seen.known ? 'address-refused' : 'no-usable-family';
}
