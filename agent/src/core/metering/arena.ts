/**
 * Rows of small whole numbers in one typed array, chained into lists: what the meter keeps its windows in.
 *
 * A hundred thousand buckets as objects cost 100 bytes each and are walked by every garbage collection; here one costs its fields.
 * A row's number is its name; it is given again after `free`. Field 0 of a free row chains the free ones.
 *
 * Not here: what the fields mean (buckets.ts, keys.ts).
 */

/** No row. */
export const none = -1;

export type Arena = {
	/** Read and written as `cells[row * stride + field]`; another array after `take`. */
	cells: Int32Array;
	readonly stride: number;
	used: number;
	firstFree: number;
};

const rowsInitial = 256;
const growth = 1.5;

export const createArena = (stride: number): Arena => ({
	cells: new Int32Array(rowsInitial * stride),
	stride,
	used: 0,
	firstFree: none,
});

/** A row whose fields hold anything: the caller sets every one. */
export function take(arena: Arena): number {
	const row = arena.firstFree;
	if (row !== none) {
		arena.firstFree = arena.cells[row * arena.stride] as number;
		return row;
	}
	if ((arena.used + 1) * arena.stride > arena.cells.length) {
		const grown = new Int32Array(Math.ceil((arena.cells.length / arena.stride) * growth) * arena.stride);
		grown.set(arena.cells);
		arena.cells = grown;
	}
	return arena.used++;
}

export function free(arena: Arena, row: number): void {
	arena.cells[row * arena.stride] = arena.firstFree;
	arena.firstFree = row;
}
