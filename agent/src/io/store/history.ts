/**
 * Questions to the history, answered in a thread that starts with the first one and ends when nobody has asked for a while.
 */
import { Worker } from 'node:worker_threads';
import type { History, MessageHead, MessageLife, MessageSummary } from '../../ports/store.ts';
import type { Answer, Asked, Question } from './history-thread.ts';

export type HistoryOptions = {
	/** The query worker's entry module (main/history-worker.ts). */
	readonly worker: URL;
	readonly directory: string;
	/** Path of usage.db, of which the same days are kept. Absent: none is. */
	readonly usagePath?: string;
	/** Path of stats.db, likewise. */
	readonly statsPath?: string;
};

/** Why a question was not answered. `cursor`: not one of ours; `busy`: too many are waiting. */
export class HistoryError extends Error {
	readonly code: 'cursor' | 'busy' | 'failed' | 'stopped';
	constructor(code: HistoryError['code'], message: string) {
		super(message);
		this.code = code;
	}
}

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** Questions that may wait at once. */
const waitingMax = 64;
const idleMs = 60_000;
/** Searches read and drop rows; a small young generation keeps the process small. */
const youngMegabytes = 16;

/** Questions to the history; the worker starts with the first. Promises reject with HistoryError. */
export function createHistory(options: HistoryOptions): History {
	const waiting = new Map<number, Waiting>();
	let worker: Worker | undefined;
	let idleTimer: NodeJS.Timeout | undefined;
	let count = 0;
	let isStopped = false;

	function start(): Worker {
		const started = new Worker(options.worker, {
			workerData: { directory: options.directory, usagePath: options.usagePath, statsPath: options.statsPath },
			name: 'history',
			resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
		});
		const ended = (why: string): void => {
			if (worker !== started) return;
			worker = undefined;
			for (const { reject } of waiting.values()) reject(new HistoryError('failed', why));
			waiting.clear();
		};
		started.on('message', (answer: Answer) => settle(started, answer));
		started.on('error', (error) => ended(error.message));
		started.on('exit', () => ended('the query thread has ended'));
		return started;
	}

	function settle(from: Worker, answer: Answer): void {
		const asked = waiting.get(answer.number);
		waiting.delete(answer.number);
		if ('error' in answer) asked?.reject(new HistoryError(answer.code, answer.error));
		else asked?.resolve(answer.value);
		if (waiting.size > 0) return;
		// An idle thread keeps nobody from leaving.
		from.unref();
		idleTimer = setTimeout(() => void endWorker(), idleMs);
		idleTimer.unref();
	}

	async function endWorker(): Promise<void> {
		const ending = worker;
		worker = undefined;
		await ending?.terminate();
	}

	function ask(question: Question): Promise<unknown> {
		if (isStopped) return Promise.reject(new HistoryError('stopped', 'the history has been stopped'));
		if (waiting.size >= waitingMax)
			return Promise.reject(new HistoryError('busy', 'too many questions to the history at once'));
		clearTimeout(idleTimer);
		worker ??= start();
		worker.ref();
		const number = count++;
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		waiting.set(number, { resolve, reject });
		worker.postMessage({ number, question } satisfies Asked);
		return promise;
	}

	return {
		search: async (query) =>
			(await ask({ kind: 'search', query })) as { items: readonly MessageSummary[]; next?: string },
		life: async (message) => (await ask({ kind: 'life', message })) as MessageLife | undefined,
		heads: async (messages) => (await ask({ kind: 'heads', messages })) as readonly MessageHead[],
		retain: async (bounds) => (await ask({ kind: 'retain', bounds })) as readonly string[],
		async stop() {
			isStopped = true;
			clearTimeout(idleTimer);
			for (const { reject } of waiting.values()) reject(new HistoryError('stopped', 'the history has been stopped'));
			waiting.clear();
			await endWorker();
		},
	};
}
