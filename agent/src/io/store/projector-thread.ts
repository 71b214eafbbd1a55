/**
 * The projector's thread: when to run a batch, when to flush, what to do after an error.
 *
 * A batch runs some hundred milliseconds after new mail; when batches take long the pause grows with them, so that the thread
 * leaves most of a processor to the relay, and larger batches are cheaper. Somebody who waits makes it run at once. A full disk
 * or any other error closes everything, is told, and is tried again with growing pauses.
 *
 * Only positions come in, and only positions and troubles go out.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { comparePositions } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import type { Refusal } from '../../ports/stats.ts';
import { type Follower, openFollower, type ReadEntries } from './follower.ts';
import { bringDaysForward } from './history-versions.ts';
import type { Durability } from './projection.ts';
import type { StoreTrouble } from './trouble.ts';

export type ThreadData = {
	readonly logDirectory: string;
	readonly queuePath: string;
	readonly historyDirectory: string;
	readonly usagePath: string;
	readonly statsPath: string;
	readonly logEnd: LogPosition;
};

export type ToThread =
	/** `isAwaited`: run at once. */
	| {
			readonly kind: 'advance';
			readonly position: LogPosition;
			readonly refusals: readonly Refusal[];
			readonly isAwaited: boolean;
	  }
	| { readonly kind: 'forget'; readonly ids: readonly MessageId[] }
	| { readonly kind: 'stop' };

export type FromThread =
	| { readonly kind: 'reached'; readonly position: LogPosition }
	/** On the disk, in all projections. */
	| { readonly kind: 'projected'; readonly position: LogPosition }
	| { readonly kind: 'failed'; readonly error: string }
	| { readonly kind: 'trouble'; readonly trouble: StoreTrouble };

const pauseMsMin = 250;
const pauseMsMax = 1000;
/** The thread works one part in this many under steady load. */
const pausePerWork = 8;
/** Lazy commits are flushed at the latest after this. */
const syncEveryMs = 5000;
/** Kept while nothing can be written. */
const refusalsMax = 10_000;
const retryMsMin = 500;
const retryMsMax = 30_000;

/** The whole life of the worker. `readEntries` comes from the spool, which this folder does not know. */
export function runProjectorThread(readEntries: ReadEntries): void {
	if (parentPort === null) throw new Error('the projector runs in a worker thread');
	createLoop(parentPort, workerData as ThreadData, readEntries);
}

function createLoop(port: MessagePort, data: ThreadData, readEntries: ReadEntries): void {
	const tell = (message: FromThread): void => port.postMessage(message);
	let target = data.logEnd;
	let follower: Follower | undefined;
	let forgotten: readonly MessageId[] = [];
	/** Not yet committed: after an error they are noted anew. */
	let refusals: Refusal[] = [];
	let timer: NodeJS.Timeout | undefined;
	let timerAtMs = 0;
	let pauseMs = pauseMsMin;
	let retryMs = retryMsMin;
	let lastRunMs = Number.NEGATIVE_INFINITY;
	let lastSyncMs = performance.now();
	let told: LogPosition | undefined;
	let haveDaysBeenSeen = false;

	/** Runs the next turn in `delayMs`, unless one is due earlier. */
	function wake(delayMs: number): void {
		const atMs = performance.now() + delayMs;
		if (timer !== undefined && timerAtMs <= atMs) return;
		clearTimeout(timer);
		timerAtMs = atMs;
		timer = setTimeout(turn, delayMs);
	}

	function open(): Follower {
		if (!haveDaysBeenSeen) bringDaysForward(data.historyDirectory, (trouble) => tell({ kind: 'trouble', trouble }));
		haveDaysBeenSeen = true;
		return openFollower({
			...data,
			logEnd: target,
			readEntries,
			report: (trouble) => tell({ kind: 'trouble', trouble }),
			now: Date.now,
		});
	}

	function work(durability: Durability): Follower {
		follower ??= open();
		const beganMs = performance.now();
		follower.forget(forgotten);
		forgotten = [];
		follower.note(refusals);
		follower.run(target, durability);
		refusals = [];
		lastRunMs = performance.now();
		if (durability === 'synced') lastSyncMs = lastRunMs;
		pauseMs = Math.min(pauseMsMax, Math.max(pauseMsMin, pausePerWork * (lastRunMs - beganMs)));
		tell({ kind: 'reached', position: follower.position });
		if (told === undefined || comparePositions(told, follower.synced) !== 0) {
			told = follower.synced;
			tell({ kind: 'projected', position: told });
		}
		return follower;
	}

	/** Finished segments wait for a flush; so does whoever starts after a power failure. */
	function durabilityNow(): Durability {
		if (follower === undefined) return 'lazy';
		const isLong = performance.now() - lastSyncMs >= syncEveryMs;
		return isLong || follower.synced.segment !== follower.position.segment ? 'synced' : 'lazy';
	}

	function turn(): void {
		timer = undefined;
		try {
			const { position, synced } = work(durabilityNow());
			retryMs = retryMsMin;
			if (comparePositions(position, target) < 0) wake(0);
			else if (comparePositions(synced, position) < 0) wake(syncEveryMs);
		} catch (error) {
			fail(error);
			wake(retryMs);
			retryMs = Math.min(retryMsMax, 2 * retryMs);
		}
	}

	function fail(error: unknown): void {
		tell({ kind: 'failed', error: error instanceof Error ? error.message : String(error) });
		close();
	}

	function close(): void {
		try {
			follower?.close();
		} catch {
			// Its error was told already, or comes again when it is opened.
		}
		follower = undefined;
	}

	function stop(): void {
		clearTimeout(timer);
		try {
			work('synced');
		} catch (error) {
			fail(error);
		}
		close();
		port.close();
	}

	port.on('message', (message: ToThread) => {
		if (message.kind === 'stop') {
			stop();
			return;
		}
		if (message.kind === 'forget') {
			forgotten = [...forgotten, ...message.ids];
			return;
		}
		if (comparePositions(message.position, target) > 0) target = message.position;
		refusals = [...refusals, ...message.refusals].slice(0, refusalsMax);
		if (message.isAwaited) wake(0);
		else if (follower !== undefined) wake(Math.max(0, pauseMs - (performance.now() - lastRunMs)));
	});
	wake(0);
}
