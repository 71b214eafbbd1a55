/**
 * The scheduler: every open message, and which recipients may go now.
 *
 * flow/dispatch drives it: `add` what was accepted, take `next` until there is none, `settle` each job with its answers,
 * sleep until `nextWakeMs`. It is fair between accounts in each lane, keeps each lane's window, and lets no account fill
 * all deliveries of the process.
 *
 * Acts of operators and rules (hold, release, discard, requeue, expire, budget) take two calls, because the log comes
 * first: `plan`, then `commit` or `abandon` (act.ts).
 *
 * Holds mutable collections, but no clock, no timer and no chance of its own. Not here: what an answer means, when to try
 * again, budgets (flow, core/delivery, core/metering).
 *
 * This file puts the parts together: backlog.ts (who belongs where), job.ts (who is next), act.ts, lane.ts, feedback.ts,
 * fair.ts, share.ts, counts.ts.
 */
import type { MessageId, Transition } from '@sluice/shared/words/message.ts';
import { recover } from '../delivery/lifecycle.ts';
import { type Act, type ActRequest, abandonAct, commitAct, type Pending, planAct, planLate } from './act.ts';
import {
	arrangeLane,
	type Backlog,
	change,
	count,
	createBacklog,
	isReserved,
	parcelsOf,
	place,
	promote,
	reopenLanes,
	shareReply,
} from './backlog.ts';
import { accountOpen, type CountKey, type CountRow, countsBy, openRecipients } from './counts.ts';
import { type LaneSignal, learn } from './feedback.ts';
import { type GroupedState, groupsOf, type OpenGroup } from './groups.ts';
import { type Job, type LaneView, type OpenJob, takeJob } from './job.ts';
import { allLanes, type Lane, nextReopeningMs } from './lane.ts';
import { addParcel, dropParcel, messageOf, none } from './parcel.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';
import {
	abandonedRetryMs,
	promotedAtOnceMax,
	promotedPerNext,
	type SchedulerSettings,
	schedulerDefaults,
} from './settings.ts';
import { giveShareBack } from './share.ts';

export type Settlement = {
	readonly job: Job;
	/** One for each recipient of the job, already logged. A recipient without one is queued again in a minute, unlogged. */
	readonly transitions: readonly Transition[];
	readonly signal: LaneSignal;
	readonly nowMs: number;
	/** Uniform in [0, 1). */
	readonly random: () => number;
};

export type { Act, ActKind, ActRequest, Admission } from './act.ts';
export type { CountKey, CountRow } from './counts.ts';
export type { GroupedState, OpenGroup } from './groups.ts';
export type { Job, LaneView } from './job.ts';
export type { SchedulerSettings } from './settings.ts';

export type Scheduler = {
	/**
	 * Takes a message in, at acceptance or at start. Its recipients are in the states they have; `sending` becomes `queued`.
	 * Throws when the id is known already.
	 */
	add(message: QueuedMessage, nowMs: number): void;
	find(id: MessageId): QueuedMessage | undefined;
	/** Forgets a message. Refuses (false) while a recipient of it is open or in the middle of an act, or when it is not known. */
	retire(id: MessageId): boolean;
	/** The next transaction to make, or undefined when there is none before `nextWakeMs`. Its recipients become `sending`. */
	next(nowMs: number): Job | undefined;
	/**
	 * Frees the job's place, applies the answers, adjusts the lane (`job.lane` shows it). Returns a hold, discard or expiry
	 * that had waited for the attempt to end, to be logged and committed like a planned one. Throws when the job was settled
	 * before and, after all is done, when a transition was not one the table allows.
	 */
	settle(settlement: Settlement): Act | undefined;
	/**
	 * Epoch ms when `next` may have something by the clock alone; undefined: only after an `add`, `settle` or `commit`.
	 * May be now or past: then call `next` again after letting others run.
	 */
	nextWakeMs(nowMs: number): number | undefined;
	plan(request: ActRequest): Act;
	commit(act: Act, nowMs: number): void;
	abandon(act: Act, nowMs: number): void;
	/** Messages held in memory, those not yet retired included. */
	readonly messages: number;
	readonly openRecipients: number;
	/** Transactions under way. */
	readonly busy: number;
	countsBy(key: CountKey, nowMs: number): readonly CountRow[];
	/** Held or waiting mail by account and reason, of the accounts that `isSeen` names. Live: do not keep it. */
	groups(state: GroupedState, isSeen: (account: string) => boolean): Iterable<OpenGroup>;
	/** A copy of every lane there is. */
	lanes(): readonly LaneView[];
	/** Open recipients of an account, and body bytes of its messages that have any. */
	accountOpen(account: string): { readonly recipients: number; readonly bytes: number };
	/** When the recipient that is due longest and not under way came due; undefined when none is due. Looks at every parcel. */
	oldestDueMs(nowMs: number): number | undefined;
	/** Every message, in the order added. Do not add or retire while iterating. */
	all(): Iterable<QueuedMessage>;
};

export function createScheduler(settings: SchedulerSettings = schedulerDefaults): Scheduler {
	const backlog = createBacklog(settings);
	const pending: Pending = new Map();
	return {
		add: (message, nowMs) => add(backlog, message, nowMs),
		find: (id) => {
			const slot = backlog.byId.get(id);
			return slot === undefined ? undefined : messageOf(backlog.parcels, slot);
		},
		retire: (id) => retire(backlog, id),
		next: (nowMs) => next(backlog, nowMs),
		settle: (settlement) => settle(backlog, pending, settlement),
		nextWakeMs: () => nextWakeMs(backlog),
		plan: (request) => planAct(backlog, pending, request),
		commit: (act, nowMs) => commitAct(backlog, act, nowMs),
		abandon: (act, nowMs) => abandonAct(backlog, act, nowMs),
		get messages() {
			return backlog.byId.size;
		},
		get openRecipients() {
			return openRecipients(backlog.counts);
		},
		get busy() {
			return backlog.shares.busy;
		},
		countsBy: (key, nowMs) => countsBy(backlog.counts, key, nowMs),
		groups: (state, isSeen) => groupsOf(backlog.groups, state, isSeen),
		lanes: () => Array.from(allLanes(backlog.lanes), viewOf),
		accountOpen: (account) => accountOpen(backlog.counts, account),
		oldestDueMs: (nowMs) => oldestDueMs(backlog, nowMs),
		all: () => allMessages(backlog),
	};
}

function add(backlog: Backlog, message: QueuedMessage, nowMs: number): void {
	if (backlog.byId.has(message.id)) throw new Error(`message ${message.id} is in the queue already`);
	let first = none;
	// Each is put before the one added last, so that the first of the envelope is the first of the chain.
	for (const recipients of byLane(backlog, message).reverse()) {
		first = addParcel(backlog.parcels, message, recipients === message.recipients ? undefined : recipients, first);
	}
	if (first === none) throw new Error(`message ${message.id} has no recipients`);
	backlog.byId.set(message.id, first);
	for (const slot of parcelsOf(backlog, message)) {
		for (const recipient of backlog.parcels.spread.get(slot) ?? message.recipients) {
			recover(recipient);
			shareReply(backlog, recipient);
			count(backlog, { slot, recipient }, 'new');
		}
		place(backlog, slot, nowMs);
	}
}

/** The recipients in groups of one lane each: all of them as they are, when they have the same. */
function byLane(backlog: Backlog, message: QueuedMessage): (readonly QueuedRecipient[])[] {
	const destination = message.recipients[0]?.destination;
	if (message.recipients.every((recipient) => recipient.destination === destination))
		return message.recipients.length === 0 ? [] : [message.recipients];
	const { laneOf = (own) => own } = backlog.settings;
	const groups = [...Map.groupBy(message.recipients, (recipient) => laneOf(recipient.destination)).values()];
	return groups.length === 1 ? [message.recipients] : groups;
}

function retire(backlog: Backlog, id: MessageId): boolean {
	const first = backlog.byId.get(id);
	if (first === undefined || (backlog.parcels.open[first] as number) > 0) return false;
	const message = messageOf(backlog.parcels, first);
	if (message.recipients.some((recipient) => isReserved(backlog, recipient))) return false;
	const slots = [...parcelsOf(backlog, message)];
	backlog.byId.delete(id);
	for (const slot of slots) dropParcel(backlog.parcels, slot);
	return true;
}

function next(backlog: Backlog, nowMs: number): Job | undefined {
	reopenLanes(backlog, nowMs);
	if (backlog.shares.busy >= backlog.settings.deliveriesMax) return undefined;
	let promoted = promote(backlog, nowMs, promotedPerNext);
	for (;;) {
		const job = takeJob(backlog, nowMs);
		if (job !== undefined || promoted >= promotedAtOnceMax) return job;
		const more = promote(backlog, nowMs, promotedPerNext);
		if (more === 0) return undefined;
		promoted += more;
	}
}

function nextWakeMs(backlog: Backlog): number | undefined {
	if (backlog.shares.busy >= backlog.settings.deliveriesMax) return undefined;
	const timer = backlog.timers[0];
	const dueMs = timer === undefined ? undefined : (backlog.parcels.dueMs[timer] as number);
	const reopeningMs = nextReopeningMs(backlog.lanes);
	if (dueMs === undefined || reopeningMs === undefined) return dueMs ?? reopeningMs;
	return Math.min(dueMs, reopeningMs);
}

function settle(backlog: Backlog, pending: Pending, settlement: Settlement): Act | undefined {
	const job = settlement.job as OpenJob;
	const { nowMs } = settlement;
	const { lane, slot } = job;
	if (job.isSettled) throw new Error(`a job of message ${job.message.id} was settled twice`);
	job.isSettled = true;
	lane.busy--;
	giveShareBack(backlog.shares, job.message.account);
	learn(lane, settlement.signal, {
		busy: lane.busy,
		nowMs,
		random: settlement.random,
		settings: backlog.settings.feedback,
	});

	const illegal = applyAnswers(backlog, job, settlement.transitions);
	for (const recipient of job.recipients) {
		if (recipient.state !== 'sending') continue;
		recover(recipient);
		recipient.dueMs = nowMs + abandonedRetryMs;
		count(backlog, { slot, recipient }, 'sending');
	}
	const late = planLate(backlog, pending, { slot, recipients: job.recipients, nowMs });
	place(backlog, slot, nowMs);
	arrangeLane(backlog, lane);
	if (illegal !== undefined) throw new Error(`illegal step of message ${illegal.message} to ${illegal.to}`);
	return late;
}

/** Applies each transition to its recipient. Returns one that could not be, if any. */
function applyAnswers(backlog: Backlog, job: OpenJob, transitions: readonly Transition[]): Transition | undefined {
	let illegal: Transition | undefined;
	for (let position = 0; position < transitions.length; position++) {
		const transition = transitions[position] as Transition;
		// Usually in the job's own order.
		const there = job.recipients[position];
		const recipient =
			there?.index === transition.recipient
				? there
				: job.recipients.find((candidate) => candidate.index === transition.recipient);
		if (recipient?.state !== 'sending' || !change(backlog, { slot: job.slot, recipient }, transition))
			illegal = transition;
	}
	return illegal;
}

const viewOf = (lane: Lane): LaneView => ({
	destination: lane.destination,
	peerAddress: lane.peerAddress,
	helo: lane.helo,
	laneState: lane.laneState,
	window: lane.window,
	busy: lane.busy,
	todo: lane.todo,
	closedUntilMs: lane.closedUntilMs,
	lastFailure: lane.lastFailure,
	lastFailureMs: lane.lastFailureMs,
});

function oldestDueMs(backlog: Backlog, nowMs: number): number | undefined {
	const { parcels } = backlog;
	let oldest = Number.POSITIVE_INFINITY;
	for (let slot = 0; slot < parcels.used; slot++) {
		const isPlaced = parcels.node[slot] !== undefined || (parcels.timer[slot] as number) !== none;
		const dueMs = parcels.dueMs[slot] as number;
		if (isPlaced && dueMs < oldest) oldest = dueMs;
	}
	return oldest <= nowMs ? oldest : undefined;
}

function* allMessages(backlog: Backlog): Iterable<QueuedMessage> {
	for (const slot of backlog.byId.values()) yield messageOf(backlog.parcels, slot);
}
