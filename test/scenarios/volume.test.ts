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
