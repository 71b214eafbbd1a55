/**
 * Dispatch: takes what the scheduler says may go and starts its delivery.
 *
 * Looks for work when woken (mail came, a delivery ended, an operator acted) and when the scheduler's clock says so. A turn
 * starts a bounded number of jobs and then lets others run. While a problem stops delivering nothing is started; what is under
 * way ends by itself. Not here: who goes next (core/scheduling), how (deliver.ts).
 */
import type { Job } from '../core/scheduling/scheduler.ts';
import type { Timer } from '../ports/clock.ts';
import { type Flow, reportError } from './context.ts';

export type Dispatcher = {
	/** From here on mail is sent. Before it waking does nothing: what a start has to do first is done first. */
	start(): void;
	wake(): void;
	/** Starts no more and resolves when everything under way has ended, or after `graceMs`. */
	drain(graceMs: number): Promise<void>;
};

/** Jobs started before other work gets its turn. */
const jobsPerTurn = 64;
/** Longest sleep; a clock that steps is noticed within it. */
const sleepMsMax = 60_000;

export function createDispatcher(flow: () => Flow, deliver: (flow: Flow, job: Job) => Promise<void>): Dispatcher {
	let turn: Timer | undefined;
	let alarm: Timer | undefined;
	let underWay = 0;
	let isStarted = false;
	let isDraining = false;
	let drained: (() => void) | undefined;

	const begin = async (job: Job): Promise<void> => {
		underWay += 1;
		try {
			await deliver(flow(), job);
		} catch (error) {
			reportError(flow(), 'deliver', error);
		} finally {
			underWay -= 1;
			if (underWay === 0) drained?.();
			wake();
		}
	};

	const run = (): void => {
		turn = undefined;
		alarm?.cancel();
		alarm = undefined;
		const { scheduler, clock, health } = flow();
		if (isDraining || !health.can('delivering')) return;
		const now = clock.now();
		for (let started = 0; started < jobsPerTurn; started++) {
			const job = scheduler.next(now);
			if (job === undefined) {
				const wakeMs = scheduler.nextWakeMs(now);
				if (wakeMs !== undefined) alarm = clock.after(Math.min(sleepMsMax, Math.max(1, wakeMs - now)), wake);
				return;
			}
			void begin(job);
		}
		wake();
	};

	const wake = (): void => {
		if (turn === undefined && isStarted && !isDraining) turn = flow().clock.after(0, run);
	};

	return {
		wake,
		start() {
			isStarted = true;
			wake();
		},
		async drain(graceMs) {
			isDraining = true;
			turn?.cancel();
			alarm?.cancel();
			if (underWay === 0) return;
			await new Promise<void>((resolve) => {
				const limit = flow().clock.after(graceMs, resolve);
				drained = () => {
					limit.cancel();
					resolve();
				};
			});
		},
	};
}
