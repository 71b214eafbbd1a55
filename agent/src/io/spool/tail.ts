/**
 * The end of the log: the segment being written, and the change to the next.
 *
 * A write that fails is cut off again, and the cut made durable, before anybody is told. After a flush that failed nobody knows
 * what the disk has, and asking again would answer for pages that the kernel has given up (the "fsyncgate" of 2018): the
 * segment is left for good. Either way the header of the next segment says where this one's durable records end, and what
 * stands behind that is void.
 *
 * Not here: who waits for what, and what is tried next (writer.ts).
 */
import { placeRecord, segmentHeaderBytes } from '../../core/log/format.ts';
import type { LogPosition } from '../../ports/spool.ts';
import type { SpoolFiles } from './files.ts';
import type { Folder, NewSegment, SegmentSource } from './folder.ts';
import { writeAll } from './folder.ts';
import { crc } from './record.ts';
import type { ReportTrouble } from './trouble.ts';
import { textOf } from './trouble.ts';

export type Attempt =
	/** Durable, from `start` on, one record behind the other. */
	| { readonly kind: 'done'; readonly segment: number; readonly start: number }
	| { readonly kind: 'failed'; readonly error: unknown };

export type LogTail = {
	/** Writes and flushes the records: where there is room, or in a fresh segment from that source. */
	attempt(records: readonly Buffer[], where: 'present' | SegmentSource): Promise<Attempt>;
	/** Begins the next segment. Resolves with the failure, if it fails. */
	advance(source: SegmentSource): Promise<Attempt | undefined>;
	/** Bytes that still fit into the segment being written. */
	readonly room: number;
	/** Behind the newest durable record. */
	readonly durable: LogPosition;
	/** Refused records may stand behind the durable end, until the next segment is begun. */
	readonly isUnknown: boolean;
	/** How long the last flush took, ms. */
	readonly lastFlushMs: number;
	close(): Promise<void>;
};

/** What the tail tells as segments begin and end. */
export type SegmentEvents = {
	began(segment: number): void;
	/** Nothing will be written to it any more; its records end at `end`. */
	ended(segment: number, end: number): void;
};

type Active = NewSegment & { end: number };

const ignore = (): void => {};

export function logTail(input: {
	readonly files: SpoolFiles;
	readonly folder: Folder;
	/** Where the log ends. Writing begins with a new segment behind it. */
	readonly end: LogPosition;
	/** No number up to this one is given to a new segment. */
	readonly newestSegment: number;
	readonly events: SegmentEvents;
	readonly report: ReportTrouble;
	readonly now: () => number;
}): LogTail {
	const { files, folder, events, report, now } = input;
	let active: Active | undefined;
	let durable = input.end;
	let newestSegment = input.newestSegment;
	let isUnknown = false;
	let lastFlushMs = 0;

	const room = (): number => (active === undefined ? 0 : active.bytesMax - active.end);

	async function attempt(records: readonly Buffer[], where: 'present' | SegmentSource): Promise<Attempt> {
		let bytes = 0;
		for (const record of records) bytes += record.length;
		if (where !== 'present' || bytes > room()) {
			const failure = await advance(where === 'present' ? 'any' : where);
			if (failure !== undefined) return failure;
		}
		const target = active as Active;
		const { segment, salt, end: start } = target;
		let offset = start;
		for (const record of records) {
			placeRecord(record, { segment, salt, offset, durable: start }, crc);
			offset += record.length;
		}
		try {
			await writeAll(files, target.fd, records, start);
		} catch (error) {
			report({ kind: 'write-failed', segment, error: textOf(error) });
			await undo(target);
			return { kind: 'failed', error };
		}
		const began = performance.now();
		try {
			await files.fdatasync(target.fd);
		} catch (error) {
			await leave(target, error);
			return { kind: 'failed', error };
		}
		lastFlushMs = performance.now() - began;
		target.end = offset;
		durable = { segment, offset };
		return { kind: 'done', segment, start };
	}

	/** Until the next segment has its name the present one stays in use. */
	async function advance(source: SegmentSource): Promise<Attempt | undefined> {
		const segment = ++newestSegment;
		const header = {
			segment,
			previous: durable.segment,
			previousEnd: durable.offset,
			isPreviousAcknowledged: durable.segment !== input.end.segment,
			nowMs: now(),
		};
		const creation = await folder.create(header, source);
		if (creation.kind === 'created' || creation.isNamed) {
			await close();
			events.began(segment);
		}
		if (creation.kind === 'failed') {
			// The number is spent. `durable` stays: the next segment's header must name one that is surely there.
			if (creation.isNamed) events.ended(segment, segmentHeaderBytes);
			return { kind: 'failed', error: creation.error };
		}
		durable = { segment, offset: segmentHeaderBytes };
		active = { ...creation.created, end: segmentHeaderBytes };
		isUnknown = false;
		return undefined;
	}

	/** After a failed write: what was written of it is cut off, durably, or the segment is left. */
	async function undo(target: Active): Promise<void> {
		try {
			await files.truncate(target.fd, target.end);
			await files.fdatasync(target.fd);
		} catch (error) {
			await leave(target, error);
		}
	}

	/** The tail is unknown. Cutting it off is worth a try; what counts is that the next segment's header voids it. */
	async function leave(target: Active, error: unknown): Promise<void> {
		report({ kind: 'segment-left', segment: target.segment, error: textOf(error) });
		isUnknown = true;
		await files.truncate(target.fd, target.end).catch(ignore);
		await close();
	}

	async function close(): Promise<void> {
		if (active === undefined) return;
		const { fd, segment, end } = active;
		active = undefined;
		events.ended(segment, end);
		// What counts was flushed.
		await files.close(fd).catch(ignore);
	}

	return {
		attempt,
		advance,
		close,
		get room() {
			return room();
		},
		get durable() {
			return durable;
		},
		get isUnknown() {
			return isUnknown;
		},
		get lastFlushMs() {
			return lastFlushMs;
		},
	};
}
