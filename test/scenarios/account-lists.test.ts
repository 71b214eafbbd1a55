/**
 * Lists of accounts: large ones, old ones, two at once, ones that lost many, and what is no list at all.
 */
import assert from 'node:assert/strict';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { takeList } from '@sluice/agent/flow/account-list.ts';
import { panelAccountOf } from '@sluice/agent/main/api/accounts.ts';
import { panelAccountSchema } from '@sluice/shared/contract/account-operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given } from './acts.ts';
import { ask, problemOf } from './http.ts';
import { accountTold, nextRevision, putList, putOne, removed, type Told } from './panel.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const many = (count: number): Told[] =>
	Array.from({ length: count }, (_, index) => ({
		id: `acc${index}`,
		reseller: `reseller${index % 20}`,
		plan: `plan${index % 5}`,
		domains: [`acc${index}.test`, `www.acc${index}.test`, `shop${index}.test`],
		mailboxes: Array.from({ length: 8 }, (_unused, box) => `box${box}@acc${index}.test`),
		unixUsers: [{ name: `acc${index}`, uid: 10_000 + index }],
	}));

const put = (rig: Rig, body: unknown) =>
	ask(rig.agent.socketPath, { method: 'PUT', path: '/v1/accounts', body: JSON.stringify(body) });

const typeOf = (result: { ok: boolean } | { ok: false; error: unknown }): string =>
	'error' in result ? String((result.error as { problem?: { type?: string } }).problem?.type) : 'ok';

/**
 * While the work is done: milliseconds it took, how many of them on a core (client and agent are one process), and the longest time that
 * the loop stood still.
 */
async function timed(work: () => Promise<unknown>) {
	const delay = monitorEventLoopDelay({ resolution: 1 });
	delay.enable();
	const startMs = performance.now();
	const start = process.cpuUsage();
	await work();
	const { user, system } = process.cpuUsage(start);
	const ms = performance.now() - startMs;
	// The histogram sees a stall at its end.
	await new Promise((resolve) => setTimeout(resolve, 5));
	delay.disable();
	return { ms, cpuMs: (user + system) / 1000, stallMs: delay.max / 1e6 };
}

test('10,000 accounts in one call under 2 s, and mail goes on meanwhile', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	const told = many(10_000);
	const bodyOf = (items: readonly Told[]): string =>
		JSON.stringify({ revision: nextRevision(), complete: true, items: items.map(accountTold) });
	const asks = (body: string) => async () => {
		const answer = await ask(rig.agent.socketPath, { method: 'PUT', path: '/v1/accounts', body });
		assert.equal(answer.status, 200, answer.text.slice(0, 300));
		return answer.json;
	};
	const half = told.map((one, index) => (index % 2 === 0 ? one : { ...one, plan: 'another' }));
	const bodies = { new: bodyOf(told), unchanged: bodyOf(told), 'half changed': bodyOf(half) };
	for (const [name, body] of Object.entries(bodies)) {
		const { ms, cpuMs, stallMs } = await timed(asks(body));
		context.diagnostic(
			`10,000 accounts, ${name}: ${(body.length / 1e6).toFixed(1)} MB in ${ms.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of a core), longest stall ${stallMs.toFixed(0)} ms`,
		);
		// Of a core: other suites may run beside this one.
		assert.ok(cpuMs < 2000, `${name}: ${cpuMs} ms`);
	}
	const listed = rig.events.filter(({ event }) => event === 'account.listed');
	assert.deepEqual(
		listed.map(({ added, changed, gone, unchanged }) => [added, changed, gone, unchanged]),
		[
			[10_000, 0, 0, 0],
			[0, 0, 0, 10_000],
			[0, 5000, 0, 5000],
		],
	);
	assert.ok(rig.count('account.changed') <= 200);
	const id = await rig.send({ to: ['bulk@ok.test'], sender: mailbox('box3@acc4321.test') });
	assert.equal((await rig.trace(id)).from.account, 'acc4321');
	// All pages, each account once.
	const seen: string[] = [];
	let cursor: string | undefined;
	const { ms, stallMs } = await timed(async () => {
		do {
			const query = { sort: 'name', limit: '1000', ...(cursor === undefined ? {} : { cursor }) } as const;
			const page = given(await rig.client.call('listAccounts', { query }));
			assert.equal(page.total, 10_000);
			seen.push(...page.items.map(({ key }) => key));
			cursor = page.next;
		} while (cursor !== undefined);
	});
	context.diagnostic(`all pages in ${ms.toFixed(0)} ms, longest stall ${stallMs.toFixed(0)} ms`);
	assert.equal(new Set(seen).size, 10_000);
	const one = given(await rig.client.call('listAccounts', { query: { search: 'SHOP77.' } }));
	assert.deepEqual([one.items.map(({ id: found }) => found), one.total], [['acc77'], 1]);
	const sold = given(
		await rig.client.call('listAccounts', { query: { reseller: 'reseller3', plan: 'another', limit: '5' } }),
	);
	assert.deepEqual([sold.items.length, sold.total], [5, 500]);
	const again = await rig.restart();
	assert.equal(again.agent.flow.accounts.living, 10_000);
});

test('an older revision than the last is refused, whoever asks; the same again is no news', async (context) => {
	const rig = await startRig(context, { internet });
	await putList(rig, [{ id: 'a' }, { id: 'b' }], { revision: 1_000_000 });
	const stale = await put(rig, { revision: 999_999, complete: true, items: [] });
	assert.equal(problemOf(stale), '409 stale-revision');
	const { id: _a, ...a } = accountTold({ id: 'a', plan: 'Basic' });
	const { call } = rig.client;
	assert.equal(
		typeOf(await call('putAccount', { params: { id: 'a' }, body: { ...a, revision: 999_999 } })),
		'urn:sluice:stale-revision',
	);
	assert.equal(
		typeOf(await call('deleteAccount', { params: { id: 'a' }, query: { revision: '5' } })),
		'urn:sluice:stale-revision',
	);
	assert.equal(
		typeOf(await call('renameAccount', { params: { id: 'a' }, body: { id: 'c', revision: 5 } })),
		'urn:sluice:stale-revision',
	);
	// The answer was lost, the panel asks again: fine. Something else under the same number: not.
	const again = await putList(rig, [{ id: 'b' }, { id: 'a' }], { revision: 1_000_000 });
	assert.deepEqual([again.unchanged, again.added], [2, 0]);
	const other = await put(rig, { revision: 1_000_000, complete: false, items: [accountTold({ id: 'a', plan: 'X' })] });
	assert.equal(problemOf(other), '409 stale-revision');
	assert.equal(rig.agent.flow.accounts.find('a')?.plan, undefined);
	const next = await rig.restart();
	assert.equal(problemOf(await put(next, { revision: 999_999, complete: true, items: [] })), '409 stale-revision');
});

test('two panels that write at once: one list after the other, and the older is refused', async (context) => {
	const rig = await startRig(context, { internet });
	const body = (revision: number, plan: string) => ({
		revision,
		complete: true,
		items: many(3000).map((one) => accountTold({ ...one, plan })),
	});
	const [newer, older] = await Promise.all([put(rig, body(20, 'newer')), put(rig, body(10, 'older'))]);
	const plans = new Set([...rig.agent.flow.accounts.all()].map(({ plan }) => plan));
	assert.deepEqual(plans, new Set(['newer']));
	assert.equal(newer.status, 200);
	if (older.status !== 200) assert.equal(problemOf(older), '409 stale-revision');
	// Both at once, and the state is one of the two whole lists.
	const answers = await Promise.all([put(rig, body(30, 'left')), put(rig, body(30, 'right'))]);
	assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
	assert.equal(new Set([...rig.agent.flow.accounts.all()].map(({ plan }) => plan)).size, 1);
});

test('a list that the disk took in part is done by the next, over a restart too', async (context) => {
	const rig = await startRig(context, { internet });
	await putList(rig, many(5));
	const { flow } = rig.agent;
	let portions = 0;
	const state: typeof flow.state = {
		...flow.state,
		putDocuments(kind, entries) {
			portions += 1;
			if (portions > 2) throw new Error('no space left on device');
			flow.state.putDocuments(kind, entries);
		},
	};
	const items = many(1500).map((told) => panelAccountOf(panelAccountSchema.parse(accountTold(told))));
	const revision = nextRevision();
	const list = { revision, isComplete: true, items };
	const failed = await takeList({ ...flow, state }, list, { role: 'admin', id: 'scenario' });
	assert.equal(!failed.ok && failed.error.code, 'unavailable');
	assert.equal(rig.count('source.failed', { where: 'accounts' }), 1);
	const { living } = flow.accounts;
	assert.ok(living > 5 && living < 1500, String(living));
	const next = await rig.restart();
	assert.equal(next.agent.flow.accounts.living, living);
	// Under the same revision: it has not been given.
	const receipt = await putList(next, many(1500), { revision });
	assert.deepEqual([receipt.added, receipt.unchanged], [1500 - living, living]);
});

test('a list that lost many takes nothing away until it comes a second time', async (context) => {
	let rig = await startRig(context, { internet });
	const told = many(20);
	await putList(rig, told);
	const short = [...told.slice(0, 15), { id: 'fresh' }];
	const first = await putList(rig, short);
	assert.deepEqual([first.isBelieved, first.added, first.gone], [false, 1, 0]);
	const { flow } = rig.agent;
	assert.deepEqual([flow.accounts.living, flow.accounts.completeMs], [21, undefined]);
	assert.ok(flow.health.has('accounts.shrunk'));
	assert.equal(rig.count('accounts.stale', { reason: 'shrunk', absent: 5 }), 1);
	// A restart does not make it believed, nor forgotten.
	rig = await rig.restart();
	assert.equal(rig.agent.flow.accounts.completeMs, undefined);
	const second = await putList(rig, short);
	assert.deepEqual([second.isBelieved, second.gone], [true, 5]);
	assert.deepEqual([rig.agent.flow.accounts.living, rig.agent.flow.health.problems().length], [16, 0]);
	assert.ok(rig.agent.flow.accounts.completeMs !== undefined);
	// Few at a time, and by name, is always believed; part of a list takes nothing away.
	assert.equal((await putList(rig, short.slice(1))).gone, 1);
	assert.equal((await removed(rig, 'acc7')).state, 'gone');
	assert.deepEqual((await putList(rig, short.slice(1, 3), { complete: false })).gone, 0);
});

test('what is no list changes nothing and is said so', async (context) => {
	const rig = await startRig(context, { internet });
	await putOne(rig, { id: 'acme' });
	const before = rig.agent.flow.accounts.version;
	const raw = async (body: string | Uint8Array, path = '/v1/accounts') =>
		problemOf(await ask(rig.agent.socketPath, { method: 'PUT', path, body }));
	const item = accountTold({ id: 'x' });
	const list = (items: readonly unknown[], more = {}) =>
		JSON.stringify({ revision: 1_000_000, complete: true, items, ...more });
	assert.equal(await raw('g'.repeat(10 * 1024 * 1024)), '400 bad-json');
	assert.equal(await raw(Buffer.alloc(10 * 1024 * 1024, 0)), '400 bad-json');
	assert.equal(await raw(`[${'['.repeat(5_000_000)}`), '400 bad-json');
	const invalid = Buffer.from(list([{ ...item, name: 'caf\u00e9' }]), 'latin1');
	assert.equal(await raw(invalid), '415 bad-media-type');
	assert.equal(await raw(' '.repeat(65 * 1024 * 1024)), '413 too-large');
	assert.equal(
		await raw(JSON.stringify({ ...item, id: undefined, name: 'n'.repeat(2 * 1024 * 1024) }), '/v1/accounts/x'),
		'413 too-large',
	);
	for (const wrong of [
		list([item, item]),
		list([{ ...item, id: 'uid:7001' }]),
		list([{ ...item, id: 'unattributed' }]),
		list([{ ...item, id: 'a~2' }]),
		list([{ ...item, id: '' }]),
		list([{ ...item, unixUsers: [{ name: 'x', uid: -1 }] }]),
		list([{ ...item, unixUsers: [{ name: 'x', uid: 1.5 }] }]),
		list([{ ...item, state: 'gone' }]),
		list([{ ...item, since: 'yesterday' }]),
		list([{ ...item, quota: 5 }]),
		list([item], { revision: -1 }),
		list([item], { revision: 1.5 }),
		list([item], { revision: 2 ** 53 }),
		list([item], { complete: 'yes' }),
		'null',
		'[]',
	])
		assert.equal(await raw(wrong), '422 invalid', wrong.slice(0, 200));
	const named = await put(rig, {
		revision: 1_000_000,
		complete: true,
		items: [item, { ...item, id: 'y', domains: [5] }, { ...item, id: 'z', quota: 1 }],
		more: 1,
	});
	assert.deepEqual(
		(named.json as { errors: readonly { path: string }[] }).errors.map(({ path }) => path),
		['body', 'body.items.1.domains.0', 'body.items.2'],
	);
	const asReseller = await ask(rig.agent.socketPath, {
		method: 'PUT',
		path: '/v1/accounts',
		actor: 'reseller bob',
		body: list([item]),
	});
	assert.equal(problemOf(asReseller), '403 forbidden');
	assert.equal(rig.agent.flow.accounts.version, before);
	assert.equal(typeOf(await rig.client.call('getAccount', { params: { id: 'x' } })), 'urn:sluice:not-found');
	assert.equal(
		typeOf(await rig.client.call('deleteAccount', { params: { id: 'x' }, query: { revision: '1000000' } })),
		'urn:sluice:not-found',
	);
	const { items } = given(await rig.client.call('listAccounts', { query: { limit: '1' } }));
	assert.equal(items.length, 1);
	for (const cursor of ['x', 'name,,nobody', 'usage,,acme', 'waiting,1,acme'])
		assert.equal(typeOf(await rig.client.call('listAccounts', { query: { cursor } })), 'urn:sluice:invalid', cursor);
});

test('a page has what its actor may see, by use, by name, near a limit, with own limits, waiting, each account once', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	const told = [
		{ id: 'a', reseller: 'bob', customer: 'c1' },
		{ id: 'b', reseller: 'bob', name: 'Zebra' },
		{ id: 'c', reseller: 'eve', customer: 'c1' },
		{ id: 'd', reseller: 'eve' },
		{ id: 'e' },
	];
	await putList(rig, told);
	const idsFor = async (actor: string, query = 'sort=name'): Promise<readonly string[]> => {
		const answer = await ask(rig.agent.socketPath, { path: `/v1/accounts?${query}`, actor });
		const { items, total } = answer.json as { items: { id: string }[]; total: number };
		assert.equal(total, items.length);
		return items.map(({ id }) => id);
	};
	assert.deepEqual(await idsFor('admin root'), ['a', 'c', 'd', 'e', 'b']);
	assert.deepEqual(await idsFor('reseller bob'), ['a', 'b']);
	assert.deepEqual(await idsFor('customer c1'), ['a', 'c']);
	assert.deepEqual(await idsFor('account d'), ['d']);
	assert.deepEqual(await idsFor('account nobody'), []);
	assert.deepEqual(await idsFor('reseller bob', 'reseller=eve'), []);
	for (const [actor, status] of [
		['reseller bob', 404],
		['reseller eve', 200],
		['account d', 404],
	] as const)
		assert.equal((await ask(rig.agent.socketPath, { path: '/v1/accounts/c', actor })).status, status, actor);
	// By use: who sent most stands first; near: who has used most of a limit.
	const send = async (id: string, recipients: number) => {
		const to = Array.from({ length: recipients }, (_, index) => `use-${id}-${index}@ok.test`);
		await rig.send({ to, sender: mailbox(`mary@${id}.test`) });
	};
	await send('d', 3);
	await send('b', 25);
	assert.deepEqual((await idsFor('admin root', 'sort=usage')).slice(0, 2), ['b', 'd']);
	// 25 of 30 recipients a minute, which only watches: every newsletter does that.
	assert.deepEqual(await idsFor('admin root', 'near=true'), []);
	const limit = async (id: string, mode: 'monitor' | 'enforce', recipients: number) =>
		given(
			await rig.client.call('putLimits', { params: { level: 'accounts', id }, body: { mode, hour: { recipients } } }),
		);
	await limit('b', 'monitor', 31);
	await limit('d', 'enforce', 3);
	const near = given(await rig.client.call('listAccounts', { query: { near: 'true' } }));
	assert.deepEqual(near.near, { percent: 80, enforced: 1, watched: 1 });
	const nearest = (mode: string, used: number, value: number) => ({
		rule: 'hour.recipients',
		used,
		value,
		mode,
		isNear: true,
	});
	assert.deepEqual(
		near.items.map((account) => [account.id, account.nearest]),
		[
			['b', nearest('monitor', 25, 31)],
			['d', nearest('enforce', 3, 3)],
		],
	);
	assert.deepEqual(await idsFor('reseller eve', 'near=true'), ['d']);
	assert.deepEqual(await idsFor('admin root', 'ownLimits=true&sort=name'), ['d', 'b']);
	assert.deepEqual(await idsFor('reseller bob', 'ownLimits=true'), ['b']);
	assert.deepEqual(await idsFor('admin root', 'waiting=true'), []);
	await send('d', 2);
	await rig.until(() => rig.agent.flow.scheduler.accountOpen('d').recipients === 2);
	assert.deepEqual(await idsFor('admin root', 'waiting=true'), ['d']);
	const used = given(await rig.client.call('getAccount', { params: { id: 'b' } })).usage;
	assert.deepEqual(
		used.filter(({ rule }) => rule.startsWith('hour.')).map(({ rule, used: count }) => [rule, count]),
		[
			['hour.messages', 1],
			['hour.recipients', 25],
			['hour.uniqueRecipients', 25],
		],
	);
	// Page by page, in each order.
	for (const sort of ['usage', 'name', 'waiting'] as const) {
		const seen: string[] = [];
		let cursor: string | undefined;
		do {
			const query = { sort, limit: '2', ...(cursor === undefined ? {} : { cursor }) };
			const page = given(await rig.client.call('listAccounts', { query }));
			seen.push(...page.items.map(({ id }) => id));
			cursor = page.next;
		} while (cursor !== undefined);
		assert.deepEqual(seen.toSorted(), ['a', 'b', 'c', 'd', 'e'], sort);
	}
	// A removed account is nobody's but the administrator's.
	await removed(rig, 'd');
	assert.deepEqual([await idsFor('reseller eve'), await idsFor('account d')], [['c'], []]);
	const { items } = given(await rig.client.call('listAccounts', { query: { state: 'gone' } }));
	assert.deepEqual(
		items.map(({ id, stateSince }) => [id, typeof stateSince]),
		[['d', 'string']],
	);
});
