/**
 * Order of places in the spool log: by segment, then by offset.
 */

type Position = { readonly segment: number; readonly offset: number };

/** Before everything. Segments count from 1. */
export const logStart: Position = { segment: 0, offset: 0 };

/** Negative when `one` is before `other`, 0 when they are the same place. */
export const comparePositions = (one: Position, other: Position): number =>
	one.segment - other.segment || one.offset - other.offset;
