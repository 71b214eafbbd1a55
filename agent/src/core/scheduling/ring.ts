/**
 * A list of objects that know their neighbours, so that any of them leaves in one step.
 *
 * An object is in one ring at a time. Used for turns (who is served goes to the end) and for "the oldest first".
 */

export type Ringed<T> = { next: T | undefined; previous: T | undefined; ring: Ring<T> | undefined };

export type Ring<T> = { first: T | undefined; last: T | undefined; size: number };

export const createRing = <T>(): Ring<T> => ({ first: undefined, last: undefined, size: 0 });

/** Puts the item at the end, taking it out of the ring it was in. */
export function ringAppend<T extends Ringed<T>>(ring: Ring<T>, item: T): void {
	if (item.ring !== undefined) ringLeave(item);
	item.ring = ring;
	item.previous = ring.last;
	if (ring.last === undefined) ring.first = item;
	else ring.last.next = item;
	ring.last = item;
	ring.size++;
}

/** Takes the item out of its ring, if it is in one. */
export function ringLeave<T extends Ringed<T>>(item: T): void {
	const ring = item.ring;
	if (ring === undefined) return;
	if (item.previous === undefined) ring.first = item.next;
	else item.previous.next = item.next;
	if (item.next === undefined) ring.last = item.previous;
	else item.next.previous = item.previous;
	item.next = undefined;
	item.previous = undefined;
	item.ring = undefined;
	ring.size--;
}
