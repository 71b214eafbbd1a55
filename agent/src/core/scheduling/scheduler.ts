/**
 * The scheduler: every open message, and which recipients may go now.
 *
 * flow/dispatch drives it: `add` what was accepted, take `next` until there is none, `settle` each job with its answers,
 * sleep until `nextWakeMs`. It is fair between accounts in each lane, keeps each lane's window, and lets no account fill
 * all deliveries of the process.
 *
 * Acts of operators and rules (hold, release, discard, requeue, expire, budget) take two calls, because the log comes
 * first: `plan` takes the matching recipients out of reach and says which transitions to log, `commit` applies them once
 * they are durable (`abandon` puts things back when they could not be written). A recipient under way is not touched:
 * the act is remembered and `settle` returns it as a further act if the attempt ended in a deferral.
 *
 * Holds mutable collections, but no clock, no timer and no chance of its own. Not here: what an answer means, when to try
 * again, budgets (flow, core/delivery, core/metering).
 */
import type { MessageId, Transition } from "@sluice/shared/words/message.ts";
import type { OpenState } from "@sluice/shared/words/recipient.ts";
import type { Selector } from "@sluice/shared/words/selector.ts";
import {
	type FeedbackSettings,
	feedbackDefaults,
	type LaneSignal,
	type LaneState,
} from "./feedback.ts";
import type { QueuedMessage, QueuedRecipient } from "./queued.ts";

export type SchedulerSettings = {
	/** Transactions under way at once in the whole process. */
	readonly deliveriesMax: number;
	/**
	 * An account may have another transaction while it has fewer than this many times the free ones (at least one). With 4,
	 * one busy account alone gets four fifths of `deliveriesMax`, two get four ninths each: there is always room for a newcomer.
	 */
	readonly accountShare: number;
	/** Recipients of one transaction (RFC 5321 §4.5.3.1.8 obliges servers to take 100). */
	readonly recipientsPerTransactionMax: number;
	readonly feedback: FeedbackSettings;
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

/** What is known of a lane, for views and for the transaction. Live: read it, never write it. */
export type LaneView = {
	readonly destination: string;
	/** Source: the address and name that the submitting MTA showed us. */
	readonly peerAddress: string;
	readonly helo: string;
	readonly laneState: LaneState;
	/** Transactions allowed at once; a fraction, only whole ones count. */
	readonly window: number;
	/** Transactions under way. */
	readonly busy: number;
	/** Messages that are due in this lane. */
	readonly todo: number;
	/** Epoch ms; only of meaning when closed. */
	readonly closedUntilMs: number;
	/** `''` when there was none. */
	readonly lastFailure: string;
	readonly lastFailureMs: number;
};

/** One transaction to make: recipients of one message with the same destination, all marked `sending`. */
export type Job = {
	readonly message: QueuedMessage;
	readonly recipients: readonly QueuedRecipient[];
	readonly lane: LaneView;
};

export type Settlement = {
	readonly job: Job;
	/** One for each recipient of the job, already logged. A recipient without one is queued again in a minute, unlogged. */
	readonly transitions: readonly Transition[];
	readonly signal: LaneSignal;
	readonly nowMs: number;
	readonly random: () => number;
};

export type ActKind =
	| "hold"
	| "release"
	| "discard"
	| "requeue"
	| "expire"
	| "budget"
	| "suppress";

export type ActRequest = {
	readonly kind: ActKind;
	readonly selector: Selector;
	readonly nowMs: number;
	readonly why?: string;
	/** `admin root`; absent: the agent. */
	readonly actor?: string;
	/** Narrows the selection further, for instance to deferrals of one cause. */
	readonly where?: (
		recipient: QueuedRecipient,
		message: QueuedMessage,
	) => boolean;
	/** At most so many recipients, oldest message first. */
	readonly recipientsMax?: number;
};

export type Act = {
	readonly kind: ActKind;
	/** To be logged, then committed. May be empty. */
	readonly transitions: readonly Transition[];
	/** Recipients under way that the act will reach if their attempt is deferred (hold, discard, expire). */
	readonly pending: number;
};

export type CountKey = "account" | "identity" | "destination" | "age" | "state";

/** Open recipients under one key. For `age` the key is the lower bound in seconds, for `state` the state. */
export type CountRow = { readonly key: string; readonly recipients: number } & {
	readonly [state in OpenState]: number;
};

export type Scheduler = {
	/** Takes a message in, at acceptance or at start. Its recipients are in the states they have; `sending` becomes `queued`. */
	add(message: QueuedMessage, nowMs: number): void;
	find(id: MessageId): QueuedMessage | undefined;
	/** Forgets a message that is settled. Refuses (false) while a recipient of it is open. */
	retire(id: MessageId): boolean;
	/** The next transaction to make, or undefined when there is none before `nextWakeMs`. Recipients become `sending`. */
	next(nowMs: number): Job | undefined;
	/** Frees the job's place, applies the answers, adjusts the lane. Returns an act that was waiting for the attempt to end. */
	settle(settlement: Settlement): Act | undefined;
	/**
	 * Epoch ms when `next` may have something by the clock alone; undefined: only after an `add`, `settle` or `commit`.
	 * May be in the past: then call `next` again after letting others run.
	 */
	nextWakeMs(nowMs: number): number | undefined;
	plan(request: ActRequest): Act;
	commit(act: Act, nowMs: number): void;
	abandon(act: Act, nowMs: number): void;
	/** Messages and open recipients held in memory; transactions under way. */
	readonly messages: number;
	readonly openRecipients: number;
	readonly busy: number;
	countsBy(key: CountKey, nowMs: number): readonly CountRow[];
	lanes(): readonly LaneView[];
	/** Open recipients of an account, and body bytes of its messages that have any. */
	accountOpen(account: string): {
		readonly recipients: number;
		readonly bytes: number;
	};
	/** When the recipient that is due longest and not under way was due; undefined when none is due. */
	oldestDueMs(): number | undefined;
	/** Every message, oldest first as added. Do not add or retire while iterating. */
	all(): Iterable<QueuedMessage>;
};

export function createScheduler(
	_settings: SchedulerSettings = schedulerDefaults,
): Scheduler {
	throw new Error("being written");
}
