import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import type { LimitRule, LimitSet } from '@sluice/shared/words/limits.ts';
import { createAccountBook } from '../core/identity/accounts.ts';
import { createLimitBook } from '../core/metering/book.ts';
import { exampleMs, exampleRecord, memoryLog, openExample, runAll } from '../io/store/testing.ts';
import type { History, MessageQuery } from '../ports/store.ts';
import type { Simulations } from '../ports/usage.ts';
import { createSimulations, limitsWith, sentence } from './simulations.ts';

const hourMs = 3_600_000;
const nowMs = exampleMs + 5 * hourMs;

const limitsOf = (values: { readonly [R in LimitRule]?: number }): LimitSet => ({
	values,
	mode: 'monitor',
	author: 'admin root',
	setMs: 0,
});

/** Two accounts that send a message every minute for two hours; what receivers refused, by account. */
function lived(context: TestContext, refused: { readonly [account: string]: string } = {}) {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-simulate-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const log = memoryLog();
	const { follower, usagePath } = openExample(folder, log);
	for (let minute = 0; minute < 120; minute++)
		for (const account of ['shop', 'club'])
			log.message(
				exampleRecord(2 * minute, {
					atMs: exampleMs + minute * 60_000,
					recipients: [`r${minute}@one.test`],
					scopes: ['server:server', `account:${account}`],
				}),
			);
	runAll(follower, log);
	follower.close();
	const limits = createLimitBook();
	const asked: MessageQuery[] = [];
	const history: Pick<History, 'search'> = {
		async search(query) {
			asked.push(query);
			const cause = refused[query.accounts?.[0] ?? ''];
			const recipient = { address: 'a@one.test', state: 'bounced', attempts: 1, atMs: exampleMs } as const;
			const recipients = cause === undefined ? [recipient] : [recipient, { ...recipient, cause }];
			const summary = {
				id: '',
				acceptedMs: 0,
				account: '',
				identity: '',
				class: '',
				sender: '',
				subject: '',
				bytes: 0,
			};
			return { items: [{ ...summary, recipientCount: 1, recipients }] };
		},
	};
	const simulations = createSimulations({
		usagePath,
		accounts: createAccountBook(),
		limits,
		history,
		waitingRecipientsMax: () => 20_000,
		now: () => nowMs,
	});
	context.after(() => simulations.stop());
	return { simulations, limits, asked, usagePath };
}

async function done(simulations: Simulations, started: SimulationDto | 'busy'): Promise<SimulationDto> {
	assert.ok(started !== 'busy');
	const deadlineMs = performance.now() + 30_000;
	for (;;) {
		const found = simulations.find(started.id);
		assert.ok(found !== undefined);
		if (found.state !== 'running') return found;
		assert.ok(performance.now() < deadlineMs, 'in time');
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

test('a proposal tells what it would have held, of whom, and of whom receivers refused mail', async (context) => {
	const { simulations, limits, asked } = lived(context, { shop: 'content' });
	limits.set('account', 'club', { base: limitsOf({ 'hour.recipients': 1000 }) });
	const proposals = (['shop', 'club'] as const).map((id) => ({
		level: 'account' as const,
		id,
		limits: limitsOf({ 'hour.recipients': id === 'shop' ? 10 : 50 }),
	}));
	const started = simulations.start({ days: 1, proposals });
	assert.equal(simulations.start({ days: 1, proposals: [] }), 'busy');
	const { state, progress, result } = await done(simulations, started);
	assert.deepEqual([state, progress], ['done', 1]);
	assert.ok(result !== undefined);
	assert.deepEqual(
		[result.messages, result.recipients, result.accounts, result.refusedAccounts, result.stillWaiting],
		[240, 240, 2, 1, 69],
	);
	assert.equal(
		result.text,
		`would have held ${result.heldMessages} messages of 2 accounts, 1 of which receivers had refused mail of`,
	);
	assert.deepEqual(
		result.items.map(({ account, rule, refusedByReceivers }) => [account, rule, refusedByReceivers]),
		[
			['shop', 'hour.recipients', 1],
			['club', 'hour.recipients', 0],
		],
	);
	assert.deepEqual(
		asked.map(({ accounts, state: asks, sinceMs }) => [accounts, asks, sinceMs]),
		[
			[['shop'], 'bounced', nowMs - 24 * hourMs],
			[['club'], 'bounced', nowMs - 24 * hourMs],
		],
	);
});

test('without limits nothing would have been held; monitored ones that are set count as enforced', async (context) => {
	const { simulations, limits } = lived(context);
	const free = await done(simulations, simulations.start({ days: 1, proposals: [] }));
	assert.deepEqual(
		[free.result?.messages, free.result?.heldMessages, free.result?.text],
		[240, 0, 'would have held nothing'],
	);
	limits.set('account', 'shop', { base: limitsOf({ 'hour.messages': 30 }) });
	await new Promise((resolve) => setImmediate(resolve));
	let started = simulations.start({ days: 1, proposals: [] });
	const deadlineMs = performance.now() + 10_000;
	for (; started === 'busy' && performance.now() < deadlineMs; started = simulations.start({ days: 1, proposals: [] }))
		await new Promise((resolve) => setTimeout(resolve, 10));
	const limited = await done(simulations, started);
	assert.ok((limited.result?.heldMessages ?? 0) > 0);
	assert.notEqual(simulations.find(free.id), undefined, 'an earlier result can still be asked for');
	assert.equal(simulations.find('other'), undefined);
});

test('a simulation that fails says so', async (context) => {
	const { simulations, usagePath } = lived(context);
	writeFileSync(usagePath, 'not a database '.repeat(1000));
	const { state, failure } = await done(simulations, simulations.start({ days: 1, proposals: [] }));
	assert.equal(state, 'failed');
	assert.match(failure ?? '', /database/);
});

test('stopping ends one that is running', async (context) => {
	const { simulations } = lived(context);
	const started = simulations.start({ days: 1, proposals: [] });
	assert.ok(started !== 'busy');
	await simulations.stop();
	assert.equal(simulations.find(started.id)?.state, 'failed');
	assert.equal(simulations.start({ days: 1, proposals: [] }), 'busy');
});

test('a proposal stands before what is set, number by number', () => {
	const book = createLimitBook();
	book.set('account', 'shop', {
		base: limitsOf({ 'hour.recipients': 100, 'day.recipients': 500 }),
		exception: { ...limitsOf({ 'hour.recipients': 300, 'hour.messages': 20 }), untilMs: nowMs + 1 },
	});
	const [limits] = limitsWith(
		book,
		[{ level: 'account', id: 'shop', limits: limitsOf({ 'hour.recipients': 10 }) }],
		nowMs,
	);
	assert.deepEqual(limits?.limits.exception?.values, { 'hour.recipients': 10, 'hour.messages': 20 });
	assert.deepEqual(limits?.limits.base?.values, { 'hour.recipients': 100, 'day.recipients': 500 });
});

test('the sentence reads well in all numbers', () => {
	assert.equal(
		sentence(214, 9, 3),
		'would have held 214 messages of 9 accounts, 3 of which receivers had refused mail of',
	);
	assert.equal(sentence(1, 1, 0), 'would have held 1 message of 1 account, of which receivers had refused nothing');
	assert.equal(sentence(0, 0, 0), 'would have held nothing');
});
