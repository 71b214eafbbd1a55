/**
 * The backlog: everything the scheduler holds, and the one place that says where a parcel belongs.
 *
 * A parcel with a recipient that is due stands in its lane's queue; one whose recipients are all deferred stands in the
 * heap of timers; one with nothing to send now (waiting, held, under way, final) stands nowhere. `place` looks at its
 * recipients and puts it right: it is called after every change, so no change has to know what was there before.
 *
 * A recipient that an act has been planned for is `reserved`: out of reach until the act is in the log or given up.
 */
import type { MessageId, Transition } from '@sluice/shared/words/message.ts';
import { isFinal, type RecipientState } from '@sluice/shared/words/recipient.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { apply } from '../delivery/lifecycle.ts';
import { type Counts, countBytes, countStep, createCounts } from './counts.ts';
import { type FairContext, fairPush, fairRemove, nextTurn } from './fair.ts';
import { capacityOf, probe } from './feedback.ts';
import { createGroups, type Groups, groupStep } from './groups.ts';
import { type HeapOrder, heapAdjust, heapInsert, heapRemove } from './heap.ts';
import { createLanes, followClosing, type Lane, type LaneNode, type Lanes, laneFor, restLane } from './lane.ts';
import { createParcels, destinationOf, messageOf, none, type Parcels, recipientsOf } from './parcel.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';
import { ringLeave } from './ring.ts';
import { pooledRepliesMax, type SchedulerSettings } from './settings.ts';
import { createShares, offerLane, type Shares } from './share.ts';
import { createTextPool, pooled, type TextPool } from './text-pool.ts';

export type Backlog = {
	readonly settings: SchedulerSettings;
	/** First parcel of each message. */
	readonly byId: Map<MessageId, number>;
	readonly parcels: Parcels<LaneNode>;
	readonly lanes: Lanes;
	readonly shares: Shares;
	readonly counts: Counts;
	readonly groups: Groups;
	readonly fair: FairContext<Lane>;
	/** Parcels whose recipients are all deferred, as a heap by `dueMs`. */
	readonly timers: number[];
	readonly timerOrder: HeapOrder<number>;
	readonly reserved: Set<QueuedRecipient>;
	/** Last replies. */
	readonly replies: TextPool;
	/** Who is asked first: parked accounts, or those in turn. */
	parkedFirst: boolean;
};

export function createBacklog(settings: SchedulerSettings): Backlog {
	const parcels = createParcels<LaneNode>();
	return {
		settings,
		byId: new Map(),
		parcels,
		lanes: createLanes(settings.feedback, settings.idleLanesMax),
		shares: createShares(settings.deliveriesMax, settings.accountShare),
		counts: createCounts(),
		groups: createGroups(),
		fair: {
			parcels,
			costOf: (slot) => costOf(recipientsOf(parcels, slot), settings.recipientsPerTransactionMax),
			arrivals: 0,
		},
		timers: [],
		timerOrder: {
			before: (a, b) => (parcels.dueMs[a] as number) < (parcels.dueMs[b] as number),
			moved: (slot, position) => {
				parcels.timer[slot] = position;
			},
		},
		reserved: new Set(),
		replies: createTextPool(pooledRepliesMax),
		parkedFirst: false,
	};
}

/** Recipients that a transaction with this parcel takes, as far as its states tell; at least 1. */
function costOf(recipients: readonly QueuedRecipient[], most: number): number {
	if (recipients.length === 1) return 1;
	let queued = 0;
	for (const recipient of recipients) if (recipient.state === 'queued' && ++queued === most) break;
	return Math.max(1, queued);
}

/** May go at this time: queued, due, and nobody has plans with it. */
export function mayGo(backlog: Backlog, recipient: QueuedRecipient, nowMs: number): boolean {
	return recipient.state === 'queued' && recipient.dueMs <= nowMs && !isReserved(backlog, recipient);
}

export const isReserved = (backlog: Backlog, recipient: QueuedRecipient): boolean =>
	backlog.reserved.size > 0 && backlog.reserved.has(recipient);

/** When the first of the parcel's recipients may go; Infinity: none by the clock alone. */
function earliestMs(backlog: Backlog, slot: number): number {
	let earliest = Number.POSITIVE_INFINITY;
	for (const recipient of recipientsOf(backlog.parcels, slot)) {
		if (recipient.state === 'queued' && recipient.dueMs < earliest && !isReserved(backlog, recipient))
			earliest = recipient.dueMs;
	}
	return earliest;
}

/** Puts the parcel where it belongs: its lane's queue, the timers, or nowhere. */
export function place(backlog: Backlog, slot: number, nowMs: number): void {
	const { parcels } = backlog;
	const dueMs = earliestMs(backlog, slot);
	if (dueMs > nowMs) leaveQueue(backlog, slot);
	if (dueMs <= nowMs || dueMs === Number.POSITIVE_INFINITY) leaveTimers(backlog, slot);
	if (dueMs === Number.POSITIVE_INFINITY) return;
	parcels.dueMs[slot] = dueMs;
	if (dueMs <= nowMs) enterQueue(backlog, slot);
	else enterTimers(backlog, slot);
}

/** The lane a parcel goes in, by name: its destination, or what that is mapped to. */
export function laneNameOf(backlog: Backlog, slot: number): string {
	const destination = destinationOf(backlog.parcels, slot);
	return backlog.settings.laneOf?.(destination) ?? destination;
}

function enterQueue(backlog: Backlog, slot: number): void {
	const { parcels } = backlog;
	if (parcels.node[slot] !== undefined) return;
	const lane = laneFor(backlog.lanes, messageOf(parcels, slot), laneNameOf(backlog, slot));
	fairPush(backlog.fair, lane, slot);
	lane.todo++;
	arrangeLane(backlog, lane);
}

function leaveQueue(backlog: Backlog, slot: number): void {
	const node = backlog.parcels.node[slot];
	if (node === undefined) return;
	fairRemove(backlog.fair, slot);
	node.lane.todo--;
	arrangeLane(backlog, node.lane);
}

function enterTimers(backlog: Backlog, slot: number): void {
	const position = backlog.parcels.timer[slot] as number;
	if (position === none) heapInsert(backlog.timers, slot, backlog.timerOrder);
	else heapAdjust(backlog.timers, position, backlog.timerOrder);
}

function leaveTimers(backlog: Backlog, slot: number): void {
	const position = backlog.parcels.timer[slot] as number;
	if (position !== none) heapRemove(backlog.timers, position, backlog.timerOrder);
}

/** After anything about the lane changed: puts it where it belongs. `hadTurn`: it goes behind the account's others. */
export function arrangeLane(backlog: Backlog, lane: Lane, hadTurn = false): void {
	followClosing(backlog.lanes, lane);
	const node = nextTurn(lane.queue);
	if (node !== undefined && lane.busy < capacityOf(lane)) offerLane(backlog.shares, node.key, lane, hadTurn);
	else if (lane.todo > 0 || lane.busy > 0) ringLeave(lane);
	else restLane(backlog.lanes, lane);
}

/** A closed lane may be probed now. */
export function probeLane(backlog: Backlog, lane: Lane): void {
	probe(lane);
	arrangeLane(backlog, lane);
}

/** Lanes whose time is up may be probed. */
export function reopenLanes(backlog: Backlog, nowMs: number): void {
	const { closed } = backlog.lanes;
	for (let lane = closed[0]; lane !== undefined && lane.closedUntilMs <= nowMs; lane = closed[0])
		probeLane(backlog, lane);
}

/** Moves parcels that have come due into their lanes, at most `most` of them. Returns how many. */
export function promote(backlog: Backlog, nowMs: number, most: number): number {
	const { timers, parcels } = backlog;
	let promoted = 0;
	while (promoted < most && timers.length > 0 && (parcels.dueMs[timers[0] as number] as number) <= nowMs) {
		const slot = timers[0] as number;
		heapRemove(timers, 0, backlog.timerOrder);
		enterQueue(backlog, slot);
		promoted++;
	}
	return promoted;
}

/** Where a recipient stands, for `change`: `slot` is its parcel. */
export type Place = { readonly slot: number; readonly recipient: QueuedRecipient };

/** Applies a transition and keeps the counts. False: the table does not allow it, nothing has changed. */
export function change(backlog: Backlog, at: Place, transition: Transition): boolean {
	const from = at.recipient.state;
	const { standing } = at.recipient;
	if (!apply(at.recipient, transition).ok) return false;
	if (transition.reply !== undefined) shareReply(backlog, at.recipient);
	count(backlog, at, from, standing);
	return true;
}

/** Keeps equal replies once. */
export function shareReply(backlog: Backlog, recipient: QueuedRecipient): void {
	recipient.reply = pooled(backlog.replies, recipient.reply);
}

/** The recipient's state, and why it stood in it, have gone from these to what they are now: follows with the counts. */
export function count(backlog: Backlog, at: Place, from: RecipientState | 'new', standing?: Standing): void {
	const { parcels, counts } = backlog;
	const message = messageOf(parcels, at.slot);
	const to = at.recipient.state;
	countStep(counts, message, { destination: at.recipient.destination, from, to });
	groupStep(backlog.groups, message, at.recipient, { state: from, standing });
	const wasOpen = from !== 'new' && !isFinal(from);
	const isOpen = !isFinal(to);
	if (wasOpen === isOpen) return;
	const first = backlog.byId.get(message.id) as number;
	const open = (parcels.open[first] as number) + (isOpen ? 1 : -1);
	parcels.open[first] = open;
	if (isOpen && open === 1) countBytes(counts, message.account, message.bodyBytes);
	else if (!isOpen && open === 0) countBytes(counts, message.account, -message.bodyBytes);
}

/** The parcels of a message, first to last. */
export function* parcelsOf(backlog: Backlog, message: QueuedMessage): Iterable<number> {
	let slot = backlog.byId.get(message.id) ?? none;
	while (slot !== none) {
		yield slot;
		slot = backlog.parcels.sibling[slot] as number;
	}
}
