/**
 * One number of many accounts: 5,000 at once without a stall, what was before is there again after the undo, and a reseller reaches
 * nobody else's account, by name or by filter.
 */
import assert from 'node:assert/strict';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { type Client, createClient } from '@sluice/shared/client/client.ts';
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given } from './acts.ts';
import { putList, type Told } from './panel.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';
import { steeredClock } from './steered-clock.ts';

/** Longest time that the loop may stand still for one request of many accounts. */
const dayMs = 86_400_000;

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

type Body = Partial<OperationInput<'changeLimits'>['body']>;
const asked = (body: Body) =>
	({ rule: 'hour.recipients', value: 200, ...body }) as OperationInput<'changeLimits'>['body'];
const change = async (client: Client, body: Body): Promise<OperationOutput<'changeLimits'>> =>
	given(await client.call('changeLimits', { body: asked(body) }));
const undo = async (client: Client, id = ''): Promise<OperationOutput<'undoLimitChange'>> =>
	given(await client.call('undoLimitChange', { params: { id }, body: {} }));
const refusal = async (client: Client, body: Body): Promise<string> => {
	const answer = await client.call('changeLimits', { body: asked(body) });
	return answer.ok || answer.error.kind !== 'problem'
		? 'done'
		: `${answer.error.problem.status} ${answer.error.problem.detail}`;
};

const many = (count: number): Told[] =>
	Array.from({ length: count }, (_, index) => ({
		id: `acc${index}`,
		reseller: index % 2 === 0 ? 'bob' : 'eve',
		plan: index % 5 === 0 ? 'Basic' : 'Business',
	}));

/** Everything that is stored, as text. */
const stored = ({ agent }: Rig): string =>
	[...agent.flow.limits.entries()]
		.map((entry) => JSON.stringify(entry))
		.sort()
		.join('\n');

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number; stallMs: number }> {
	const delay = monitorEventLoopDelay({ resolution: 1 });
	delay.enable();
	const startMs = performance.now();
	const value = await work();
	const ms = performance.now() - startMs;
	// The histogram sees a stall at its end.
	await new Promise((resolve) => setTimeout(resolve, 5));
	delay.disable();
	return { value, ms, stallMs: delay.max / 1e6 };
}

test('5,000 accounts: looked at, changed and undone, with what it costs; kept over a restart', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	await putList(rig, many(5000));
	const own = {
		params: { level: 'accounts', id: 'acc7' },
		body: { mode: 'monitor', day: { recipients: 90 } },
	} as const;
	given(await rig.client.call('putLimits', own));
	const formerly = stored(rig);
	const target = { matching: {} };
	const told = <T>(what: string, { value, ms, stallMs }: { value: T; ms: number; stallMs: number }): T => {
		context.diagnostic(`5,000 accounts, ${what}: ${ms.toFixed(0)} ms, longest stall ${stallMs.toFixed(0)} ms`);
		return value;
	};
	let id = '';
	// Others use the machine too: the least of some rounds.
	for (let round = 0; round < 3; round++) {
		if (id !== '') told('undo', await timed(() => undo(rig.client, id)));
		assert.equal(stored(rig), formerly);
		const looked = told('preview', await timed(() => change(rig.client, { target, preview: true })));
		assert.deepEqual([looked.accounts, looked.changed, looked.id], [5000, 5000, undefined]);
		assert.equal(looked.items.length, 20);
		assert.equal(stored(rig), formerly, 'looking changes nothing');
		const events = rig.count('limit.set');
		const done = told('change', await timed(() => change(rig.client, { target, expected: 5000 })));
		assert.equal(done.changed, 5000);
		assert.equal(rig.agent.flow.limits.size, 5000);
		assert.ok(rig.count('limit.set') - events <= 100, 'events are bounded');
		id = done.id ?? '';
	}
	const audit = given(await rig.client.call('audit', { query: { limit: 1 } })).items[0];
	assert.match(
		`${audit?.act} ${audit?.subject}: ${audit?.detail}`,
		/^limit\.change 5000 accounts: 200 recipients an hour \(enforce\)/,
	);
	const again = await rig.restart();
	assert.equal(again.agent.flow.limits.size, 5000);
	// Somebody sets another number meanwhile: it stays.
	const meanwhile = {
		params: { level: 'accounts', id: 'acc9' },
		body: { mode: 'enforce', hour: { recipients: 5 } },
	} as const;
	given(await again.client.call('putLimits', meanwhile));
	assert.deepEqual(await undo(again.client, id), { restored: 4999, kept: 1 });
	assert.equal(again.agent.flow.limits.get('account', 'acc9')?.base?.values['hour.recipients'], 5);
	given(await again.client.call('deleteLimits', { params: meanwhile.params, query: {} }));
	assert.equal(stored(again), formerly);
	assert.match(await refusalOfUndo(again.client, id), /^404/, 'once is enough');
});

async function refusalOfUndo(client: Client, id = ''): Promise<string> {
	const answer = await client.call('undoLimitChange', { params: { id }, body: {} });
	return answer.ok || answer.error.kind !== 'problem' ? 'done' : `${answer.error.problem.status}`;
}

test('by filters of the list, with an end, taken away; what is looked at must still be what it is about', async (context) => {
	const clock = steeredClock();
	const rig = await startRig(context, { internet, isWired: true, clock });
	await putList(rig, many(20));
	const basic = await change(rig.client, { target: { matching: { plan: 'Basic' } }, mode: 'monitor' });
	assert.deepEqual([basic.accounts, basic.changed], [4, 4]);
	const unchanged = await change(rig.client, { target: { matching: { ownLimits: true } }, mode: 'monitor' });
	assert.deepEqual([unchanged.accounts, unchanged.changed, unchanged.id], [4, 0, undefined]);
	const until = new Date(clock.now() + dayMs).toISOString();
	const excepted = await change(rig.client, { target: { accounts: ['acc0', 'acc0', 'acc1'] }, value: 900, until });
	assert.deepEqual([excepted.accounts, excepted.changed], [2, 2]);
	const acc0 = () => rig.agent.flow.limits.get('account', 'acc0');
	assert.deepEqual([acc0()?.base?.mode, acc0()?.exception?.values['hour.recipients']], ['monitor', 900]);
	assert.match(await refusal(rig.client, { target: { matching: { plan: 'Basic' } }, expected: 5 }), /^409 .*5 .*4 now/);
	assert.match(
		await refusal(rig.client, { target: { accounts: ['acc0'] }, until: '2020-01-01T00:00:00Z' }),
		/^422|^400/,
	);
	assert.match(await refusal(rig.client, { target: { accounts: ['acc0'] }, value: null, until }), /^422|^400/);
	const cleared = await change(rig.client, { target: { matching: { search: 'acc' } }, value: null });
	assert.deepEqual([cleared.accounts, cleared.changed], [20, 5]);
	assert.equal(rig.agent.flow.limits.size, 0);
	await undo(rig.client, cleared.id);
	assert.equal(acc0()?.exception?.values['hour.recipients'], 900);
	// An exception that has ended since does not come back.
	const last = await change(rig.client, { target: { accounts: ['acc0', 'acc1'] }, value: null });
	clock.step(2 * dayMs);
	assert.deepEqual(await undo(rig.client, last.id), { restored: 2, kept: 0 });
	assert.deepEqual([acc0()?.exception, rig.agent.flow.limits.get('account', 'acc1')], [undefined, undefined]);
	clock.step(8 * dayMs);
	assert.equal(await refusalOfUndo(rig.client, basic.id), '404', 'a week is over');
});

test('mail that waits for the old number leaves with the new one; what is used already is told before', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	await putList(rig, many(2));
	await change(rig.client, { target: { accounts: ['acc0'] }, value: 2 });
	for (let n = 0; n < 4; n++)
		await rig.send({ from: 'mary@acc0.test', sender: mailbox('mary@acc0.test'), to: [`c${n}@ok.test`] });
	await rig.until(() => rig.count('recipient.delivered', { account: 'acc0' }) === 2);
	await rig.until(() => rig.agent.flow.waiting.totalsOf('account:acc0').recipients === 2);
	const tighter = await change(rig.client, { target: { matching: {} }, value: 1, preview: true });
	assert.deepEqual(
		[tighter.changed, tighter.over, tighter.items[0]?.account, tighter.items[0]?.used],
		[2, 1, 'acc0', 2],
	);
	assert.match(tighter.items[0]?.from ?? '', /^2 recipients an hour from account/);
	await change(rig.client, { target: { matching: {} }, value: 50 });
	await rig.until(() => rig.count('recipient.delivered', { account: 'acc0' }) === 4);
});

test('a reseller: its own accounts by name and by filter, nobody else’s, and not what an administrator has set', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	await putList(rig, many(20));
	const bob = createClient(rig.agent.socketPath, { role: 'reseller', id: 'bob' });
	const eve = createClient(rig.agent.socketPath, { role: 'reseller', id: 'eve' });
	const formerly = stored(rig);
	const others = await refusal(bob, { target: { accounts: ['acc0', 'acc1'] } });
	assert.equal(others, await refusal(bob, { target: { accounts: ['acc0', 'none'] } }));
	assert.match(others, /^404/);
	assert.equal(stored(rig), formerly, 'all or nothing');
	for (const matching of [{ reseller: 'eve' }, { search: 'acc1', reseller: 'eve' }])
		assert.match(await refusal(bob, { target: { matching } }), /^404 No account matches/);
	const mine = await change(bob, { target: { matching: {} }, value: 20 });
	assert.deepEqual([mine.accounts, mine.changed], [10, 10]);
	assert.ok([...rig.agent.flow.limits.entries()].every(({ id }) => Number(id.slice(3)) % 2 === 0));
	const admins = {
		params: { level: 'accounts', id: 'acc2' },
		body: { mode: 'enforce', hour: { recipients: 7 } },
	} as const;
	given(await rig.client.call('putLimits', admins));
	const raised = await change(bob, { target: { matching: {} }, value: 30 });
	assert.deepEqual([raised.accounts, raised.changed, raised.kept], [10, 9, 1]);
	assert.equal(await refusalOfUndo(eve, raised.id), '404');
	assert.deepEqual(await undo(bob, raised.id), { restored: 9, kept: 0 });
	assert.deepEqual(await undo(rig.client, mine.id), { restored: 9, kept: 1 });
	assert.equal(rig.agent.flow.limits.size, 1, 'that of the administrator');
});
