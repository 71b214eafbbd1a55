/**
 * Following the log: batch after batch from the stored positions up to what is durable, into index, history, usage and counts.
 *
 * Synchronous and without a clock of its own, so that tests can drive it and stop it anywhere. History commits before the index,
 * because the index also notes how far history is on the disk; so do usage and counts, which spares the start a reading of the log between
 * the two. What is told to the spool as projected has been flushed by all: segments are deleted on the strength of it. Between
 * flushes commits are lazy, and a power failure repeats them from the log.
 *
 * An error leaves the projections where their last commits were; the owner closes, waits and opens anew, with the log's end as it
 * is by then.
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import { comparePositions, logStart } from '../../core/log/position.ts';
import type { LogEntry, LogPosition } from '../../ports/spool.ts';
import type { Refusal } from '../../ports/stats.ts';
import { createHistoryProjection } from './history-projection.ts';
import { createIndexProjection, type IndexProjection } from './index-projection.ts';
import type { Durability } from './projection.ts';
import { openQueueDatabase, readPosition } from './queue-database.ts';
import { DamagedIndex } from './queue-rows.ts';
import { type Database, failureOf, type OpenDatabase, openDatabase, removeDatabase } from './sqlite.ts';
import { type MailOwner, ownerOf, ownerOfRecord } from './stats-of-entry.ts';
import { createStatsProjection } from './stats-projection.ts';
import type { ReportTrouble } from './trouble.ts';
import { createUsageProjection } from './usage-projection.ts';

/** As io/spool/reader `readEntries`: visits every entry behind `from` up to `upTo`, in order. */
export type ReadEntries = (
	directory: string,
	from: LogPosition,
	upTo: LogPosition,
	visit: (entry: LogEntry, next: LogPosition) => void,
) => unknown;

export type FollowerInput = {
	readonly readEntries: ReadEntries;
	readonly logDirectory: string;
	readonly queuePath: string;
	readonly historyDirectory: string;
	/** Path of usage.db. */
	readonly usagePath: string;
	/** Path of stats.db. */
	readonly statsPath: string;
	/** End of the log at start: positions beyond it are of another log. */
	readonly logEnd: LogPosition;
	readonly report: ReportTrouble;
	readonly now: () => number;
	/** Messages, recipients and steps of one batch. Bounds memory and the time of a commit. */
	readonly batchWeightMax?: number;
	/** For tests that watch or break SQLite. */
	readonly openDatabase?: OpenDatabase;
	readonly chunkRecipientsMax?: number;
};

export type Follower = {
	/** Up to where all projections are committed. */
	readonly position: LogPosition;
	/** Up to where all are on the disk. */
	readonly synced: LogPosition;
	/** What was refused is counted with the next batch; if that fails, it is to be told again. */
	note(refusals: Iterable<Refusal>): void;
	/** Of messages that are over: the index keeps them no longer, from the next batch on. */
	forget(ids: readonly MessageId[]): void;
	/** One batch at most. Returns what it weighed; 0: nothing new. Throws the I/O error. */
	run(upTo: LogPosition, durability: Durability): number;
	close(): void;
};

const batchWeightDefault = 8000;

export function openFollower(input: FollowerInput): Follower {
	let durable = input.logEnd;
	const index = openIndex(input);
	const history = createHistoryProjection({
		directory: input.historyDirectory,
		position: earlier(index.historyPosition, input.logEnd),
		durable: () => durable,
		report: input.report,
		now: input.now,
		dayInput: { openDatabase: input.openDatabase, chunkRecipientsMax: input.chunkRecipientsMax },
	});
	const usage = createUsageProjection({
		path: input.usagePath,
		logEnd: input.logEnd,
		report: input.report,
		now: input.now,
		openDatabase: input.openDatabase,
	});
	const stats = createStatsProjection({
		path: input.statsPath,
		logEnd: input.logEnd,
		ownerOf: ownerOfMessage,
		report: input.report,
		now: input.now,
		openDatabase: input.openDatabase,
	});
	const all = [history, usage, stats, index] as const;
	const batchWeightMax = input.batchWeightMax ?? batchWeightDefault;
	const reached = (): LogPosition => all.map(({ position }) => position).reduce(earlier);
	let synced = reached();

	/** The index has seen the entry before the counts; where it is ahead of them, the history knows. */
	function ownerOfMessage(id: MessageId): MailOwner | undefined {
		const indexed = index.touched(id);
		if (indexed !== undefined) return ownerOf(indexed.message.account, indexed.message.scopes, indexed.isReport);
		const record = history.recordOf(id);
		return record === undefined ? undefined : ownerOfRecord(record);
	}

	/** What proves that queue.db is damaged removes it; whoever opens the follower again makes it anew. */
	function onIndex(work: () => void): void {
		try {
			work();
		} catch (error) {
			if (error instanceof DamagedIndex || failureOf(error) === 'corrupt') {
				index.close();
				removeDatabase(input.queuePath);
				input.report({ kind: 'index-rebuilt', why: (error as Error).message });
			}
			throw error;
		}
	}

	/** Hands entries to all until the batch is full. Returns what it weighs and where it ends. */
	function gather(from: LogPosition, upTo: LogPosition): { readonly weight: number; readonly end: LogPosition } {
		let weight = 0;
		let end = from;
		const full = new BatchFull();
		try {
			input.readEntries(input.logDirectory, from, upTo, (entry, next) => {
				if (weight >= batchWeightMax) throw full;
				onIndex(() => index.take(entry, next));
				history.take(entry, next);
				usage.take(entry, next);
				stats.take(entry, next);
				weight += weightOf(entry);
				end = next;
			});
		} catch (error) {
			if (error !== full) throw error;
			return { weight, end };
		}
		return { weight, end: upTo };
	}

	function commit(end: LogPosition, durability: Durability): void {
		history.commit(later(end, history.position), durability);
		usage.commit(later(end, usage.position), durability);
		stats.commit(later(end, stats.position), durability);
		if (durability === 'synced') index.noteHistory(history.position);
		onIndex(() => index.commit(later(end, index.position), durability));
		if (durability === 'synced') synced = reached();
	}

	/** A day was set aside: whoever opens the follower again is to read the log from its beginning, as we would. */
	function noteSetBack(): void {
		if (comparePositions(history.position, index.historyPosition) >= 0) return;
		index.noteHistory(history.position);
		onIndex(() => index.commit(index.position, 'synced'));
	}

	return {
		get position() {
			return reached();
		},
		get synced() {
			return synced;
		},
		note(refusals) {
			for (const refusal of refusals) stats.note(refusal);
		},
		forget: (ids) => onIndex(() => index.forget(ids)),
		run(upTo, durability) {
			if (comparePositions(upTo, durable) > 0) durable = upTo;
			const from = reached();
			try {
				const isBehind = comparePositions(from, upTo) < 0;
				const { weight, end } = isBehind ? gather(from, upTo) : { weight: 0, end: from };
				const isUnsynced = comparePositions(synced, end) < 0;
				if (isBehind || stats.hasNotes || (durability === 'synced' && isUnsynced)) commit(end, durability);
				return weight;
			} catch (error) {
				for (const projection of all) projection.discard();
				noteSetBack();
				throw error;
			}
		},
		close() {
			for (const projection of all) projection.close();
		},
	};
}

/** Ends the reading of a batch that is full. */
class BatchFull extends Error {}

const weightOf = (entry: LogEntry): number =>
	1 + (entry.kind === 'message' ? entry.record.envelope.recipients.length : entry.transitions.length);

const earlier = (one: LogPosition, other: LogPosition): LogPosition =>
	comparePositions(one, other) <= 0 ? one : other;
const later = (one: LogPosition, other: LogPosition): LogPosition => (comparePositions(one, other) >= 0 ? one : other);

/** Opens queue.db, or makes it anew when it cannot be believed. */
function openIndex(input: FollowerInput): IndexProjection {
	const { queuePath, logEnd, report, openDatabase: open = openDatabase } = input;
	const opened = tryOpen(open, queuePath);
	if ('database' in opened) {
		const position = readPosition(opened.database, 'index');
		if (comparePositions(position, logEnd) <= 0 || comparePositions(position, logStart) === 0)
			return createIndexProjection(opened.database);
		opened.database.close();
		report({ kind: 'index-rebuilt', why: 'it knew more than the log' });
	} else report({ kind: 'index-rebuilt', why: opened.unusable });
	removeDatabase(queuePath);
	const anew = tryOpen(open, queuePath);
	if ('unusable' in anew) throw new Error(`queue index: ${anew.unusable} although just made`);
	return createIndexProjection(anew.database);
}

function tryOpen(open: OpenDatabase, path: string): { readonly database: Database } | { readonly unusable: string } {
	try {
		return openQueueDatabase(path, open);
	} catch (error) {
		if (failureOf(error) !== 'corrupt') throw error;
		return { unusable: (error as Error).message };
	}
}
