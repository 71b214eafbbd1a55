/**
 * A binary heap in a plain array, whose items can be found again and removed.
 *
 * Functions over the caller's array, so that an empty heap costs nothing and one item costs one slot. The caller says what
 * comes before what, and keeps each item's position when told, which is what makes removal and change O(log n).
 */

export type HeapOrder<T> = {
	readonly before: (a: T, b: T) => boolean;
	/** The item now stands at this position; -1: it has left the heap. */
	readonly moved: (item: T, position: number) => void;
};

export function heapInsert<T>(items: T[], item: T, order: HeapOrder<T>): void {
	items.push(item);
	siftUp(items, items.length - 1, order);
}

/** Removes the item at a position; the heap must have one there. */
export function heapRemove<T>(items: T[], position: number, order: HeapOrder<T>): void {
	const gone = items[position] as T;
	const last = items.pop() as T;
	if (position < items.length) {
		items[position] = last;
		heapAdjust(items, position, order);
	}
	order.moved(gone, -1);
}

/** Puts right the item at a position after its rank has changed. */
export function heapAdjust<T>(items: T[], position: number, order: HeapOrder<T>): void {
	if (siftUp(items, position, order) === position) siftDown(items, position, order);
}

function siftUp<T>(items: T[], from: number, order: HeapOrder<T>): number {
	const item = items[from] as T;
	let position = from;
	while (position > 0) {
		const parent = (position - 1) >> 1;
		const above = items[parent] as T;
		if (!order.before(item, above)) break;
		items[position] = above;
		order.moved(above, position);
		position = parent;
	}
	items[position] = item;
	order.moved(item, position);
	return position;
}

function siftDown<T>(items: T[], from: number, order: HeapOrder<T>): void {
	const item = items[from] as T;
	let position = from;
	for (;;) {
		let child = 2 * position + 1;
		if (child >= items.length) break;
		if (child + 1 < items.length && order.before(items[child + 1] as T, items[child] as T)) child++;
		const below = items[child] as T;
		if (!order.before(below, item)) break;
		items[position] = below;
		order.moved(below, position);
		position = child;
	}
	items[position] = item;
	order.moved(item, position);
}
