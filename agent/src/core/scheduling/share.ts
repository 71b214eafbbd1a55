/**
 * Shares: how many of the process's transactions one account may have under way.
 *
 * The bound moves: an account may go on while it has fewer than `accountShare` times the free places (at least one). While
 * little is going on an account gets most of the process; the more busy ones there are the less each gets, and some places
 * are always free for one that has none (dynamic thresholds, Choudhury and Hahne 1998). So mail of one account to 5,000
 * destinations, each within its own lane's window, cannot fill all places.
 *
 * An account over its share is met in lane after lane. Asking each of them again and again would be a scan, so it is taken
 * out of a lane's turns where it is met, once, and parked here; it comes back lane by lane as it falls below the bound. A
 * parked account always has something under way, so there are never more than transactions.
 */
import { type HeapOrder, heapAdjust, heapInsert, heapRemove } from './heap.ts';
import type { LaneNode } from './lane.ts';
import { none } from './parcel.ts';
import { createRing, type Ring, ringAppend } from './ring.ts';

type Share = {
	readonly account: string;
	/** Transactions under way. */
	busy: number;
	/** Nodes that were met while the account had no share left. */
	readonly parked: Ring<LaneNode>;
	/** Position in `parked`, or `none`. */
	position: number;
};

export type Shares = {
	/** Transactions under way, of all. */
	busy: number;
	readonly deliveriesMax: number;
	readonly accountShare: number;
	/** Accounts with something under way or parked. */
	readonly byAccount: Map<string, Share>;
	/** Heap by `busy` of those with something parked. */
	readonly parked: Share[];
};

export const createShares = (deliveriesMax: number, accountShare: number): Shares => ({
	busy: 0,
	deliveriesMax,
	accountShare,
	byAccount: new Map(),
	parked: [],
});

const byBusy: HeapOrder<Share> = {
	before: (a, b) => a.busy < b.busy,
	moved: (share, position) => {
		share.position = position;
	},
};

/** Below so many transactions under way an account may have another. */
function bound(shares: Shares): number {
	return Math.max(1, shares.accountShare * (shares.deliveriesMax - shares.busy));
}

export function hasShareLeft(shares: Shares, account: string): boolean {
	const share = shares.byAccount.get(account);
	return share === undefined || share.busy < bound(shares);
}

/** One more transaction under way. */
export function takeShare(shares: Shares, account: string): void {
	shares.busy++;
	let share = shares.byAccount.get(account);
	if (share === undefined) {
		share = { account, busy: 0, parked: createRing(), position: none };
		shares.byAccount.set(account, share);
	}
	share.busy++;
	if (share.position !== none) heapAdjust(shares.parked, share.position, byBusy);
}

/** One transaction less. */
export function giveShareBack(shares: Shares, account: string): void {
	shares.busy--;
	const share = shares.byAccount.get(account) as Share;
	share.busy--;
	if (share.position !== none) heapAdjust(shares.parked, share.position, byBusy);
	forgetIfIdle(shares, share);
}

/** Keeps a node that has left its lane's turns until its account falls below the bound. */
export function park(shares: Shares, node: LaneNode): void {
	const share = shares.byAccount.get(node.key) as Share;
	ringAppend(share.parked, node);
	if (share.position === none) heapInsert(shares.parked, share, byBusy);
}

/** A parked node whose account may go on, of the account with the least under way. The caller takes it out of its ring. */
export function nextParked(shares: Shares): LaneNode | undefined {
	for (let share = shares.parked[0]; share !== undefined; share = shares.parked[0]) {
		if (share.busy >= bound(shares)) return undefined;
		if (share.parked.first !== undefined) return share.parked.first;
		heapRemove(shares.parked, share.position, byBusy); // its nodes were taken back or emptied
		forgetIfIdle(shares, share);
	}
	return undefined;
}

function forgetIfIdle(shares: Shares, share: Share): void {
	if (share.busy === 0 && share.position === none) shares.byAccount.delete(share.account);
}
