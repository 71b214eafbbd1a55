/**
 * Parcels: the recipients of one message that go to one destination, as rows of a table.
 *
 * A parcel is what queues and timers hold. There is at least one for each open message, so a row is kept in typed arrays
 * instead of an object: 45 bytes in place of 120, and nothing for the garbage collector to walk. A row number (`slot`)
 * is the parcel's name; it is given again after `drop`.
 *
 * Not here: what any of it means. The scheduler places parcels, the fair queue chains them.
 */
import type { QueuedMessage, QueuedRecipient } from './queued.ts';

/** No parcel. */
export const none = -1;

/** `N`: the node of a queue that a parcel stands in. */
export type Parcels<N> = {
	/** Rows in use. */
	count: number;
	message: (QueuedMessage | undefined)[];
	/** The recipients, where they are not simply all of the message. */
	readonly spread: Map<number, readonly QueuedRecipient[]>;
	/** Where it stands in a lane's queue; undefined when it does not. */
	node: (N | undefined)[];
	/** Epoch ms: when its first recipient is due, as of when it was placed. */
	dueMs: Float64Array;
	/** Position in the heap of timers, or `none`. */
	timer: Int32Array;
	/** Neighbours in the queue of its node; `next` also chains free rows. */
	next: Int32Array;
	previous: Int32Array;
	/** The next parcel of the same message, or `none`. */
	sibling: Int32Array;
	/** Recipients of the message that are not final; kept in its first parcel. */
	open: Int32Array;
	firstFree: number;
	used: number;
};

const rowsInitial = 1024;
const growth = 1.5;

export function createParcels<N>(): Parcels<N> {
	return {
		count: 0,
		message: [],
		spread: new Map(),
		node: [],
		dueMs: new Float64Array(rowsInitial),
		timer: new Int32Array(rowsInitial),
		next: new Int32Array(rowsInitial),
		previous: new Int32Array(rowsInitial),
		sibling: new Int32Array(rowsInitial),
		open: new Int32Array(rowsInitial),
		firstFree: none,
		used: 0,
	};
}

/** Makes a row. `recipients` is given when they are only some of the message. */
export function addParcel<N>(
	parcels: Parcels<N>,
	message: QueuedMessage,
	recipients: readonly QueuedRecipient[] | undefined,
	sibling: number,
): number {
	let slot = parcels.firstFree;
	if (slot === none) {
		slot = parcels.used++;
		if (slot === parcels.dueMs.length) grow(parcels);
		parcels.message.push(message);
		parcels.node.push(undefined);
	} else {
		parcels.firstFree = parcels.next[slot] as number;
		parcels.message[slot] = message;
	}
	if (recipients !== undefined) parcels.spread.set(slot, recipients);
	parcels.timer[slot] = none;
	parcels.next[slot] = none;
	parcels.previous[slot] = none;
	parcels.sibling[slot] = sibling;
	parcels.open[slot] = 0;
	parcels.count++;
	return slot;
}

/** Gives a row back. It must be in no queue and no timer. */
export function dropParcel<N>(parcels: Parcels<N>, slot: number): void {
	parcels.message[slot] = undefined;
	if (parcels.spread.size > 0) parcels.spread.delete(slot);
	parcels.next[slot] = parcels.firstFree;
	parcels.firstFree = slot;
	parcels.count--;
}

export function recipientsOf<N>(parcels: Parcels<N>, slot: number): readonly QueuedRecipient[] {
	if (parcels.spread.size > 0) {
		const some = parcels.spread.get(slot);
		if (some !== undefined) return some;
	}
	return messageOf(parcels, slot).recipients;
}

export const messageOf = <N>(parcels: Parcels<N>, slot: number): QueuedMessage =>
	parcels.message[slot] as QueuedMessage;

export const destinationOf = <N>(parcels: Parcels<N>, slot: number): string =>
	(recipientsOf(parcels, slot)[0] as QueuedRecipient).destination;

function grow<N>(parcels: Parcels<N>): void {
	const rows = Math.ceil(parcels.dueMs.length * growth);
	const copy = (old: Int32Array): Int32Array => {
		const grown = new Int32Array(rows);
		grown.set(old);
		return grown;
	};
	const dueMs = new Float64Array(rows);
	dueMs.set(parcels.dueMs);
	parcels.dueMs = dueMs;
	parcels.timer = copy(parcels.timer);
	parcels.next = copy(parcels.next);
	parcels.previous = copy(parcels.previous);
	parcels.sibling = copy(parcels.sibling);
	parcels.open = copy(parcels.open);
}
