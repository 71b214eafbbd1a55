/**
 * The rows of one page out of very many: the first ones in an order, found without sorting all.
 */
import { heapInsert, heapRemove } from '../../core/scheduling/heap.ts';

export type PageRows<Row> = {
	offer(row: Row): void;
	/** The first `limit` of what was offered, in order. */
	sorted(): readonly Row[];
	/** More was offered than a page holds. */
	readonly hasMore: boolean;
};

/** `compare` as for `sort`. */
export function createPageRows<Row>(limit: number, compare: (one: Row, other: Row) => number): PageRows<Row> {
	/** The last one on top, to be replaced. */
	const heap: Row[] = [];
	const lastFirst = { before: (one: Row, other: Row) => compare(one, other) > 0, moved: () => {} };
	let hasMore = false;
	return {
		offer(row) {
			if (heap.length === limit) {
				hasMore = true;
				if (compare(row, heap[0] as Row) > 0) return;
				heapRemove(heap, 0, lastFirst);
			}
			heapInsert(heap, row, lastFirst);
		},
		sorted: () => [...heap].sort(compare),
		get hasMore() {
			return hasMore;
		},
	};
}
