/**
 * Two answers, A and AAAA, made one.
 *
 * Addresses of one kind are an answer, even when nobody could say whether there are others: then it holds for a moment
 * only. No addresses are "none" only when both said so; one failure among them leaves it open, since "none" bounces mail.
 *
 * Pure. RFC 5321 §5.1.
 */
import type { Kept } from './answer-cache.ts';
import type { Outcome } from './question.ts';

/** As Node gives it; the TTL in seconds. */
export type AddressRecord = { readonly address: string; readonly ttl: number };

export type AddressTimes = {
	readonly ttlMinMs: number;
	readonly ttlMaxMs: number;
	readonly negativeTtlMs: number;
	readonly temporaryTtlMs: number;
};

/** The addresses of all outcomes in their order, and how long they hold. */
export function combined(outcomes: readonly Outcome<AddressRecord>[], times: AddressTimes): Kept<string> {
	const found = outcomes.flatMap((outcome) => (outcome.ok ? outcome.value : []));
	const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
	const temporary = failures.find(({ kind }) => kind === 'temporary');
	if (found.length > 0) {
		const ttlMs = Math.min(...found.map(({ ttl }) => ttl)) * 1_000;
		const boundedMs = Math.min(Math.max(ttlMs, times.ttlMinMs), times.ttlMaxMs);
		return {
			answer: { ok: true, value: found.map(({ address }) => address) },
			forMs: temporary === undefined ? boundedMs : times.temporaryTtlMs,
		};
	}
	const error = temporary ?? failures[0] ?? { kind: 'none', detail: 'no such record' };
	return { answer: { ok: false, error }, forMs: times.negativeTtlMs };
}
