/**
 * Simulations: one at a time, each in a thread of its own that ends with it; the last few results are kept in memory.
 *
 * A thread gets the accounts and limits of the moment it starts, with the proposals standing before what is set. When it is done, the
 * history is asked which of the accounts that would have been met had mail refused by receivers for its content or its sender: those
 * whose mail the limits were made for.
 */
import { Worker } from 'node:worker_threads';
import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import type { StoredLimits } from '@sluice/shared/words/limits.ts';
import type { AccountBook } from '../core/identity/accounts.ts';
import type { LimitBook } from '../core/metering/book.ts';
import type { SimulationResult } from '../core/metering/simulate.ts';
import type { History } from '../ports/store.ts';
import type { Proposal, Simulations } from '../ports/usage.ts';
import type { FromSimulation, SimulateTask } from './simulate-worker.ts';

export type SimulationsParts = {
	/** Path of usage.db. */
	readonly usagePath: string;
	readonly accounts: AccountBook;
	readonly limits: LimitBook;
	readonly history: Pick<History, 'search'>;
	readonly waitingRecipientsMax: () => number;
	readonly now: () => number;
};

type Running = { readonly worker: Worker; readonly ended: Promise<unknown> };

/** Results that can still be asked for. */
const keptMax = 10;
/** Accounts of which the history is asked, those that would have been met most; and refusals looked at of each. */
const accountsAskedMax = 50;
const refusalsAskedMax = 500;
const daySeconds = 86_400;

export function createSimulations(parts: SimulationsParts): Simulations {
	const kept = new Map<string, SimulationDto>();
	let running: Running | undefined;
	let isStopped = false;
	let count = 0;

	function keep(simulation: SimulationDto): SimulationDto {
		kept.set(simulation.id, simulation);
		for (const [oldest] of kept) {
			if (kept.size <= keptMax) break;
			kept.delete(oldest);
		}
		return simulation;
	}

	const fail = (id: string, failure: string): void => {
		if (kept.get(id)?.state === 'running') keep({ id, state: 'failed', progress: 0, failure });
	};

	function hear(id: string, task: SimulateTask, message: FromSimulation): void {
		if (message.kind === 'progress') {
			// The history is asked last.
			keep({ id, state: 'running', progress: Math.min(0.99, message.progress) });
			return;
		}
		refusalsOf(parts.history, message.result, task.fromSecond * 1000)
			.then((refusals) => keep({ id, state: 'done', progress: 1, result: told(message.result, task, refusals) }))
			.catch((error: unknown) => fail(id, error instanceof Error ? error.message : String(error)));
	}

	return {
		start({ days, proposals }) {
			if (running !== undefined || isStopped) return 'busy';
			const nowMs = parts.now();
			count += 1;
			const id = `${Math.round(nowMs).toString(36)}-${count}`;
			const toSecond = Math.floor(nowMs / 1000);
			const task: SimulateTask = {
				usagePath: parts.usagePath,
				fromSecond: toSecond - days * daySeconds,
				toSecond,
				accounts: [...parts.accounts.all()],
				completeMs: parts.accounts.completeMs,
				limits: limitsWith(parts.limits, proposals, nowMs),
				nowMs,
				waitingRecipientsMax: parts.waitingRecipientsMax(),
			};
			const worker = new Worker(new URL('./simulate-worker.ts', import.meta.url), {
				workerData: task,
				name: 'simulate',
			});
			const { promise, resolve } = Promise.withResolvers<unknown>();
			let isDone = false;
			worker.on('message', (message: FromSimulation) => {
				isDone ||= message.kind === 'done';
				hear(id, task, message);
			});
			worker.on('error', (error) => fail(id, error.message));
			worker.on('exit', () => {
				running = undefined;
				if (!isDone) fail(id, 'it was ended');
				resolve(undefined);
			});
			running = { worker, ended: promise };
			return keep({ id, state: 'running', progress: 0 });
		},
		find: (id) => kept.get(id),
		async stop() {
			isStopped = true;
			const ending = running;
			await ending?.worker.terminate();
			await ending?.ended;
		},
	};
}

/** Limits as they are set now, with the proposals standing before them, rule by rule. */
export function limitsWith(book: LimitBook, proposals: readonly Proposal[], nowMs: number): SimulateTask['limits'] {
	const limits = new Map([...book.entries()].map((entry) => [`${entry.level}:${entry.id}`, entry]));
	for (const { level, id, limits: proposed } of proposals) {
		const { base, exception } = limits.get(`${level}:${id}`)?.limits ?? {};
		const present = exception !== undefined && exception.untilMs > nowMs ? exception.values : {};
		const before: StoredLimits = {
			...(base === undefined ? {} : { base }),
			exception: { ...proposed, values: { ...present, ...proposed.values }, untilMs: Number.POSITIVE_INFINITY },
		};
		limits.set(`${level}:${id}`, { level, id, limits: before });
	}
	return [...limits.values()];
}

/** How many recipients of each account were refused by receivers because of what was sent or who sent it. */
async function refusalsOf(
	history: Pick<History, 'search'>,
	{ accounts }: SimulationResult,
	sinceMs: number,
): Promise<ReadonlyMap<string, number>> {
	const refusals = new Map<string, number>();
	for (const account of accounts.slice(0, accountsAskedMax)) {
		const { items } = await history.search({ accounts: [account], state: 'bounced', sinceMs, limit: refusalsAskedMax });
		const refused = items
			.flatMap(({ recipients }) => recipients)
			.filter(({ state, cause }) => state === 'bounced' && (cause === 'content' || cause === 'sender-auth'));
		if (refused.length > 0) refusals.set(account, refused.length);
	}
	return refusals;
}

function told(
	result: SimulationResult,
	task: SimulateTask,
	refusals: ReadonlyMap<string, number>,
): NonNullable<SimulationDto['result']> {
	const { accounts, items, ...sums } = result;
	return {
		...sums,
		from: new Date(task.fromSecond * 1000).toISOString(),
		to: new Date(task.toSecond * 1000).toISOString(),
		accounts: accounts.length,
		refusedAccounts: refusals.size,
		text: sentence(sums.heldMessages, accounts.length, refusals.size),
		items: items.map((item) => ({ ...item, refusedByReceivers: refusals.get(item.account) ?? 0 })),
	};
}

const counted = (count: number, noun: string): string =>
	`${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

/** `would have held 214 messages of 9 accounts, 3 of which receivers had refused mail of` */
export function sentence(messages: number, accounts: number, refused: number): string {
	if (messages === 0) return 'would have held nothing';
	const which =
		refused === 0
			? accounts === 1
				? 'of which receivers had refused nothing'
				: 'none of which receivers had refused mail of'
			: `${refused.toLocaleString('en')} of which receivers had refused mail of`;
	return `would have held ${counted(messages, 'message')} of ${counted(accounts, 'account')}, ${which}`;
}
