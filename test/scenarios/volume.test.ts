/**
 * Counts of mail: what the pages say was delivered is what the sinks took; whoever sees an account sees its counts and no others'.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Client, createClient } from '@sluice/shared/client/client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { VolumeDto } from '@sluice/shared/contract/view-operations.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient } from './acts.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
let rig: Rig;
before(async () => {
	internet = await startInternet();
	rig = await startRig(undefined, { internet, isWired: true, delivery: patient });
	const account = (name: string, reseller: string, plan: string) => ({
		id: name,
		panel: 'cpanel' as const,
		name,
		reseller,
		customer: `${reseller}-customer`,
		plan,
		unixUsers: [],
		domains: [`${name}.test`],
		mailboxes: [`me@${name}.test`],
		since: '2024-01-01T00:00:00Z',
	});
	given(
		await rig.client.call('putAccounts', {
			body: {
				revision: 1,
				complete: true,
				items: [account('acme', 'bob', 'Basic'), account('annex', 'bob', 'Pro'), account('zebra', 'zoe', 'Basic')],
			},
		}),
	);
});
after(async () => {
	await rig.stop();
	await internet.stop();
});

const as = (role: Actor['role'], id: string): Client => createClient(rig.agent.socketPath, { role, id });

async function volumeOf(client: Client, account?: string): Promise<VolumeDto> {
	return given(await client.call('volume', { query: { span: 'hour', ...(account === undefined ? {} : { account }) } }));
}

/** The counts follow within a second or so. */
async function counted(client: Client, what: Partial<VolumeDto['total']>, account?: string): Promise<VolumeDto> {
	const deadlineMs = performance.now() + 15_000;
	for (;;) {
		const found = await volumeOf(client, account);
		const isThere = Object.entries(what).every(([name, count]) => found.total[name as keyof typeof what] === count);
		if (isThere) return found;
		assert.ok(performance.now() < deadlineMs, `${JSON.stringify(found.total)} instead of ${JSON.stringify(what)}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const send = (account: string, ...to: string[]): Promise<string> =>
	rig.send({ from: `me@${account}.test`, to, sender: mailbox(`me@${account}.test`) });

test('what is counted as delivered is what the sinks took, for the server, each reseller and each account', async () => {
	for (let sent = 0; sent < 6; sent++) await send('acme', `${sent}@ok.test`, `b${sent}@ok.test`);
	await send('annex', 'a@ok.test', '550-gone@ok.test');
	await send('zebra', '451-later@ok.test');
	// One more: our own report about the one that bounced. Nobody handed it in, and it is in no count.
	await rig.until(() => rig.count('recipient.delivered') === 14 && rig.count('recipient.deferred') === 1);
	const taken = internet
		.accepted()
		.flatMap(({ acceptedRecipients }) => acceptedRecipients)
		.filter((address) => address.endsWith('@ok.test')).length;
	assert.equal(taken, 13);
	const whole = await counted(as('admin', 'root'), { delivered: 13, bounced: 1, deferred: 1 });
	assert.deepEqual(
		[whole.total.accepted, whole.total.charged, whole.total.waited, whole.total.refused, whole.items.length],
		[15, 15, 0, 0, 12],
	);
	assert.equal(
		whole.items.reduce((sum, { delivered }) => sum + delivered, 0),
		13,
	);
	await counted(as('admin', 'root'), { accepted: 12, delivered: 12 }, 'acme');
	await counted(as('reseller', 'bob'), { accepted: 14, delivered: 13, bounced: 1 });
	await counted(as('reseller', 'zoe'), { accepted: 1, delivered: 0, deferred: 1 });
	await counted(as('customer', 'bob-customer'), { accepted: 14, delivered: 13 });
	await counted(as('account', 'annex'), { accepted: 2, delivered: 1, bounced: 1 });
	for (const client of [as('reseller', 'zoe'), as('account', 'zebra'), as('customer', 'zoe-customer')]) {
		const answer = await client.call('volume', { query: { span: 'day', account: 'acme' } });
		assert.ok(!answer.ok && answer.error.kind === 'problem' && answer.error.problem.status === 404);
	}
});

test('who took it: providers by the name of their hosts, for administrators alone', async () => {
	const { items, others } = given(await rig.client.call('providers', { query: { span: 'hour' } }));
	const sum = (of: (one: (typeof items)[number]) => number): number => items.reduce((all, one) => all + of(one), 0);
	// Our own report is in none.
	assert.deepEqual([sum(({ tried }) => tried), sum(({ delivered }) => delivered), others.tried], [15, 13, 0]);
	const failed = items.find(({ bounced }) => bounced === 1);
	assert.ok(failed?.causes.some(({ cause, recipients }) => cause === 'recipient-gone' && recipients === 1));
	assert.match(failed?.reply ?? '', /^(550 5\.1\.1|451)/);
	const answer = await as('reseller', 'bob').call('providers', { query: { span: 'hour' } });
	assert.ok(!answer.ok && answer.error.kind === 'problem' && answer.error.problem.status === 403);
});

test('plans and resellers with what their accounts have used; a reseller sees its own in them', async () => {
	given(
		await rig.client.call('putLimits', {
			params: { level: 'plans', id: 'Pro' },
			body: { mode: 'enforce', hour: { recipients: 40 } },
		}),
	);
	const plansFor = async (client: Client) => given(await client.call('listGroups', { params: { kind: 'plans' } }));
	const told = ({ items }: Awaited<ReturnType<typeof plansFor>>) =>
		items.map(({ id, accounts, hourRecipients, dayRecipients }) => [id, accounts, hourRecipients, dayRecipients]);
	const all = await plansFor(rig.client);
	assert.deepEqual(told(all), [
		['Basic', 2, 13, 13],
		['Pro', 1, 2, 2],
	]);
	assert.equal(all.items[1]?.limits?.base?.hour?.recipients, 40);
	const own = await plansFor(as('reseller', 'zoe'));
	assert.deepEqual(told(own), [['Basic', 1, 1, 1]]);
	assert.ok(own.items.every(({ limits }) => limits === undefined));
	const resellers = given(await rig.client.call('listGroups', { params: { kind: 'resellers' } }));
	assert.deepEqual(told(resellers), [
		['bob', 2, 14, 14],
		['zoe', 1, 1, 1],
	]);
});

test('mail that is held, let go, dropped or refused counts as that, and a restart counts nothing again', async (context) => {
	const { hold } = given(
		await rig.client.call('putHold', {
			body: { selector: { kind: 'account', id: 'annex' }, reason: 'tried', seconds: 600 },
		}),
	);
	await send('annex', 'held@ok.test');
	const dropped = await send('annex', 'dropped@ok.test');
	given(await rig.client.call('discardMessage', { params: { id: dropped }, body: { reason: 'tried' } }));
	given(await rig.client.call('deleteHold', { params: { id: hold.id }, query: { release: 'true' } }));
	await rig.until(() => rig.count('recipient.delivered', { recipient: 'held@ok.test' }) === 1);
	given(
		await rig.client.call('putLimits', {
			params: { level: 'accounts', id: 'annex' },
			body: { mode: 'enforce', hour: { recipients: 3 }, over: 'reject' },
		}),
	);
	const { end } = await rig.submit({
		from: 'me@annex.test',
		to: ['one@ok.test', 'two@ok.test'],
		sender: mailbox('me@annex.test'),
	});
	assert.equal(Math.floor((end?.code ?? 0) / 100), 5);
	const expected = { accepted: 4, charged: 3, held: 2, discarded: 1, delivered: 2, bounced: 1, refused: 2 };
	const counts = await counted(as('account', 'annex'), expected);
	const again = await rig.restart();
	rig = again;
	context.diagnostic(JSON.stringify(counts.total));
	const client = createClient(again.agent.socketPath, { role: 'account', id: 'annex' });
	assert.deepEqual((await volumeOf(client)).total, counts.total);
	assert.deepEqual((await volumeOf(as('reseller', 'bob'))).total.refused, 2);
});
