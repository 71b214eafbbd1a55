/**
 * Reading the log: which segments there are, where each ends, and their entries in order.
 *
 * Where a segment ends is said by the header of the one written after it: what a failed or interrupted flush left behind that
 * end is void. Only the newest segment's end must be found by looking.
 *
 * Synchronous. Used at start, and by the worker that keeps the projections: main passes it this module's address, since io
 * folders do not import each other. Not here: reading one message (spool.ts).
 */
import { join } from 'node:path';
import {
	decodeRecordHeader,
	decodeSegmentHeader,
	recordHeaderBytes,
	segmentHeaderBytes,
	segmentName,
	segmentOfName,
} from '../../core/log/format.ts';
import { comparePositions } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import type { ReadFiles } from './files.ts';
import { readFiles } from './files.ts';
import { crc, spoolError } from './record.ts';
import type { VisitEntry } from './scan.ts';
import { scanSegment } from './scan.ts';
import { fileWindow } from './window.ts';

export type SegmentFile = {
	readonly segment: number;
	readonly path: string;
	/** Size of the file; of a recycled segment more than its records. */
	readonly fileBytes: number;
	/** Undefined: neither the header nor the first record can be read. */
	readonly salt: number | undefined;
	readonly isRecycled: boolean;
	/** Where its records end, when a later segment says so. */
	readonly knownEnd: number | undefined;
	/** Everything below `knownEnd` was acknowledged. */
	readonly isAcknowledged: boolean;
};

export type ReadResult = {
	readonly records: number;
	/** Stretches of what was acknowledged that hold no readable record; each may have been several. An unreadable segment is one. */
	readonly corruptRecords: number;
	readonly corruptBytes: number;
	/** Bytes of a flush that was interrupted. As far as can be known they were never acknowledged. */
	readonly truncatedBytes: number;
	/** Behind the last entry. */
	readonly end: LogPosition;
	/** Of the last segment: from here to `end` it may be in the page cache only. */
	readonly durable: LogPosition;
	/** Segments in which something was damaged. */
	readonly damaged: readonly number[];
};

/** Every segment from number `oldest` on, oldest first. Throws ESPOOLNEWER when a later version wrote the log. */
export function listSegments(files: ReadFiles, directory: string, oldest = 0): readonly SegmentFile[] {
	const numbers = files
		.list(directory)
		.flatMap((name) => segmentOfName(name, 'log') ?? [])
		.filter((segment) => segment >= oldest)
		.sort((one, other) => one - other);
	const ends = new Map<number, PreviousEnd>();
	const segments = numbers.flatMap((segment) => {
		const path = join(directory, segmentName(segment, 'log'));
		const opened = inspect(files, path, segment);
		if (opened?.previous !== undefined) ends.set(opened.previous.segment, opened.previous);
		return opened === undefined ? [] : { segment, path, ...opened };
	});
	return segments.map(({ segment, path, fileBytes, salt, isRecycled }) => {
		const known = ends.get(segment);
		const isAcknowledged = known?.isAcknowledged ?? false;
		return { segment, path, fileBytes, salt, isRecycled, knownEnd: known?.end, isAcknowledged };
	});
}

/** What a segment's header says of the one before it. */
type PreviousEnd = { readonly segment: number; readonly end: number; readonly isAcknowledged: boolean };

type Inspected = {
	readonly fileBytes: number;
	readonly salt: number | undefined;
	readonly isRecycled: boolean;
	readonly previous?: PreviousEnd;
};

/** Undefined: the file is gone. The spool deletes what all projections have passed while a follower lists the folder. */
function inspect(files: ReadFiles, path: string, segment: number): Inspected | undefined {
	let fd: number;
	try {
		fd = files.openForReading(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
	try {
		const fileBytes = files.sizeOf(fd);
		const block = Buffer.alloc(segmentHeaderBytes + recordHeaderBytes);
		files.readAt(fd, block, 0);
		const header = decodeSegmentHeader(block.subarray(0, segmentHeaderBytes), crc);
		if (header === 'newer') throw spoolError('ESPOOLNEWER', `${path} was written by a later version`);
		if (header !== 'damaged' && header.segment === segment) {
			const { salt, isRecycled, previous, previousEnd, isPreviousAcknowledged } = header;
			return {
				fileBytes,
				salt,
				isRecycled,
				previous: { segment: previous, end: previousEnd, isAcknowledged: isPreviousAcknowledged },
			};
		}
		// Both copies lost: the first record knows the salt, and nobody but us chooses what stands first.
		const first = decodeRecordHeader(block.subarray(segmentHeaderBytes), crc);
		const isOurs = first !== undefined && first.segment === segment && first.offset === segmentHeaderBytes;
		return {
			fileBytes,
			salt: isOurs ? first.salt : undefined,
			isRecycled: true,
		};
	} finally {
		files.closeNow(fd);
	}
}

/**
 * Reads entries from `from` on: up to `upTo`, which must be durable, else to the end of the log, where only what is whole
 * counts. Bodies are not read, save those of the last flush of a segment.
 */
export function readLog(input: {
	readonly files: ReadFiles;
	readonly segments: readonly SegmentFile[];
	readonly from: LogPosition;
	readonly upTo?: LogPosition;
	readonly visit: VisitEntry;
}): ReadResult {
	const { files, from, upTo, visit } = input;
	let records = 0;
	let corruptRecords = 0;
	let corruptBytes = 0;
	let truncatedBytes = 0;
	let end = from;
	let durable = from;
	const damaged: number[] = [];

	for (const file of input.segments) {
		const { segment, salt } = file;
		if (segment < from.segment || (upTo !== undefined && segment > upTo.segment)) continue;
		const start = segment === from.segment ? Math.max(from.offset, segmentHeaderBytes) : segmentHeaderBytes;
		const isLast = segment === upTo?.segment;
		const known = isLast ? upTo?.offset : file.knownEnd;
		const stop = known ?? file.fileBytes;
		if (salt === undefined) {
			damaged.push(segment);
			corruptRecords++;
			corruptBytes += Math.max(0, stop - start);
			end = { segment, offset: stop };
			durable = end;
			continue;
		}
		const fd = files.openForReading(file.path);
		try {
			const result = scanSegment({
				window: fileWindow(files, fd),
				segment,
				salt,
				from: start,
				end: stop,
				isRecycled: file.isRecycled,
				durable: isLast || file.isAcknowledged ? stop : start,
				visit,
			});
			records += result.records;
			corruptRecords += result.corruptRecords;
			corruptBytes += result.corruptBytes;
			truncatedBytes += result.tornBytes;
			if (result.corruptRecords > 0) damaged.push(segment);
			end = {
				segment,
				offset: known === undefined ? result.end : Math.max(start, known),
			};
			durable = { segment, offset: result.durable };
		} finally {
			files.closeNow(fd);
		}
	}
	return {
		records,
		corruptRecords,
		corruptBytes,
		truncatedBytes,
		end,
		durable,
		damaged,
	};
}

/**
 * Follows the log in another thread: every entry behind `from` up to `upTo`, which is a durable position of the running spool.
 * Calls `visit` with the entry and the position to go on from. Throws on a read error.
 */
export function readEntries(directory: string, from: LogPosition, upTo: LogPosition, visit: VisitEntry): ReadResult {
	if (comparePositions(from, upTo) >= 0) return nothingNew(from);
	const files = readFiles;
	return readLog({
		files,
		segments: segmentsBetween(files, directory, from, upTo),
		from,
		upTo,
		visit,
	});
}

const nothingNew = (end: LogPosition): ReadResult => ({
	records: 0,
	corruptRecords: 0,
	corruptBytes: 0,
	truncatedBytes: 0,
	end,
	durable: end,
	damaged: [],
});

/** As listSegments, without looking at the whole folder when both ends are in one segment. */
function segmentsBetween(
	files: ReadFiles,
	directory: string,
	from: LogPosition,
	upTo: LogPosition,
): readonly SegmentFile[] {
	if (from.segment !== upTo.segment) return listSegments(files, directory, from.segment);
	const path = join(directory, segmentName(upTo.segment, 'log'));
	const opened = inspect(files, path, upTo.segment);
	if (opened === undefined) throw spoolError('ESPOOLDAMAGED', `${path} is missing`);
	const { fileBytes, salt, isRecycled } = opened;
	return [
		{
			segment: upTo.segment,
			path,
			fileBytes,
			salt,
			isRecycled,
			knownEnd: undefined,
			isAcknowledged: false,
		},
	];
}
