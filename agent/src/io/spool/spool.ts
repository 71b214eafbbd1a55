/**
 * The spool log: port `Spool` over a folder of segments.
 *
 * Opening replays the log from a position on, so that the caller knows what has happened since its index was written, and then
 * writes to a new segment: what an interrupted flush left at the old tail is void from then on. After the replay the caller
 * names every open message (`keep`), says so (`kept`), and from then on finished segments are cleared away.
 *
 * Here the parts meet; the format is in core/log/format.ts, the commit in writer.ts and tail.ts, what may go in ledger.ts, the reading in
 * reader.ts and scan.ts. Only one process may have a folder open; that is the caller's business.
 */

import type { MessageId } from '@sluice/shared/words/message.ts';
import { segmentHeaderBytes } from '../../core/log/format.ts';
import { comparePositions, logStart } from '../../core/log/position.ts';
import type { LogPosition, Spool } from '../../ports/spool.ts';
import { segmentBodies } from './bodies.ts';
import { bodyCache } from './cache.ts';
import type { SpoolFiles } from './files.ts';
import { nodeFiles } from './files.ts';
import type { Folder } from './folder.ts';
import { openFolder, writeAll } from './folder.ts';
import type { Ledger } from './ledger.ts';
import { segmentLedger } from './ledger.ts';
import type { ReadResult, SegmentFile } from './reader.ts';
import { listSegments, readLog } from './reader.ts';
import { encodeMessage, encodeTransitions } from './record.ts';
import type { VisitEntry } from './scan.ts';
import type { SpoolSettings } from './settings.ts';
import { spoolDefaults } from './settings.ts';
import { sharedReads } from './shared-reads.ts';
import { segmentSweep } from './sweep.ts';
import { logTail } from './tail.ts';
import type { ReportTrouble } from './trouble.ts';
import { groupWriter } from './writer.ts';

export type Recovery = {
	/** Entries told to `visit`. */
	readonly records: number;
	/** Bytes of a flush that was interrupted: never acknowledged, as far as can be known. Now void. */
	readonly truncatedBytes: number;
	/** Damaged stretches of what was acknowledged; each may have been several records. */
	readonly corruptRecords: number;
	readonly corruptBytes: number;
	/** Segments with damage. They are kept beside the log when they would go. */
	readonly damagedSegments: readonly number[];
	/** Where the replay ended: the first new record comes behind it. */
	readonly end: LogPosition;
	/** `from` lies behind the log's end: the index knows more than the log, and is not to be believed. */
	readonly isFromBeyondEnd: boolean;
	readonly tookMs: number;
};

export type OpenSpoolInput = {
	readonly directory: string;
	readonly settings?: Partial<SpoolSettings>;
	/** Called for every entry behind `from`, oldest first. */
	readonly visit: VisitEntry;
	/** Absent: from the oldest segment. */
	readonly from?: LogPosition;
	readonly report?: ReportTrouble;
	readonly files?: SpoolFiles;
	/** Epoch ms, for segment headers and `failing.sinceMs`. */
	readonly now?: () => number;
};

/** Opens the log and replays it. Rejects with the I/O error when it cannot be read, or ESPOOLNEWER. */
export async function openSpool(
	input: OpenSpoolInput,
): Promise<{ readonly spool: Spool; readonly recovery: Recovery }> {
	const { directory, files = nodeFiles, report = () => {}, now = Date.now } = input;
	const settings = { ...spoolDefaults, ...input.settings };
	const folder = await openFolder({ files, directory, settings });
	const segments = listSegments(files, directory);
	const newest = segments.at(-1);
	const { recovery, ledger, result } = replay(input, files, segments, settings);
	if (newest !== undefined && newest.segment === result.end.segment) await secureTail(files, newest.path, result);
	const reserveError = await folder.ensureReserve().catch((error: unknown) => error);
	const newestSegment = Math.max(newest?.segment ?? 0, input.from?.segment ?? 0);
	const spool = assemble({
		directory,
		files,
		report,
		now,
		settings,
		folder,
		ledger,
		recovery,
		newestSegment,
		reserveError,
	});
	return { spool, recovery };
}

/**
 * Makes durable what the replay has told of the last flush. After a kill it may be in the page cache alone, and after a flush
 * that failed the kernel may take it for written: so it is written again, and then flushed.
 */
async function secureTail(files: SpoolFiles, path: string, { durable, end }: ReadResult): Promise<void> {
	const fd = await files.open(path, 'existing');
	try {
		const tail = Buffer.alloc(Math.max(0, end.offset - durable.offset));
		const length = files.readAt(fd, tail, durable.offset);
		if (length > 0) await writeAll(files, fd, [tail.subarray(0, length)], durable.offset);
		await files.fdatasync(fd);
	} finally {
		await files.close(fd).catch(() => {});
	}
}

function replay(
	input: OpenSpoolInput,
	files: SpoolFiles,
	segments: readonly SegmentFile[],
	settings: SpoolSettings,
): { readonly recovery: Recovery; readonly ledger: Ledger; readonly result: ReadResult } {
	const began = performance.now();
	const from = input.from ?? logStart;
	const result = readLog({ files, segments, from, visit: input.visit });
	const ledger = segmentLedger(settings.projections);
	for (const { segment, fileBytes, knownEnd } of segments) {
		const end = knownEnd ?? (segment === result.end.segment ? result.end.offset : fileBytes);
		const isDamaged = result.damaged.includes(segment);
		ledger.add({
			segment,
			end,
			isEnded: true,
			isTrimmed: fileBytes <= end,
			isDamaged,
		});
	}
	const newest = segments.at(-1);
	const behindAll = newest === undefined ? logStart : { segment: newest.segment, offset: newest.fileBytes };
	const isFromBeyondEnd = comparePositions(from, behindAll) > 0;
	const recovery = {
		records: result.records,
		truncatedBytes: result.truncatedBytes,
		corruptRecords: result.corruptRecords,
		corruptBytes: result.corruptBytes,
		damagedSegments: result.damaged,
		end: result.end,
		isFromBeyondEnd,
		tookMs: performance.now() - began,
	};
	return { recovery, ledger, result };
}

function assemble(parts: {
	readonly directory: string;
	readonly files: SpoolFiles;
	readonly report: ReportTrouble;
	readonly now: () => number;
	readonly settings: SpoolSettings;
	readonly folder: Folder;
	readonly ledger: Ledger;
	readonly recovery: Recovery;
	readonly newestSegment: number;
	readonly reserveError: unknown;
}): Spool {
	const { files, folder, settings, ledger, report, now, newestSegment, reserveError } = parts;
	const listeners: ((position: LogPosition) => void)[] = [];
	const bodies = segmentBodies(files, parts.directory);
	const cache = bodyCache(settings.cacheBytesMax);
	const sweep = segmentSweep({
		ledger,
		folder,
		report,
		isReading: bodies.isReading,
		forget: bodies.forget,
	});
	const tail = logTail({
		files,
		folder,
		end: parts.recovery.end,
		newestSegment,
		report,
		now,
		events: {
			began: (segment) =>
				ledger.add({ segment, end: segmentHeaderBytes, isEnded: false, isTrimmed: false, isDamaged: false }),
			ended(segment, end) {
				ledger.ended(segment, end);
				sweep.wake();
			},
		},
	});
	const onDurable = (position: LogPosition): void => {
		ledger.grown(position);
		for (const listener of listeners) listener(position);
	};
	const writer = groupWriter({ tail, folder, settings, reserveError, onDurable, report, now });

	const reads = sharedReads(async (ref) => {
		const message = await bodies.read(ref);
		cache.put(ref, message);
		return message;
	});

	return {
		async append(record, body, extra) {
			const { bytes, body: stored } = encodeMessage({ record, ...extra }, body);
			const ref = await writer.write('message', bytes);
			ledger.keep(ref);
			cache.put(ref, { record, body: stored });
			return ref;
		},
		async record(transitions) {
			await writer.write('transitions', encodeTransitions(transitions));
		},
		read(ref) {
			const cached = cache.get(ref);
			return cached === undefined ? reads.read(ref) : Promise.resolve(cached);
		},
		keep: (_id: MessageId, ref) => ledger.keep(ref),
		kept() {
			ledger.isComplete = true;
			sweep.wake();
		},
		release(_id, ref) {
			cache.drop(ref);
			if (ledger.release(ref)) sweep.wake();
		},
		durable: () => tail.durable,
		projected(projection, position) {
			if (ledger.projected(projection, position)) sweep.wake();
		},
		sparse: () => ledger.sparse(settings.sparseShare),
		stats() {
			const { unflushed, failing } = writer;
			const { lastFlushMs } = tail;
			return {
				...ledger.totals(),
				unflushed,
				lastFlushMs,
				...(failing === undefined ? {} : { failing }),
			};
		},
		onDurable: (listener) => void listeners.push(listener),
		async stop() {
			await writer.stop();
			await tail.close();
			await sweep.stop();
			await bodies.close();
			await folder.close();
		},
	};
}
