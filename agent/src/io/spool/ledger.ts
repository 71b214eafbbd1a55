/**
 * Which segments are still needed: by open messages, and by projections that have not read them.
 *
 * A segment may go when it is not the newest, no open message's record is in it, every projection has passed its end, and all
 * older ones have gone. The last is what makes the log the truth: every step of a message stands behind its record, so whatever
 * records are left, their steps are left too. Were a younger segment to go first, a message delivered long ago could look
 * undelivered to a replay without an index. The price is that one old message keeps all that follows; `sparse` names those that
 * are worth writing anew at the end of the log.
 *
 * Nothing may go before the open messages found at start have all been entered (`isComplete`): an unknown open message would
 * look like none.
 *
 * Values only; no files here.
 */
import { comparePositions, logStart } from '../../core/log/position.ts';
import type { BodyRef, LogPosition } from '../../ports/spool.ts';

export type LedgerSegment = {
	readonly segment: number;
	/** Behind its last record; grows while it is written. */
	end: number;
	isEnded: boolean;
	/** Whether the file may be longer than its records. */
	isTrimmed: boolean;
	/** Something in it could not be read at start. */
	readonly isDamaged: boolean;
	/** Offsets of the records of open messages. */
	readonly open: Set<number>;
	openBytes: number;
};

export type SparseSegment = { readonly segment: number; readonly openBytes: number; readonly bytes: number };

export type Ledger = {
	add(segment: {
		readonly segment: number;
		readonly end: number;
		readonly isEnded: boolean;
		readonly isTrimmed: boolean;
		readonly isDamaged: boolean;
	}): void;
	ended(segment: number, end: number): void;
	grown(position: LogPosition): void;
	remove(segment: number): void;
	/** Enters an open message. Entering it twice counts once. */
	keep(ref: BodyRef): void;
	/** The message's record is needed no more. Releasing it twice counts once. True: it was the segment's last. */
	release(ref: BodyRef): boolean;
	/** True: the projection has come to another segment. */
	projected(projection: string, position: LogPosition): boolean;
	isComplete: boolean;
	/** Oldest first; each may go once those before it have gone. */
	removable(): readonly LedgerSegment[];
	untrimmed(): readonly LedgerSegment[];
	/**
	 * Segments whose open messages, all of them written anew, would set free the longest stretch of the oldest segments of which
	 * less than `share` is open.
	 */
	sparse(share: number): readonly SparseSegment[];
	totals(): { segments: number; bytes: number; openMessages: number };
};

export function segmentLedger(projections: readonly string[]): Ledger {
	/** In order of their numbers: they are only ever added behind. */
	const segments = new Map<number, LedgerSegment>();
	const positions = new Map<string, LogPosition>(projections.map((name) => [name, logStart]));
	let isComplete = false;

	const isPassed = ({ segment, end }: LedgerSegment): boolean =>
		[...positions.values()].every((position) => comparePositions(position, { segment, offset: end }) >= 0);
	const isNeeded = (entry: LedgerSegment): boolean => entry.open.size > 0 || !isPassed(entry);

	/** All but the newest: it is being written, or tells the next start where the log ends. */
	const ended = (): LedgerSegment[] => [...segments.values()].slice(0, -1).filter((segment) => segment.isEnded);

	function removable(): LedgerSegment[] {
		if (!isComplete) return [];
		const all = ended();
		const first = all.findIndex(isNeeded);
		return first < 0 ? all : all.slice(0, first);
	}

	function sparse(share: number): SparseSegment[] {
		const all = ended();
		let openSum = 0;
		let bytesSum = 0;
		let count = 0;
		for (const [index, { openBytes, end }] of all.entries()) {
			openSum += openBytes;
			bytesSum += end;
			if (openSum < share * bytesSum) count = index + 1;
		}
		return all
			.slice(0, count)
			.filter(({ open }) => open.size > 0)
			.map(({ segment, openBytes, end }) => ({ segment, openBytes, bytes: end }));
	}

	return {
		add: (segment) =>
			void segments.set(segment.segment, {
				...segment,
				open: new Set(),
				openBytes: 0,
			}),
		ended(segment, end) {
			const entry = segments.get(segment);
			if (entry === undefined) return;
			entry.end = end;
			entry.isEnded = true;
		},
		grown({ segment, offset }) {
			const entry = segments.get(segment);
			if (entry !== undefined) entry.end = offset;
		},
		remove: (segment) => void segments.delete(segment),
		keep(ref) {
			const entry = segments.get(ref.segment);
			if (entry === undefined || entry.open.has(ref.offset)) return;
			entry.open.add(ref.offset);
			entry.openBytes += ref.bytes;
		},
		release(ref) {
			const entry = segments.get(ref.segment);
			if (entry === undefined || !entry.open.delete(ref.offset)) return false;
			entry.openBytes -= ref.bytes;
			return entry.open.size === 0;
		},
		projected(projection, position) {
			const before = positions.get(projection) ?? logStart;
			if (comparePositions(position, before) <= 0) return false;
			positions.set(projection, position);
			return position.segment !== before.segment;
		},
		get isComplete() {
			return isComplete;
		},
		set isComplete(value) {
			isComplete = value;
		},
		removable,
		untrimmed: () => ended().filter((segment) => !segment.isTrimmed),
		sparse,
		totals() {
			let bytes = 0;
			let openMessages = 0;
			for (const { end, open } of segments.values()) {
				bytes += end;
				openMessages += open.size;
			}
			return { segments: segments.size, bytes, openMessages };
		},
	};
}
