/**
 * Jobs: which transaction is next, and making it.
 *
 * Accounts take turns, inside an account its lanes, and in a lane its accounts: a lane that has room stands with the account
 * whose turn it is there. An account that has no share left is parked and whoever is behind it gets the turn. Parked
 * accounts that have fallen below the bound are asked every other time, so that neither they nor those in turn can starve
 * the other.
 *
 * What a call costs beyond O(log n) was paid before: each node that is parked here had been put there by one push.
 */
import { arrangeLane, type Backlog, count, mayGo, place } from './backlog.ts';
import { fairServed, headOf, nextTurn, resumeTurns, suspendTurns } from './fair.ts';
import { capacityOf, type LaneState } from './feedback.ts';
import type { Lane, LaneNode } from './lane.ts';
import { messageOf, recipientsOf } from './parcel.ts';
import type { QueuedMessage, QueuedRecipient } from './queued.ts';
import { hasShareLeft, nextParked, nextReady, park, takeShare } from './share.ts';

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
		? (fromParked(backlog, nowMs) ?? fromTurns(backlog, nowMs))
		: (fromTurns(backlog, nowMs) ?? fromParked(backlog, nowMs));
}

function fromTurns(backlog: Backlog, nowMs: number): OpenJob | undefined {
	const { shares } = backlog;
	for (let share = nextReady(shares); share !== undefined; share = nextReady(shares)) {
		const lane = share.lanes.first as Lane;
		const node = nextTurn(lane.queue) as LaneNode; // it is in the share's lanes because this is so
		if (hasShareLeft(shares, share)) {
			const job = jobOf(backlog, node, nowMs);
			if (job !== undefined) return job;
		} else {
			// In this lane as in all its others: who is behind it there gets the turn.
			suspendTurns(node);
			park(shares, share, node);
			arrangeLane(backlog, lane);
		}
	}
	return undefined;
}

function fromParked(backlog: Backlog, nowMs: number): OpenJob | undefined {
	for (let node = nextParked(backlog.shares); node !== undefined; node = nextParked(backlog.shares)) {
		const { lane } = node;
		resumeTurns(backlog.fair, node);
		arrangeLane(backlog, lane);
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
	for (const recipient of recipientsOf(parcels, slot)) {
		if (!mayGo(backlog, recipient, horizonMs)) continue;
		recipients.push(recipient);
		if (recipients.length === backlog.settings.recipientsPerTransactionMax) break;
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
	lane.todo--;
	fairServed(backlog.fair, slot, recipients.length);
	place(backlog, slot, horizonMs); // it may have more that are due, or deferred
	arrangeLane(backlog, lane, true);
	return { message: messageOf(parcels, slot), recipients, lane, slot, isSettled: false };
}
