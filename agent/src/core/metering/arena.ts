/**
 * Rows of small whole numbers in typed arrays, chained into lists: what the meter keeps its windows in.
 *
 * A hundred thousand buckets as objects cost 100 bytes each and are walked by every garbage collection; here one costs its fields.
 * A row's number is its name; it is given again after `free`. Field 0 of a free row chains the free ones.
 *
 * Not here: what the fields mean (buckets.ts, key-list.ts).
 */

/** No row. */
export const none = -1;

/** Rows of a block: growing never copies more, which would stall the loop when there are millions. */
export const blockBits = 14;
const blockRows = 1 << blockBits;
export const blockMask = blockRows - 1;
const rowsInitial = 64;

export type Arena = {
	/**
	 * All but the first are full size; the first grows until it is. Read and written as
	 * `blocks[row >> blockBits][(row & blockMask) * stride + field]`, by whoever knows the stride as a constant.
	 */
	readonly blocks: Int32Array[];
	readonly stride: number;
	used: number;
	firstFree: number;
};

export const createArena = (stride: number): Arena => ({
	blocks: [new Int32Array(rowsInitial * stride)],
	stride,
	used: 0,
	firstFree: none,
});

const blockOf = ({ blocks }: Arena, row: number): Int32Array => blocks[row >> blockBits] as Int32Array;

/** Room for one more row. */
function grow({ blocks, stride, used }: Arena): void {
	if (used >= blockRows) {
		if (used === blocks.length << blockBits) blocks.push(new Int32Array(blockRows * stride));
		return;
	}
	const first = blocks[0] as Int32Array;
	if ((used + 1) * stride <= first.length) return;
	blocks[0] = new Int32Array(2 * first.length);
	blocks[0].set(first);
}

/** A row whose fields hold anything: the caller sets every one. */
export function take(arena: Arena): number {
	const row = arena.firstFree;
	if (row !== none) {
		arena.firstFree = blockOf(arena, row)[(row & blockMask) * arena.stride] as number;
		return row;
	}
	grow(arena);
	return arena.used++;
}

export function free(arena: Arena, row: number): void {
	blockOf(arena, row)[(row & blockMask) * arena.stride] = arena.firstFree;
	arena.firstFree = row;
}

export const bytesOf = ({ blocks }: Arena): number => blocks.reduce((sum, { byteLength }) => sum + byteLength, 0);
