/** A hundred thousand held recipients are let go, or sent to the waiting room, without a stall of the loop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import { createAccountBook } from '../core/identity/accounts.ts';
import { createLimitBook } from '../core/metering/book.ts';
import { createChains } from '../core/metering/chains.ts';
import { createMeter } from '../core/metering/meter.ts';
import { createRuleSets } from '../core/metering/rules.ts';
import { createWaitingRoom } from '../core/metering/waiting.ts';
import { createWarnings } from '../core/metering/warnings.ts';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import { createScheduler } from '../core/scheduling/scheduler.ts';
import type { Flow } from './context.ts';
import { review } from './review.ts';

const messages = 1000;
const recipientsEach = 100;
const all = messages * recipientsEach;
const limitValue = 250;
const scopes = ['server:server', 'account:a', 'domain:a.test', 'mailbox:m@a.test'];
const startMs = 1_800_000_000_000;

function heldFlow() {
	const accounts = createAccountBook();
	const limits = createLimitBook();
	limits.set('account', 'a', {
		base: { values: { 'hour.recipients': limitValue }, mode: 'enforce', author: 'admin root', setMs: startMs },
	});
	const scheduler = createScheduler();
	for (let sequence = 0; sequence < messages; sequence++) {
		const recipients = Array.from({ length: recipientsEach }, () => ({ state: 'held' }) as const);
		scheduler.add(queuedFixture({ sequence, scopes, recipients }), startMs);
	}
	const written: Transition[] = [];
	const flow = {
		clock: { now: () => Date.now() },
		events: { emit() {} },
		scheduler,
		spool: {
			async record(transitions: readonly Transition[]) {
				written.push(...transitions);
				await new Promise((resolve) => setImmediate(resolve));
			},
		},
		state: { audit() {}, get: () => undefined },
		acts: { underWay: 0 },
		accounts,
		limits,
		meter: createMeter(),
		chains: createChains({ accounts, book: limits, identitiesMax: () => 64 }),
		ruleSets: createRuleSets({
			accounts,
			book: limits,
			settings: () => ({ ramp: { mode: 'off', days: 7, share: 0.5 }, staleMs: 3_600_000 }),
		}),
		waiting: createWaitingRoom(),
		warnings: createWarnings(),
		episodes: new Map(),
		settings: () => ({ limits: { warnPercent: 80 } }),
		wakePace() {},
		wake() {},
	} as unknown as Flow;
	return { flow, written };
}

/** Longest turn of the loop while the work is done, ms of this thread's own processor time: others may keep the machine busy. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
	let longestMs = 0;
	let isDone = false;
	let lastMs = ownMs();
	const look = (): void => {
		const nowMs = ownMs();
		longestMs = Math.max(longestMs, nowMs - lastMs);
		lastMs = nowMs;
		if (!isDone) setImmediate(look);
	};
	setImmediate(look);
	await work();
	isDone = true;
	return longestMs;
}

function ownMs(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
}

const stallMsMax = 100;

for (const isNow of [false, true])
	test(`100,000 held recipients released ${isNow ? 'at once' : 'within a limit'} stall nothing`, async (context) => {
		const { flow, written } = heldFlow();
		const selector = { kind: 'account', id: 'a' } as const;
		const actor = { role: 'admin', id: 'root' } as const;
		let done: unknown;
		const stalledMs = await longestTurn(async () => {
			done = await review(flow, 'release', selector, 'ticket 1', actor, { isNow });
		});
		const waiting = isNow ? 0 : all - 200;
		assert.deepEqual(done, { ok: true, value: { recipients: all, messages, pending: 0, waiting } });
		// Messages of 100 leave whole: two of them fit into 250.
		assert.equal(written.filter(({ to }) => to === 'queued').length, all - waiting);
		assert.equal(written.filter(({ charge }) => charge !== undefined).length, all - waiting);
		assert.equal(written.filter(({ charge }) => charge?.messages === 1).length, isNow ? messages : 2);
		assert.equal(flow.meter.used('account:a', 'hour.recipients', Date.now()), all - waiting);
		assert.equal(flow.waiting.recipients, waiting);
		context.diagnostic(`longest turn ${Math.round(stalledMs)} ms`);
		assert.ok(stalledMs < stallMsMax, `${stalledMs} ms`);
	});
