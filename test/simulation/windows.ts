/**
 * A recount of the log against the limits that were in force all the time: whether any step let mail go for which there was no room.
 *
 * Written without the meter: every charge with its time, every window summed anew. A person may let waiting mail go over its limit; such
 * a charge is counted, and not asked about itself.
 */
import type { LogEntry } from '@sluice/agent/ports/spool.ts';
import { type ScopeKey, windowSeconds } from '@sluice/shared/words/limits.ts';
import { initialState } from '@sluice/shared/words/message.ts';

export type EnforcedLimit = {
	readonly scope: ScopeKey;
	readonly window: 'minute' | 'hour';
	readonly unit: 'recipients' | 'messages';
	readonly value: number;
};

type Charged = {
	readonly atMs: number;
	readonly scopes: readonly ScopeKey[];
	recipients: number;
	messages: number;
	/** By a person, from the waiting room or over a limit. */
	readonly isForced: boolean;
};

export type Recount = {
	/** Charges over a limit, for people. */
	readonly over: readonly string[];
	/** Recipients that were charged more than once. */
	readonly twice: readonly string[];
	readonly charged: number;
	/** Recipients that waited and left by themselves. */
	readonly released: number;
};

export function recount(entries: readonly LogEntry[], limits: readonly EnforcedLimit[]): Recount {
	const charges: Charged[] = [];
	const paid = new Set<string>();
	const twice: string[] = [];
	let released = 0;
	const pay = (recipient: string): void => {
		if (paid.has(recipient)) twice.push(recipient);
		paid.add(recipient);
	};
	const states = new Map<string, string>();
	for (const entry of entries) {
		if (entry.kind === 'message') {
			const { id, acceptedMs, envelope, scopes } = entry.record;
			if (entry.statuses !== undefined) continue;
			let recipients = 0;
			for (const index of envelope.recipients.keys()) {
				const state = initialState(entry.record, index);
				states.set(`${id} ${index}`, state);
				if (state !== 'queued' || scopes === undefined) continue;
				pay(`${id} ${index}`);
				recipients += 1;
			}
			if (recipients > 0)
				charges.push({ atMs: acceptedMs, scopes: scopes ?? [], recipients, messages: 1, isForced: false });
			continue;
		}
		for (const { message, recipient, atMs, charge, actor, to } of entry.transitions) {
			const name = `${message} ${recipient}`;
			const isForced = actor !== undefined && states.get(name) === 'waiting';
			if (charge !== undefined) {
				pay(name);
				if (!isForced && states.get(name) === 'waiting') released += 1;
				charges.push({ atMs, scopes: charge.scopes, recipients: 1, messages: charge.messages, isForced });
			}
			states.set(name, to);
		}
	}
	charges.sort((one, other) => one.atMs - other.atMs);
	return { over: limits.flatMap((limit) => overOf(limit, charges)), twice, charged: paid.size, released };
}

function overOf({ scope, window, unit, value }: EnforcedLimit, charges: readonly Charged[]): string[] {
	const mine = charges.filter(({ scopes }) => scopes.includes(scope));
	const over: string[] = [];
	mine.forEach((charge, position) => {
		if (charge.isForced) return;
		const second = Math.floor(charge.atMs / 1000);
		let sum = 0;
		for (let index = position; index >= 0; index--) {
			const one = mine[index] as Charged;
			if (Math.floor(one.atMs / 1000) <= second - windowSeconds[window]) break;
			sum += one[unit];
		}
		if (charge[unit] > 0 && sum > value)
			over.push(
				`${scope}: ${sum} ${unit} in the ${window} before ${new Date(charge.atMs).toISOString()}, limit ${value}`,
			);
	});
	return over;
}
