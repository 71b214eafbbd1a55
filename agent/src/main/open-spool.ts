/**
 * Start of the spool: index, replay, open messages, usage, and the follower that keeps index, history, usage and counts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { createRecovery, type Recovery } from '../flow/recover.ts';
import { type OpenSpoolInput, openSpool as openLog } from '../io/spool/spool.ts';
import { createProjector } from '../io/store/projector.ts';
import { openQueueIndex, removeQueueIndex } from '../io/store/queue-index.ts';
import type { StoreTrouble } from '../io/store/trouble.ts';
import type { LogPosition, Spool } from '../ports/spool.ts';
import type { RefusalCounter } from '../ports/stats.ts';
import type { Projector } from '../ports/store.ts';
import type { EventSink } from '../ports/system.ts';
import { openUsage, type UsageReplay } from './open-usage.ts';

export type OpenedSpool = {
	readonly spool: Spool;
	readonly projector: Projector & RefusalCounter;
	readonly open: readonly QueuedMessage[];
	/** What is over and could be brought back. */
	readonly ended: readonly QueuedMessage[];
	/** For the meter, before anything new is accepted. */
	readonly usage: UsageReplay;
	/** How far the slower projection has come. */
	readonly projected: () => LogPosition | undefined;
};

export type SpoolParts = {
	readonly dataDir: string;
	readonly reportsHaveRoute: boolean;
	readonly settings: NonNullable<OpenSpoolInput['settings']>;
	readonly events: EventSink;
	readonly now: () => number;
	readonly spoolTrouble: NonNullable<OpenSpoolInput['report']>;
	readonly storeTrouble: (trouble: StoreTrouble) => void;
};

type Indexed = { readonly recovery: Recovery; readonly position: LogPosition | undefined };

/** An index that cannot be read is no loss: the log has it all. */
function loadIndex(parts: SpoolParts, queuePath: string): Indexed {
	const recovery = createRecovery(parts.reportsHaveRoute);
	try {
		const index = openQueueIndex(queuePath, parts.reportsHaveRoute);
		try {
			index.load((message) => recovery.load(message));
			return { recovery, position: index.position };
		} finally {
			index.close();
		}
	} catch (error) {
		parts.storeTrouble({ kind: 'index-rebuilt', why: error instanceof Error ? error.message : String(error) });
		removeQueueIndex(queuePath);
		return { recovery: createRecovery(parts.reportsHaveRoute), position: undefined };
	}
}

export async function openSpool(parts: SpoolParts): Promise<OpenedSpool> {
	const directory = join(parts.dataDir, 'spool');
	const historyDirectory = join(parts.dataDir, 'history');
	const queuePath = join(parts.dataDir, 'queue.db');
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	mkdirSync(historyDirectory, { recursive: true, mode: 0o700 });
	const beganMs = performance.now();
	let { recovery, position } = loadIndex(parts, queuePath);
	const usagePath = join(parts.dataDir, 'usage.db');
	const usage = openUsage({
		path: usagePath,
		logDirectory: directory,
		now: parts.now,
		report: parts.storeTrouble,
		failed: (error) =>
			parts.events.emit({ event: 'source.failed', atMs: parts.now(), where: 'usage at start', error: String(error) }),
	});
	const openAt = (from: LogPosition | undefined) =>
		openLog({
			directory,
			settings: parts.settings,
			visit(entry, next) {
				recovery.replay(entry);
				usage.take(entry, next);
			},
			report: parts.spoolTrouble,
			now: parts.now,
			...(from === undefined ? {} : { from }),
		});
	let opened = await openAt(position);
	if (opened.recovery.isFromBeyondEnd) {
		// The index knows more than the log: it belongs to another log, or the log was cut. The log is the truth.
		await opened.spool.stop();
		removeQueueIndex(queuePath);
		recovery = createRecovery(parts.reportsHaveRoute);
		position = undefined;
		usage.restart();
		opened = await openAt(undefined);
	}
	usage.ended(position);
	const { spool, recovery: replayed } = opened;
	const open = recovery.open();
	const ended = recovery.ended();
	for (const message of [...open, ...ended])
		spool.keep(message.id, { segment: message.segment, offset: message.offset, bytes: message.recordBytes });
	spool.kept();
	const { records, truncatedBytes, corruptRecords, corruptBytes, end } = replayed;
	parts.events.emit({
		event: 'spool.recovered',
		atMs: parts.now(),
		openMessages: open.length,
		recordsReplayed: records,
		truncatedBytes,
		corruptRecords,
		tookMs: Math.round(performance.now() - beganMs),
	});
	if (corruptRecords > 0)
		parts.events.emit({
			event: 'spool.corrupt',
			atMs: parts.now(),
			corruptRecords,
			corruptBytes,
			text: 'Damaged stretches of the log were passed over; all that follows them was read.',
		});
	const projector = createProjector({
		worker: new URL('./projector-worker.ts', import.meta.url),
		logDirectory: directory,
		queuePath,
		historyDirectory,
		usagePath,
		statsPath: join(parts.dataDir, 'stats.db'),
		logEnd: end,
		report: parts.storeTrouble,
	});
	const reached = new Map<string, LogPosition>();
	projector.onProjected((projection, at) => {
		reached.set(projection, at);
		spool.projected(projection, at);
	});
	spool.onDurable((at) => projector.advance(at));
	projector.advance(spool.durable());
	return {
		spool,
		projector,
		open,
		ended,
		usage,
		projected: () =>
			[...reached.values()].sort((one, other) => one.segment - other.segment || one.offset - other.offset)[0],
	};
}
