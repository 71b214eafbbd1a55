/**
 * What became of a job: one answer for each recipient, one word for the lane. deliver.ts makes it, settle.ts writes it down.
 */
import type { LaneSignal, Outcome } from '../core/delivery/outcome.ts';
import type { QueuedRecipient } from '../core/scheduling/queued.ts';

export type Answered = {
	readonly recipient: QueuedRecipient;
	readonly outcome: Exclude<Outcome, { kind: 'again' }>;
	/** `mx1.example.net [203.0.113.5]`; absent when none was reached. */
	readonly host?: string;
	readonly tls?: string;
	readonly nextHopDoesDsn: boolean;
};

export type JobResult = { readonly answers: readonly Answered[]; readonly signal: LaneSignal };
