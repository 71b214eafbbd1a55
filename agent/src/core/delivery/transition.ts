/**
 * From the outcome of an attempt to the step that is logged: what state, how many attempts, when again.
 *
 * A deferral beyond the lifetime is an expiry. An outcome `again` is no step: the caller tries on in the same attempt.
 * Pure. Not here: what an answer means (outcome.ts), the schedule (backoff.ts), whether a step is legal (lifecycle.ts).
 */
import type { Transition } from '@sluice/shared/words/message.ts';
import type { QueuedMessage, QueuedRecipient } from '../scheduling/queued.ts';
import { isExpired, nextAttemptMs, type RetrySettings } from './backoff.ts';
import type { Outcome } from './outcome.ts';

export type AttemptFacts = {
	readonly message: QueuedMessage;
	readonly recipient: QueuedRecipient;
	readonly outcome: Exclude<Outcome, { kind: 'again' }>;
	/** `mx1.example.net [203.0.113.5]`; absent when no host was reached. */
	readonly host?: string;
	readonly tls?: string;
	/** The next hop passes NOTIFY on. */
	readonly nextHopDoesDsn: boolean;
	readonly nowMs: number;
	readonly random: () => number;
	readonly retry: RetrySettings;
};

/** The transition to log for one recipient after one attempt. */
export function transitionOf(facts: AttemptFacts): Transition {
	const { message, recipient, outcome, nowMs, retry } = facts;
	const attempts = recipient.attempts + 1;
	const common = {
		message: message.id,
		recipient: recipient.index,
		atMs: nowMs,
		attempts,
		reply: outcome.reply,
		...(facts.host === undefined ? {} : { host: facts.host }),
		...(facts.tls === undefined ? {} : { tls: facts.tls }),
	};
	if (outcome.kind === 'delivered')
		return {
			...common,
			to: 'delivered',
			...(facts.nextHopDoesDsn ? {} : { relayed: true }),
		};
	if (outcome.kind === 'bounced') return { ...common, to: 'bounced', cause: outcome.cause };
	const tried = {
		attempts,
		ageMs: nowMs - recipient.sinceMs,
		report: message.nullSender,
	};
	if (isExpired(tried, retry)) return { ...common, to: 'expired', cause: 'expired' };
	const dueMs = nowMs + nextAttemptMs({ ...tried, cause: outcome.cause, random: facts.random }, retry);
	return { ...common, to: 'queued', cause: outcome.cause, dueMs };
}
