/** The parts of a reconcile by themselves: turns, lock, mailboxes, waiting. Whole runs: test/cpanel/accounts.test.ts. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type PanelAccountDto, panelAccountSchema } from '@sluice/shared/contract/account-operations.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { ReconcileFailure } from './failure.ts';
import { takeLock } from './lock.ts';
import { readMailboxes } from './mailboxes.ts';
import type { ReconcileReport } from './reconcile.ts';
import { reportSentence } from './sentence.ts';
import { blankState, type KeptMailboxes } from './state.ts';
import { toldOf, turnsOf } from './turns.ts';
import { watchReconcile } from './watch.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-reconcile-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const account = (id: string, uid: number, since: string): PanelAccountDto =>
	panelAccountSchema.parse({ id, panel: 'cpanel', name: id, unixUsers: [{ name: id, uid }], since });

test('renamed: the same uid and start under another name; made again: a start after our last look', () => {
	const old = '2020-01-01T00:00:00.000Z';
	const lookMs = Date.parse('2026-06-01T00:00:00.000Z');
	const told = Object.fromEntries(
		[account('alice', 1, old), account('bob', 2, old)].map((one) => [one.id, toldOf(one)]),
	);
	const turns = (...accounts: PanelAccountDto[]) => turnsOf(accounts, { ...blankState, told, readMs: lookMs });
	const alice = account('alice', 1, old);
	assert.deepEqual(turns(alice, account('bob', 2, old)), { renamed: [], remade: [] });
	assert.deepEqual(turns(alice, account('robert', 2, old)).renamed, [{ from: 'bob', to: 'robert' }]);
	assert.deepEqual(turns(alice, account('robert', 3, old)).renamed, [], 'another unix user');
	assert.deepEqual(
		turns(alice, account('robert', 2, '2026-06-02T00:00:00.000Z')).renamed,
		[],
		'the uid was given again',
	);
	assert.deepEqual(
		turns(alice, account('bob', 2, old), account('twin', 2, old)).renamed,
		[],
		'the other is still there',
	);
	assert.deepEqual(turns(alice, account('bob', 9, '2026-06-02T00:00:00.000Z')).remade, ['bob']);
	// A corrected date must not drop held mail; nor a restore under a new uid.
	assert.deepEqual(turns(alice, account('bob', 2, '2019-01-01T00:00:00.000Z')).remade, []);
	assert.deepEqual(turns(alice, account('bob', 9, old)).remade, []);
	assert.deepEqual(
		turnsOf([account('bob', 2, '2026-06-02T00:00:00.000Z')], { ...blankState, told }).remade,
		[],
		'we have never looked',
	);
});

test('the lock: one holder; taken over from the dead, also when its id was given again', async () => {
	const path = join(folder, 'locks/lock');
	const first = await takeLock(path);
	assert.ok(first !== undefined);
	assert.equal(await takeLock(path), undefined);
	await first.release();
	const deadHolders = ['999999999 1\n', `${process.pid} 1\n`, '', 'rubbish'];
	for (const dead of Array.from({ length: 10 }, () => deadHolders).flat()) {
		writeFileSync(path, dead);
		const many = await Promise.all(Array.from({ length: 8 }, () => takeLock(path)));
		const held = many.filter((one) => one !== undefined);
		assert.equal(held.length, 1, JSON.stringify(dead));
		await held[0]?.release();
	}
	assert.equal(existsSync(path), false);
	assert.deepEqual(readdirSync(join(folder, 'locks')), [], 'nothing is left behind');
});

test('mailboxes: changed before unknown before old, within bounds; a failure keeps what was known', async () => {
	const stamps: { [home: string]: string } = { '/a': '1', '/b': '1', '/c': '1', '/d': '1' };
	const asked: string[] = [];
	let now = 1_000_000_000;
	const read = (kept: { [user: string]: KeptMailboxes }, readsMax = 10, costMs = 0) =>
		readMailboxes(
			['a', 'b', 'c', 'd'].map((id) => ({ id, domains: [] })),
			{
				api: {
					async mailboxes(user) {
						asked.push(user);
						now += costMs;
						return user === 'c' ? failed({ kind: 'refused', text: 'no' }) : ok([`x@${user}.test`]);
					},
				},
				files: { mailboxStamp: async (home) => stamps[home ?? ''] ?? '' },
				unixUsers: new Map(['a', 'b', 'c', 'd'].map((id) => [id, { uid: 1, home: `/${id}` }])),
				kept,
				now: () => now,
				bounds: { readsMax, budgetMs: 1000, atOnce: 1 },
			},
		);
	const first = await read({ c: { stamp: '0', readMs: now, items: ['old@c.test'] } });
	assert.deepEqual(asked.splice(0), ['c', 'a', 'b', 'd']);
	assert.deepEqual([first.read, first.failed, first.left, first.kept.c?.items], [4, 1, 0, ['old@c.test']]);
	assert.deepEqual(
		[(await read(first.kept)).read, asked.splice(0)],
		[0, []],
		'and a failure is not asked again at once',
	);
	// Whoever makes cPanel fail, and touches the files again and again, comes last: it may cost a minute each time.
	Object.assign(stamps, { '/c': '9', '/d': '9' });
	const { b: _unknown, ...rest } = first.kept;
	await read(rest);
	assert.deepEqual(asked.splice(0), ['d', 'b', 'c']);
	Object.assign(stamps, { '/c': '1', '/d': '2' });
	const bounded = await read({ d: first.kept.d ?? assert.fail() }, 1);
	assert.deepEqual([asked.splice(0), bounded.left], [['d'], 3]);
	now += 49 * 3_600_000;
	assert.equal((await read(first.kept)).read, 4, 'after two days each was asked anew');
	asked.length = 0;
	const slow = await read({}, 10, 600);
	assert.deepEqual([asked.splice(0).length, slow.left], [2, 2], 'within its time');
});

const report: ReconcileReport = {
	accounts: 3000,
	added: 0,
	changed: 0,
	gone: 0,
	unchanged: 3000,
	renamed: [],
	remade: [],
	isComplete: true,
	isBelieved: true,
	events: 0,
	quick: 0,
	plans: 0,
	mailboxesRead: 0,
	mailboxesLeft: 0,
	notes: [],
	processes: 3,
	ms: 900,
};

test('a run in one sentence', () => {
	assert.equal(reportSentence(report), '3,000 accounts: nothing changed (3 questions to cPanel, 0.9 s).');
	assert.equal(
		reportSentence({
			...report,
			added: 1,
			gone: 2,
			renamed: [{ from: 'a', to: 'b' }],
			isComplete: false,
			notes: ['odd'],
			plans: 1,
		}),
		'3,000 accounts: 1 new, 2 gone, a is b now, limits of 1 plan put; told as a part: nothing is taken away; odd (3 questions to cPanel, 0.9 s).',
	);
});

test('again and again: soon after a note, ever slower after failures, and at an end when stopped', {
	timeout: 30_000,
}, async () => {
	const spool = join(folder, 'spool');
	const failure: ReconcileFailure = { kind: 'panel', text: 'down' };
	let outcome: 'ok' | 'fail' = 'ok';
	const runs: (number | undefined)[] = [];
	const waits: number[] = [];
	let wake = (): void => {};
	const nth = async (count: number): Promise<void> => {
		while (runs.length < count)
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
	};
	const watching = watchReconcile({
		spool,
		async run() {
			for (const name of readdirSync(spool)) rmSync(join(spool, name));
			return outcome === 'ok' ? ok(report) : failed(failure);
		},
		onRun(done, retryInMs) {
			runs.push(retryInMs);
			// Notes do not shorten the wait after a failure.
			if (!done.ok) writeFileSync(join(spool, `${runs.length}.json`), '{}');
			waits.push(performance.now());
			wake();
		},
		times: { intervalMs: 600_000, gatherMs: 5, retryMs: 20, retryMaxMs: 60 },
	});
	await nth(1);
	outcome = 'fail';
	writeFileSync(join(spool, '1.json'), '{}');
	await nth(5);
	outcome = 'ok';
	await nth(6);
	assert.deepEqual(runs.slice(0, 5), [undefined, 20, 40, 60, 60]);
	assert.ok((waits[5] ?? 0) - (waits[1] ?? 0) >= 175, 'each waits its time');
	writeFileSync(join(spool, '2.json'), '{}');
	await nth(runs.length + 1);
	await watching.stop();
	const ended = runs.length;
	writeFileSync(join(spool, '3.json'), '{}');
	await watching.ended;
	assert.equal(runs.length, ended);
});

test('a tenant who goes on making mailboxes does not keep root at work', { timeout: 20_000 }, async () => {
	const spool = join(folder, 'busy');
	let [runs, workMs, beganMs] = [0, 0, 0];
	const { promise: enough, resolve } = Promise.withResolvers<void>();
	const watching = watchReconcile({
		spool,
		times: { intervalMs: 60_000, gatherMs: 1, retryMs: 60_000, retryMaxMs: 60_000 },
		async run() {
			const fromMs = performance.now();
			if (runs === 0) beganMs = fromMs;
			// A note comes whatever is done about the one before.
			writeFileSync(join(spool, `${runs}.json`), '{}');
			await new Promise((end) => setTimeout(end, 30));
			runs += 1;
			workMs += performance.now() - fromMs;
			if (runs === 6) resolve();
			return ok({} as ReconcileReport);
		},
		onRun: () => {},
	});
	await enough;
	const share = workMs / (performance.now() - beganMs);
	await watching.stop();
	assert.ok(share < 0.4, `at work ${Math.round(share * 100)} % of the time`);
});
