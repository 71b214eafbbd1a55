/**
 * What can go wrong with the spool log while it runs, for the log and the metrics. Never a record's content.
 */

export type SpoolTrouble =
	| { readonly kind: 'write-failed'; readonly segment: number; readonly error: string }
	/** A flush failed, or a failed write could not be undone: the segment is written no further. */
	| { readonly kind: 'segment-left'; readonly segment: number; readonly error: string }
	/** These callers were told that their records are not stored. */
	| { readonly kind: 'records-refused'; readonly records: number; readonly error: string; readonly isFull: boolean }
	| { readonly kind: 'reserve-used' }
	| { readonly kind: 'recovered' }
	/** A finished segment could not be cleared away yet. */
	| { readonly kind: 'collect-failed'; readonly segment: number; readonly error: string }
	/** A finished segment with damage was renamed to `.damaged`. */
	| { readonly kind: 'segment-set-aside'; readonly segment: number };

/** Tells of trouble. Must not throw. */
export type ReportTrouble = (trouble: SpoolTrouble) => void;

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** No room on the disk, or none for us. */
export const isFullError = (error: unknown): boolean =>
	fullCodes.has((error as NodeJS.ErrnoException | undefined)?.code);
