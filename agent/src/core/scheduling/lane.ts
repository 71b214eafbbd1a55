/**
 * Lanes: for each destination and source, who is under way, who is due, and what the answers taught.
 *
 * A lane exists while it has mail due or under way, and is remembered for a while after that for what it learned: an idle
 * lane that differs from a new one stands in a ring of bounded size, the oldest is forgotten first. Closed ones stand in a
 * heap by the time they reopen; those that may go in the ring of the account whose turn it is (share.ts).
 *
 * Not here: how a window moves (feedback.ts), who goes first inside (fair.ts).
 */
import { type Branch, createBranch, type FairNode } from './fair.ts';
import { type Feedback, type FeedbackSettings, isUnremarkable, newFeedback } from './feedback.ts';
import { type HeapOrder, heapAdjust, heapInsert, heapRemove } from './heap.ts';
import { none } from './parcel.ts';
import type { QueuedMessage } from './queued.ts';
import { createRing, type Ring, type Ringed, ringAppend, ringLeave } from './ring.ts';

/** What a server sees us as. One object for each pair. */
export type Source = {
	readonly peerAddress: string;
	readonly helo: string;
	readonly lanes: Map<string, Lane>;
};

export interface Lane extends Feedback, Ringed<Lane> {
	readonly destination: string;
	readonly peerAddress: string;
	readonly helo: string;
	readonly source: Source;
	readonly queue: Branch<Lane>;
	/** Transactions under way. */
	busy: number;
	/** Parcels in `queue`. */
	todo: number;
	/** Position among the closed, or `none`. */
	position: number;
}

export type LaneNode = FairNode<Lane>;

export type Lanes = {
	readonly settings: FeedbackSettings;
	readonly idleMax: number;
	/** By peer address, then EHLO name. A mail server has a handful. */
	readonly sources: Map<string, Map<string, Source>>;
	readonly idle: Ring<Lane>;
	/** Heap by `closedUntilMs`. */
	readonly closed: Lane[];
};

export const createLanes = (settings: FeedbackSettings, idleMax: number): Lanes => ({
	settings,
	idleMax,
	sources: new Map(),
	idle: createRing(),
	closed: [],
});

const byReopening: HeapOrder<Lane> = {
	before: (a, b) => a.closedUntilMs < b.closedUntilMs,
	moved: (lane, position) => {
		lane.position = position;
	},
};

/** The lane a message takes to a destination; undefined when nothing is known of it. */
export function findLane(lanes: Lanes, message: QueuedMessage, destination: string): Lane | undefined {
	return lanes.sources.get(message.peerAddress)?.get(message.helo)?.lanes.get(destination);
}

/** As `findLane`, and makes it when it is missing. */
export function laneFor(lanes: Lanes, message: QueuedMessage, destination: string): Lane {
	const source = sourceOf(lanes, message.peerAddress, message.helo);
	let lane = source.lanes.get(destination);
	if (lane === undefined) {
		lane = {
			...newFeedback(lanes.settings),
			destination,
			peerAddress: source.peerAddress,
			helo: source.helo,
			source,
			queue: createBranch(),
			busy: 0,
			todo: 0,
			position: none,
			next: undefined,
			previous: undefined,
			ring: undefined,
		};
		source.lanes.set(destination, lane);
	}
	return lane;
}

function sourceOf(lanes: Lanes, peerAddress: string, helo: string): Source {
	let byName = lanes.sources.get(peerAddress);
	if (byName === undefined) {
		byName = new Map();
		lanes.sources.set(peerAddress, byName);
	}
	let source = byName.get(helo);
	if (source === undefined) {
		source = { peerAddress, helo, lanes: new Map() };
		byName.set(helo, source);
	}
	return source;
}

/** Keeps a closed lane in the heap by its time, any other out of it. */
export function followClosing(lanes: Lanes, lane: Lane): void {
	if (lane.laneState === 'closed') {
		if (lane.position === none) heapInsert(lanes.closed, lane, byReopening);
		else heapAdjust(lanes.closed, lane.position, byReopening);
	} else if (lane.position !== none) heapRemove(lanes.closed, lane.position, byReopening);
}

/** The lane has nothing due and nothing under way: it is forgotten, or rests with what it learned. */
export function restLane(lanes: Lanes, lane: Lane): void {
	if (isUnremarkable(lane, lanes.settings)) forgetLane(lanes, lane);
	else if (lane.ring !== lanes.idle) ringAppend(lanes.idle, lane);
	if (lanes.idle.size > lanes.idleMax) forgetLane(lanes, lanes.idle.first as Lane);
}

function forgetLane(lanes: Lanes, lane: Lane): void {
	ringLeave(lane);
	if (lane.position !== none) heapRemove(lanes.closed, lane.position, byReopening);
	const { source } = lane;
	source.lanes.delete(lane.destination);
	if (source.lanes.size > 0) return;
	const byName = lanes.sources.get(source.peerAddress);
	byName?.delete(source.helo);
	if (byName?.size === 0) lanes.sources.delete(source.peerAddress);
}

/** When the next closed lane reopens, epoch ms. */
export const nextReopeningMs = (lanes: Lanes): number | undefined => lanes.closed[0]?.closedUntilMs;

export function* allLanes(lanes: Lanes): Iterable<Lane> {
	for (const byName of lanes.sources.values()) for (const source of byName.values()) yield* source.lanes.values();
}
