/**
 * Entry of the thread that simulates: reads usage.db twice, tells how far it is, and ends with the result.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Account } from '@sluice/shared/words/account.ts';
import type { Level, StoredLimits } from '@sluice/shared/words/limits.ts';
import { createAccountBook } from '../core/identity/accounts.ts';
import { createLimitBook } from '../core/metering/book.ts';
import { ruleSetOf } from '../core/metering/rules.ts';
import { createSimulation, type SimulationResult } from '../core/metering/simulate.ts';
import { openUsageReader } from '../io/store/usage-reader.ts';

export type SimulateTask = {
	/** Path of usage.db. */
	readonly usagePath: string;
	readonly fromSecond: number;
	readonly toSecond: number;
	readonly accounts: readonly Account[];
	readonly completeMs: number | undefined;
	/** With the proposals in them. */
	readonly limits: readonly { readonly level: Level; readonly id: string; readonly limits: StoredLimits }[];
	readonly nowMs: number;
	readonly waitingRecipientsMax: number;
};

export type FromSimulation =
	| { readonly kind: 'progress'; readonly progress: number }
	| { readonly kind: 'done'; readonly result: SimulationResult };

/** Entries between two looks at the clock. */
const entriesPerLook = 20_000;
const tellEveryMs = 100;
/** Of those that would have been met most. */
const itemsMax = 100;

/** `tell`: how far it is, from 0 to 1. */
export function simulateUsage(task: SimulateTask, tell: (progress: number) => void): SimulationResult {
	const { usagePath, fromSecond, toSecond, nowMs, waitingRecipientsMax } = task;
	const accounts = createAccountBook(task.accounts);
	accounts.completeMs = task.completeMs;
	const book = createLimitBook();
	for (const { level, id, limits } of task.limits) book.set(level, id, limits);
	const simulation = createSimulation({
		waitingRecipientsMax,
		// No ramp: it is of the age that accounts had then. The list of accounts is never too old: it is the one there is.
		rulesOf: (chain) =>
			ruleSetOf(chain, {
				accounts,
				book,
				nowMs,
				ramp: { mode: 'off', days: 0, share: 1 },
				staleMs: Number.POSITIVE_INFINITY,
			}),
	});
	const reader = openUsageReader(usagePath);
	let entries = 0;
	let toldMs = performance.now();

	function tellNow(second: number, begun: number): void {
		if (entries++ % entriesPerLook !== 0 || performance.now() - toldMs < tellEveryMs) return;
		toldMs = performance.now();
		const share = (second - fromSecond) / Math.max(1, toSecond - fromSecond);
		tell(begun + Math.min(1, Math.max(0, share)) / 2);
	}

	for (const look of ['survey', 'arrive'] as const)
		reader?.read(fromSecond, (scopes, { kind, second, keys }, chain) => {
			tellNow(second, look === 'survey' ? 0 : 0.5);
			if (kind !== 'accepted' || keys.length === 0 || second < fromSecond || second > toSecond) return;
			simulation[look]({ scopes, second, keys, chain });
		});
	reader?.close();
	return simulation.result(toSecond);
}

if (parentPort !== null) {
	const port = parentPort;
	const tell = (message: FromSimulation): void => port.postMessage(message);
	tell({
		kind: 'done',
		result: trimmed(simulateUsage(workerData as SimulateTask, (progress) => tell({ kind: 'progress', progress }))),
	});
}

/** What is told of it. Accounts stay all: they are counted. */
function trimmed(result: SimulationResult): SimulationResult {
	return { ...result, items: result.items.slice(0, itemsMax) };
}
