/**
 * Bounds of the spool log, in one place.
 */

export type SpoolSettings = {
	/** A segment ends before it would grow over this. A larger record gets a segment of its own. */
	readonly segmentBytes: number;
	/** Finished segments kept for overwriting: no blocks to find, no size to journal (25 % faster at 2 kB, 50 % at 200 kB). */
	readonly sparesMax: number;
	/** File with real blocks that becomes a segment when the disk is full, so that outcomes can still be recorded. */
	readonly reserveBytes: number;
	/** Bodies kept in memory after they were written or read. */
	readonly cacheBytesMax: number;
	/** Records given to the log that are not durable yet; beyond it `append` rejects. */
	readonly pendingBytesMax: number;
	/** Records of one flush. */
	readonly flushBytesMax: number;
	/** How often a failed log tries to get well. */
	readonly recoverEveryMs: number;
	/** The oldest segments are sparse when less than this share of them is open messages. */
	readonly sparseShare: number;
	/** Whose positions must have passed a segment before it may go. */
	readonly projections: readonly string[];
};

const MiB = 1024 * 1024;

export const spoolDefaults: SpoolSettings = {
	segmentBytes: 64 * MiB,
	sparesMax: 4,
	reserveBytes: 16 * MiB,
	cacheBytesMax: 64 * MiB,
	pendingBytesMax: 256 * MiB,
	flushBytesMax: 16 * MiB,
	recoverEveryMs: 1000,
	sparseShare: 0.25,
	projections: ['index', 'history'],
};
