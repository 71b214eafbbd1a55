/**
 * Lane feedback: how a destination's concurrency follows its answers.
 *
 * A lane starts at `windowInitial`. Each success adds `gain / window`, so a whole window of successes adds `gain`. Each
 * failed *cohort* (a window's worth of attempts without a success between) halves it; after `cohortsMax` of them the lane
 * closes, for longer each time, and reopens as one probe. Small steps up, firm steps down: a slow site is not stampeded, a
 * healed one is found by one probe.
 *
 * Only what says something about the whole destination is a failure: no connection, 421, a lost connection, and replies
 * that ask us to slow down (`rate`). A 550 for one recipient is a working destination, hence a success.
 *
 * Pure but for the record it is given. Not here: which recipient goes next (scheduler.ts), when a recipient is tried again.
 * After Postfix qmgr_queue(3), qmgr_feedback(3); RFC 5321 §4.5.4.1.
 */
import { unreachable } from "@sluice/shared/words/result.ts";

/** What one transaction says of its lane. `none`: nothing, it never came to an answer (shut-down, no DNS of our own). */
export type LaneSignal =
	| { readonly kind: "success" }
	| { readonly kind: "failure"; readonly reason: string }
	| { readonly kind: "rate"; readonly reason: string }
	| { readonly kind: "none" };

export type FeedbackSettings = {
	/** Transactions at once in a lane nothing is known of. */
	readonly windowInitial: number;
	readonly windowMax: number;
	/** What a whole window of successes adds. */
	readonly gain: number;
	/** Failed cohorts in a row that close the lane. */
	readonly cohortsMax: number;
	/** How long a lane stays closed the first time. Doubles with each probe that fails. */
	readonly reopenMs: number;
	readonly reopenMaxMs: number;
	/** Share of the time closed that is drawn at random, 0 to 1, so that lanes closed together do not reopen together. */
	readonly reopenJitter: number;
};

export const feedbackDefaults: FeedbackSettings = {
	windowInitial: 5,
	windowMax: 20,
	gain: 1,
	cohortsMax: 2,
	reopenMs: 60_000,
	reopenMaxMs: 3_600_000,
	reopenJitter: 0.2,
};

/** `open`: up to `window` at once. `closed`: none until `closedUntilMs`. `probing`: one, to see. */
export type LaneState = "open" | "closed" | "probing";

/** What feedback keeps of a lane; part of the lane's own record. */
export type Feedback = {
	laneState: LaneState;
	/** A fraction; only whole transactions count. */
	window: number;
	/** Failed share of the present cohort, 0 to 1. */
	failedShare: number;
	failedCohorts: number;
	/** Answers still to come that were under way when the window was cut for `rate`: they do not cut it again. */
	echoes: number;
	/** Times closed without a success since. */
	closures: number;
	closedUntilMs: number;
	lastFailure: string;
	lastFailureMs: number;
};
