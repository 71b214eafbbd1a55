/**
 * Shares: turns between accounts over all lanes, and how many transactions one account may have under way.
 *
 * Accounts with a lane that may go take turns, whatever the number of their lanes: mail to 5,000 destinations gives one
 * turn in the round like mail to one.
 *
 * The bound moves: an account may go on while it has fewer than `accountShare` times the free places, not counting the
 * last one. While little is going on an account gets most of the process; the more busy ones there are the less each gets,
 * and the last places go to accounts that have none (dynamic thresholds, Choudhury and Hahne 1998). So mail of one account
 * cannot fill all places, each within its own lane's window.
 *
 * An account over its share would be met in lane after lane, with others waiting behind it. Asking each lane again and
 * again would be a scan, so the account is taken out of the turns of its lanes once, and parked here; it comes back lane by
 * lane as it falls below the bound.
 */
import { type HeapOrder, heapAdjust, heapInsert, heapRemove } from './heap.ts';
import type { Lane, LaneNode } from './lane.ts';
import { none } from './parcel.ts';
import { createRing, type Ring, type Ringed, ringAppend, ringLeave } from './ring.ts';

export interface Share extends Ringed<Share> {
	readonly account: string;
	/** Transactions under way. */
	busy: number;
	/** Lanes with room in which it is this account's turn. */
	readonly lanes: Ring<Lane>;
	/** Nodes that were met while the account had no share left. */
	readonly parked: Ring<LaneNode>;
	/** Position in the heap of shares with something parked, or `none`. */
	position: number;
	/** When it had its last turn, counted in turns of all. */
	lastTurn: number;
}

export type Shares = {
	/** Transactions under way, of all. */
	busy: number;
	readonly deliveriesMax: number;
	readonly accountShare: number;
	/** Accounts with something under way, to do or parked. */
	readonly byAccount: Map<string, Share>;
	/** Accounts with lanes, in turn. Some may have lost theirs since: they leave when it is their turn. */
	readonly ready: Ring<Share>;
	/** Heap of those with something parked: least busy first, then longest without a turn. */
	readonly parked: Share[];
	turns: number;
};

export const createShares = (deliveriesMax: number, accountShare: number): Shares => ({
	busy: 0,
	deliveriesMax,
	accountShare,
	byAccount: new Map(),
	ready: createRing(),
	parked: [],
	turns: 0,
});

const leastBusy: HeapOrder<Share> = {
	before: (a, b) => a.busy < b.busy || (a.busy === b.busy && a.lastTurn < b.lastTurn),
	moved: (share, position) => {
		share.position = position;
	},
};

export function hasShareLeft(shares: Shares, share: Share): boolean {
	const bound = shares.accountShare * (shares.deliveriesMax - shares.busy - 1);
	return share.busy < Math.max(1, bound);
}

/** It is this account's turn in the lane, and the lane has room. `hadTurn`: the lane goes behind the account's others. */
export function offerLane(shares: Shares, account: string, lane: Lane, hadTurn: boolean): void {
	const share = shareOf(shares, account);
	if (lane.ring !== share.lanes || hadTurn) ringAppend(share.lanes, lane);
	if (share.ring === undefined) ringAppend(shares.ready, share);
}

/** The account whose turn it is; it has at least one lane. */
export function nextReady(shares: Shares): Share | undefined {
	for (let share = shares.ready.first; share !== undefined; share = shares.ready.first) {
		if (share.lanes.first !== undefined) return share;
		ringLeave(share);
		forgetIfIdle(shares, share);
	}
	return undefined;
}

/** The account has one more transaction under way: that was its turn. */
export function takeShare(shares: Shares, account: string): void {
	const share = shareOf(shares, account);
	shares.busy++;
	share.busy++;
	share.lastTurn = ++shares.turns;
	if (share.ring !== undefined) ringAppend(shares.ready, share);
	if (share.position !== none) heapAdjust(shares.parked, share.position, leastBusy);
}

/** The account has one transaction less. */
export function giveShareBack(shares: Shares, account: string): void {
	const share = shares.byAccount.get(account) as Share;
	shares.busy--;
	share.busy--;
	if (share.position !== none) heapAdjust(shares.parked, share.position, leastBusy);
	forgetIfIdle(shares, share);
}

/** Keeps a node that has left its lane's turns until its account falls below the bound. */
export function park(shares: Shares, share: Share, node: LaneNode): void {
	ringAppend(share.parked, node);
	if (share.position === none) heapInsert(shares.parked, share, leastBusy);
}

/** A parked node whose account may go on, of the account with the least under way. The caller takes it out of its ring. */
export function nextParked(shares: Shares): LaneNode | undefined {
	for (let share = shares.parked[0]; share !== undefined; share = shares.parked[0]) {
		if (!hasShareLeft(shares, share)) return undefined;
		if (share.parked.first !== undefined) return share.parked.first;
		heapRemove(shares.parked, share.position, leastBusy); // its nodes were taken back or emptied
		forgetIfIdle(shares, share);
	}
	return undefined;
}

function shareOf(shares: Shares, account: string): Share {
	let share = shares.byAccount.get(account);
	if (share === undefined) {
		share = {
			account,
			busy: 0,
			lanes: createRing(),
			parked: createRing(),
			position: none,
			lastTurn: 0,
			next: undefined,
			previous: undefined,
			ring: undefined,
		};
		shares.byAccount.set(account, share);
	}
	return share;
}

function forgetIfIdle(shares: Shares, share: Share): void {
	if (share.busy === 0 && share.position === none && share.ring === undefined) shares.byAccount.delete(share.account);
}
