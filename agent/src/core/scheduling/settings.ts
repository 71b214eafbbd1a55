/**
 * Bounds of the scheduler, in one place.
 */
import { type FeedbackSettings, feedbackDefaults } from './feedback.ts';

export type SchedulerSettings = {
	/** Transactions under way at once in the whole process. */
	readonly deliveriesMax: number;
	/**
	 * An account may have another transaction while it has fewer than this many times the free ones but one, or none. With 4,
	 * one busy account alone gets four fifths of `deliveriesMax`, two get four ninths each: there is always room for a newcomer.
	 */
	readonly accountShare: number;
	/** Recipients of one transaction (RFC 5321 §4.5.3.1.8 obliges servers to take 100). */
	readonly recipientsPerTransactionMax: number;
	readonly feedback: FeedbackSettings;
	/**
	 * Which lane mail for a destination takes: behind a smarthost all destinations share one. Recipients of a message in the same lane
	 * go in one transaction. Left out: each destination has its own.
	 */
	readonly laneOf?: (destination: string) => string;
	/** Lanes without mail that are remembered for what was learned of them; the oldest is forgotten first. */
	readonly idleLanesMax: number;
};

export const schedulerDefaults: SchedulerSettings = {
	deliveriesMax: 200,
	accountShare: 4,
	recipientsPerTransactionMax: 100,
	feedback: feedbackDefaults,
	idleLanesMax: 10_000,
};

/** An attempt that came to no answer at all is not repeated at once: whatever was wrong is likely to be wrong still. */
export const abandonedRetryMs = 60_000;
/** Parcels that come due together are moved into their lanes in steps of this size, between transactions. */
export const promotedPerNext = 16;
/** And so many in one call when there is nothing else to do: about a millisecond. */
export const promotedAtOnceMax = 1024;
/** Distinct last replies that are kept once. */
export const pooledRepliesMax = 2000;
