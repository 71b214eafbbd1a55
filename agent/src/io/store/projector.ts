/**
 * The projector as the loop sees it: a thread that follows the log on its own, told how far it may read.
 *
 * `advance` comes with every flush, a thousand times a second; the thread hears of it a few times. When the thread dies it is
 * started again: all it knows is in its files.
 */
import { Worker } from 'node:worker_threads';
import { comparePositions } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import type { Refusal, RefusalCounter } from '../../ports/stats.ts';
import type { Projector } from '../../ports/store.ts';
import type { FromThread, ThreadData, ToThread } from './projector-thread.ts';
import type { ReportTrouble } from './trouble.ts';

export type ProjectorOptions = {
	/** The worker's entry module, which brings store and log reader together (main/projector-worker.ts). */
	readonly worker: URL;
	readonly logDirectory: string;
	/** Path of queue.db. */
	readonly queuePath: string;
	readonly historyDirectory: string;
	/** Path of usage.db. */
	readonly usagePath: string;
	/** Path of stats.db. */
	readonly statsPath: string;
	/** Where the replay of the log ended at start: an index that knows more is not of this log, and is made anew. */
	readonly logEnd: LogPosition;
	readonly report: ReportTrouble;
};

type Waiter = { readonly position: LogPosition; readonly resolve: () => void };

/** How often the thread is told of progress nobody waits for. */
const tellEveryMs = 100;
/** Refusals told at once; what is beyond is not counted. More than can be refused in that time. */
const refusalsTellMax = 5000;
const restartMs = 1000;
const stopMsMax = 15_000;
/** The thread's young generation: batches are read once and dropped. Keeps the process small. */
const youngMegabytes = 6;

/** Starts the follower of the log. */
export function createProjector(options: ProjectorOptions): Projector & RefusalCounter {
	const { report } = options;
	const listeners: ((projection: 'index' | 'history', position: LogPosition) => void)[] = [];
	let waiters: Waiter[] = [];
	let target = options.logEnd;
	let failure: string | undefined;
	let isStopping = false;
	let tellTimer: NodeJS.Timeout | undefined;
	let refusals: Refusal[] = [];
	let restartTimer: NodeJS.Timeout | undefined;
	let worker = start();

	function start(): Worker {
		const { logDirectory, queuePath, historyDirectory, usagePath, statsPath } = options;
		const workerData: ThreadData = { logDirectory, queuePath, historyDirectory, usagePath, statsPath, logEnd: target };
		const started = new Worker(options.worker, {
			workerData,
			name: 'projector',
			resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
		});
		started.on('message', hear);
		started.on('error', (error) => fail(error.message));
		started.on('exit', (code) => {
			if (isStopping || started !== worker) return;
			fail(failure ?? `the projector's thread ended with ${code}`);
			restartTimer = setTimeout(() => {
				worker = start();
				tell(waiters.length > 0);
			}, restartMs);
		});
		return started;
	}

	function hear(message: FromThread): void {
		switch (message.kind) {
			case 'reached':
				recovered();
				settleWaiters(message.position);
				return;
			case 'projected':
				for (const listener of listeners) {
					listener('history', message.position);
					listener('index', message.position);
				}
				return;
			case 'failed':
				fail(message.error);
				return;
			case 'trouble':
				report(message.trouble);
		}
	}

	function settleWaiters(position: LogPosition): void {
		if (waiters.length === 0) return;
		const isReached = (waiter: Waiter): boolean => comparePositions(waiter.position, position) <= 0;
		for (const waiter of waiters.filter(isReached)) waiter.resolve();
		waiters = waiters.filter((waiter) => !isReached(waiter));
	}

	function fail(error: string): void {
		if (failure === error) return;
		failure = error;
		report({ kind: 'projector-failed', error });
	}

	function recovered(): void {
		if (failure === undefined) return;
		failure = undefined;
		report({ kind: 'projector-recovered' });
	}

	function tell(isAwaited: boolean): void {
		clearTimeout(tellTimer);
		tellTimer = undefined;
		worker.postMessage({ kind: 'advance', position: target, refusals, isAwaited } satisfies ToThread);
		refusals = [];
	}

	function note(position: LogPosition): void {
		if (comparePositions(position, target) > 0) target = position;
	}

	return {
		advance(position) {
			note(position);
			tellTimer ??= setTimeout(() => tell(false), tellEveryMs);
		},
		refused(refusal) {
			if (refusals.length < refusalsTellMax) refusals.push(refusal);
			tellTimer ??= setTimeout(() => tell(false), tellEveryMs);
		},
		reached(position) {
			if (isStopping) return Promise.reject(new Error('the projector has been stopped'));
			note(position);
			const { promise, resolve } = Promise.withResolvers<void>();
			waiters.push({ position, resolve });
			tell(true);
			return promise;
		},
		forget(ids) {
			if (ids.length > 0) worker.postMessage({ kind: 'forget', ids } satisfies ToThread);
		},
		onProjected: (listener) => void listeners.push(listener),
		get failure() {
			return failure;
		},
		async stop() {
			isStopping = true;
			clearTimeout(restartTimer);
			if (worker.threadId > 0) {
				const ended = new Promise((resolve) => worker.once('exit', resolve));
				tell(false);
				worker.postMessage({ kind: 'stop' } satisfies ToThread);
				const deadline = setTimeout(() => void worker.terminate(), stopMsMax);
				await ended;
				clearTimeout(deadline);
			}
			clearTimeout(tellTimer);
		},
	};
}
