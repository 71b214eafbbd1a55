/**
 * Jobs: which transaction is next, and making it.
 *
 * Lanes that may go take turns. In a lane the account whose turn it is goes, unless it has no share left: then it is parked
 * and the next account, or the next lane, is asked. Parked accounts that have fallen below the bound are asked every other
 * time, so that neither they nor the lanes in turn can starve the other.
 *
 * What a call costs beyond O(log n) was paid before: each node that is parked here had been put there by one push.
 */
import { type Backlog, count, mayGo, place } from './backlog.ts';
import { fairServed, headOf, nextTurn, resumeTurns, suspendTurns } from './fair.ts';
import { capacityOf, type LaneState } from './feedback.ts';
import { arrangeLane, type Lane, type LaneNode } from './lane.ts';
import { messageOf, recipientsOf } from './parcel.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';
import { hasShareLeft, nextParked, park, takeShare } from './share.ts';

/** What is known of a lane. */
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
	/** Live: it shows what it is when it is read. */
	readonly lane: LaneView;
};

/** A job as the scheduler keeps it. */
export type OpenJob = Job & {
	readonly lane: Lane;
	readonly slot: number;
	/** Its place has been given back. */
	isSettled: boolean;
};

/** The next job of those that are due and in their lanes. */
export function takeJob(backlog: Backlog, nowMs: number): OpenJob | undefined {
	if (backlog.shares.busy >= backlog.settings.deliveriesMax) return undefined;
	backlog.parkedFirst = !backlog.parkedFirst;
	return backlog.parkedFirst
		? (fromParked(backlog, nowMs) ?? fromLanes(backlog, nowMs))
		: (fromLanes(backlog, nowMs) ?? fromParked(backlog, nowMs));
}

function fromLanes(backlog: Backlog, nowMs: number): OpenJob | undefined {
	const { ready } = backlog.lanes;
	for (let lane = ready.first; lane !== undefined; lane = ready.first) {
		const node = nextTurn(lane.queue) as LaneNode; // a lane without one is not ready
		if (hasShareLeft(backlog.shares, node.key)) {
			const job = jobOf(backlog, node, nowMs);
			if (job !== undefined) return job;
		} else {
			suspendTurns(node);
			park(backlog.shares, node);
			arrangeLane(backlog.lanes, lane);
		}
	}
	return undefined;
}

function fromParked(backlog: Backlog, nowMs: number): OpenJob | undefined {
	for (let node = nextParked(backlog.shares); node !== undefined; node = nextParked(backlog.shares)) {
		const { lane } = node;
		resumeTurns(backlog.fair, node);
		arrangeLane(backlog.lanes, lane);
		// In a lane without room it waits for its turn like the others.
		const job = lane.busy < capacityOf(lane) ? jobOf(backlog, node, nowMs) : undefined;
		if (job !== undefined) return job;
	}
	return undefined;
}

/** Makes a job of the parcel at the head of a node; undefined when it turns out to have nothing to send. */
function jobOf(backlog: Backlog, node: LaneNode, nowMs: number): OpenJob | undefined {
	const { parcels } = backlog;
	const { lane } = node;
	const slot = headOf(node);
	// It was due when it was put here. Should the clock have been set back since, it still is.
	const horizonMs = Math.max(nowMs, parcels.dueMs[slot] as number);
	const recipients: QueuedRecipient[] = [];
	let hasMore = false;
	for (const recipient of recipientsOf(parcels, slot)) {
		if (!mayGo(backlog, recipient, horizonMs)) continue;
		if (recipients.length < backlog.settings.recipientsPerTransactionMax) recipients.push(recipient);
		else hasMore = true;
	}
	if (recipients.length === 0) {
		place(backlog, slot, horizonMs);
		return undefined;
	}
	for (const recipient of recipients) {
		recipient.state = 'sending';
		count(backlog, { slot, recipient }, 'queued');
	}
	takeShare(backlog.shares, node.key);
	lane.busy++;
	fairServed(backlog.fair, slot, recipients.length, hasMore);
	if (!hasMore) {
		lane.todo--;
		place(backlog, slot, horizonMs); // others of its recipients may be deferred
	}
	arrangeLane(backlog.lanes, lane, true);
	return { message: messageOf(parcels, slot), recipients, lane, slot, isSettled: false };
}
