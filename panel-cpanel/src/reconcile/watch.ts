/**
 * Reconcile again and again: at intervals, and soon after a hook has left a note.
 *
 * Notes are waited for a moment, because one act in WHM fires several hooks. Tenants cause notes too (a mailbox made, and deleted, and made):
 * however many come, runs take at most a fifth of the time. After a failure the wait doubles, and notes do not shorten it: a
 * broken panel or a stopped agent is not asked ever faster. Not here: what a reconcile does (reconcile.ts).
 */
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Result } from '@sluice/shared/words/result.ts';
import type { ReconcileFailure } from './failure.ts';
import type { ReconcileReport } from './reconcile.ts';

export type WatchTimes = {
	readonly intervalMs: number;
	/** Between a note and the run. */
	readonly gatherMs: number;
	readonly retryMs: number;
	readonly retryMaxMs: number;
};
export const watchTimes: WatchTimes = { intervalMs: 300_000, gatherMs: 300, retryMs: 10_000, retryMaxMs: 900_000 };

/** Of the time that a run took: so long nothing is run again for a note. */
const restPerRun = 4;

export type Watching = {
	/** Waits for a run that is under way. */
	stop(): Promise<void>;
	/** Resolves when it has stopped, whoever stopped it. */
	readonly ended: Promise<void>;
};

type Watched = {
	readonly spool: string;
	readonly run: () => Promise<Result<ReconcileReport, ReconcileFailure>>;
	readonly onRun: (done: Result<ReconcileReport, ReconcileFailure>, retryInMs: number | undefined) => void;
	readonly times?: WatchTimes;
};

export function watchReconcile({ spool, run, onRun, times = watchTimes }: Watched): Watching {
	mkdirSync(spool, { recursive: true, mode: 0o700 });
	let isStopped = false;
	let wake = (): void => {};
	let isNoted = false;
	// An inotify watch that cannot be had costs nothing but time: the interval stays.
	let watcher: FSWatcher | undefined;
	try {
		watcher = watch(spool, (_, name) => {
			if (name?.endsWith('.json') !== true) return;
			isNoted = true;
			wake();
		});
		watcher.on('error', () => watcher?.close());
	} catch {
		watcher = undefined;
	}

	/** Resolves after the time, when stopped, and with `endsEarly` when a note has come. */
	const rest = (ms: number, endsEarly: boolean): Promise<void> =>
		new Promise((resolve) => {
			const done = (): void => {
				clearTimeout(timer);
				wake = () => {};
				resolve();
			};
			const timer = setTimeout(done, ms);
			wake = () => {
				if (isStopped || endsEarly) done();
			};
			if (isStopped || (endsEarly && isNoted)) done();
		});

	const loop = async (): Promise<void> => {
		let failures = 0;
		while (!isStopped) {
			isNoted = false;
			const beganMs = performance.now();
			const done = await run();
			const endedMs = performance.now();
			const againMs = endedMs + Math.min((endedMs - beganMs) * restPerRun, times.intervalMs);
			const isFailure = !done.ok && done.error.kind !== 'busy';
			failures = isFailure ? failures + 1 : 0;
			const retryMs = Math.min(times.retryMs * 2 ** (failures - 1), times.retryMaxMs);
			onRun(done, isFailure ? retryMs : undefined);
			if (isFailure) {
				await rest(retryMs, false);
				continue;
			}
			// What came during the run was perhaps read too late for it.
			if (await hasNotes(spool)) isNoted = true;
			await rest(times.intervalMs, true);
			if (isNoted && !isStopped) await rest(Math.max(times.gatherMs, againMs - performance.now()), false);
		}
		watcher?.close();
	};
	const ended = loop();
	return {
		ended,
		stop() {
			isStopped = true;
			wake();
			return ended;
		},
	};
}

const hasNotes = async (spool: string): Promise<boolean> =>
	(await readdir(spool).catch(() => [] as string[])).some((name) => name.endsWith('.json'));
