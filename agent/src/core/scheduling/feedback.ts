/**
 * Lane feedback: how a destination's concurrency follows its answers.
 *
 * A lane starts at `windowInitial`. Each success adds `gain / window`, so a whole window of successes adds `gain`. Each
 * failed *cohort* (a window's worth of attempts without a success between) halves it; after `cohortsMax` of them the lane
 * closes, for longer each time, and reopens as one probe. Small steps up, firm steps down: a slow site is not stampeded, a
 * healed one is found by one probe.
 *
 * Only what says something about the whole destination is a failure: no connection, 421, a lost connection, and replies
 * that ask us to slow down (`rate`). A 550 for one recipient is a working destination, hence a success. One answer that says that
 * this source is not wanted at all (`refused`) closes the lane at once: the mail behind it is kept instead of bounced.
 *
 * Pure but for the record it is given. Not here: which recipient goes next (scheduler.ts), when a recipient is tried again.
 * After Postfix qmgr_queue(3), qmgr_feedback(3); RFC 5321 §4.5.4.1.
 */
import { unreachable } from '@sluice/shared/words/result.ts';

/** What one transaction says of its lane. `none`: nothing, it never came to an answer (shut-down, no DNS of our own). */
export type LaneSignal =
	| { readonly kind: 'success' }
	| { readonly kind: 'failure'; readonly reason: string }
	| { readonly kind: 'rate'; readonly reason: string }
	/** It does not want this source at all, or is ourselves: the next attempt would only say so again. */
	| { readonly kind: 'refused'; readonly reason: string }
	| { readonly kind: 'none' };

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
export type LaneState = 'open' | 'closed' | 'probing';

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

/** What became of the lane through one signal, when that is worth telling. */
export type LaneTurn = 'closed' | 'reopened' | undefined;

export const newFeedback = (settings: FeedbackSettings): Feedback => ({
	laneState: 'open',
	window: settings.windowInitial,
	failedShare: 0,
	failedCohorts: 0,
	echoes: 0,
	closures: 0,
	closedUntilMs: 0,
	lastFailure: '',
	lastFailureMs: 0,
});

/** Transactions the lane may have under way at once. */
export function capacityOf(lane: Feedback): number {
	if (lane.laneState === 'open') return Math.floor(lane.window);
	return lane.laneState === 'probing' ? 1 : 0;
}

/** True when nothing has been learned that a new lane would not start with. */
export function isUnremarkable(lane: Feedback, settings: FeedbackSettings): boolean {
	const hasFailed = lane.lastFailureMs !== 0;
	return lane.laneState === 'open' && !hasFailed && lane.window === settings.windowInitial;
}

/** A closed lane may be tried with one transaction: its time is up, or somebody asks for it. */
export function probe(lane: Feedback): void {
	if (lane.laneState === 'closed') lane.laneState = 'probing';
}

export type LearnContext = {
	/** Transactions of the lane still under way, this one not counted. */
	readonly busy: number;
	readonly nowMs: number;
	/** Uniform in [0, 1). */
	readonly random: () => number;
	readonly settings: FeedbackSettings;
};

/** Takes in what one transaction said. */
export function learn(lane: Feedback, signal: LaneSignal, context: LearnContext): LaneTurn {
	const isEcho = lane.echoes > 0;
	if (isEcho) lane.echoes--;
	switch (signal.kind) {
		case 'none':
			return undefined;
		case 'success':
			return succeed(lane, context.settings);
		case 'failure':
			noteFailure(lane, signal.reason, context.nowMs);
			return fail(lane, 1 / Math.floor(lane.window), context);
		case 'rate':
			noteFailure(lane, signal.reason, context.nowMs);
			if (isEcho) return undefined;
			// At one transaction at a time there is nothing left to cut: a whole cohort was told to slow down.
			if (lane.laneState !== 'open' || lane.window < 2) return fail(lane, 1, context);
			lane.window /= 2;
			lane.echoes = context.busy;
			return undefined;
		case 'refused':
			noteFailure(lane, signal.reason, context.nowMs);
			return lane.laneState === 'closed' ? undefined : close(lane, context);
		default:
			return unreachable(signal);
	}
}

function succeed(lane: Feedback, settings: FeedbackSettings): LaneTurn {
	lane.failedShare = 0;
	lane.failedCohorts = 0;
	lane.closures = 0;
	if (lane.laneState === 'open') {
		lane.window = Math.min(settings.windowMax, lane.window + settings.gain / lane.window);
		return undefined;
	}
	// The probe, or an answer that was still to come when the lane closed: either way the destination works.
	lane.laneState = 'open';
	lane.window = settings.windowInitial;
	return 'reopened';
}

function noteFailure(lane: Feedback, reason: string, nowMs: number): void {
	lane.lastFailure = reason.slice(0, lastFailureCharsMax);
	lane.lastFailureMs = nowMs;
}

/** `share`: of a cohort, what this answer stands for. */
function fail(lane: Feedback, share: number, context: LearnContext): LaneTurn {
	const { settings } = context;
	if (lane.laneState === 'closed') return undefined; // it was under way when the lane closed: nothing new
	if (lane.laneState === 'open') {
		lane.failedShare += share;
		if (lane.failedShare < 1 - roundingMax) return undefined;
		lane.failedShare = 0;
		lane.failedCohorts++;
		lane.window = Math.max(1, lane.window / 2);
		if (lane.failedCohorts < settings.cohortsMax) return undefined;
	}
	return close(lane, context);
}

function close(lane: Feedback, context: LearnContext): LaneTurn {
	const { settings } = context;
	const closedMs = Math.min(settings.reopenMaxMs, settings.reopenMs * 2 ** Math.min(lane.closures, doublingsMax));
	lane.closedUntilMs = context.nowMs + Math.round(closedMs * (1 + settings.reopenJitter * context.random()));
	lane.laneState = 'closed';
	lane.closures++;
	lane.failedShare = 0;
	lane.failedCohorts = 0;
	lane.echoes = 0;
	return 'closed';
}

/** A sum of reciprocals such as 3 × 1/3 may miss 1 by this much. */
const roundingMax = 1e-9;
const doublingsMax = 40;
export const lastFailureCharsMax = 200;
