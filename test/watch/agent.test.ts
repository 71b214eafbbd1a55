/** The watch and a real agent: probes leave no trace in what is counted, held senders are told, acts are written into the audit. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { heldSenders, record } from '@sluice/installers/watch/agent-socket.ts';
import { probe } from '@sluice/installers/watch/probe.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { until } from '../mta/until.ts';
import { setHold } from '../scenarios/acts.ts';
import { startRig } from '../scenarios/rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

test('a probe is stored and dropped: not queued, not counted, not told', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	for (let at = 0; at < 3; at++)
		assert.equal((await probe({ port: rig.port, token: `probe${at}`, nowMs: Date.now() })).kind, 'accepted');
	assert.deepEqual([rig.count('message.accepted'), internet.messages().length], [0, 0]);
	// Dropped after the 250, not before it.
	const queued = async () => {
		const health = await rig.client.call('health');
		return health.ok ? health.value.queue.recipients : 'no answer';
	};
	await until(async () => (await queued()) === 0, { waitMs: 5_000, otherwise: async () => `queue: ${await queued()}` });
});

test('held senders: accounts of the panel by its own name, identities as they are', async (context) => {
	const rig = await startRig(context, { internet });
	const socket = join(rig.dataDir, 'agent.sock');
	const account = (id: string, uid: number) => ({
		id,
		panel: 'cpanel',
		name: id,
		unixUsers: [{ name: id, uid }],
		domains: [`${id}.test`],
		mailboxes: [],
		state: 'active' as const,
		since: '2026-01-01T00:00:00Z',
	});
	const listed = await rig.client.call('putAccounts', {
		body: { revision: 1, complete: true, items: [account('alice', 7001), account('bob', 7002)] },
	});
	assert.ok(listed.ok, JSON.stringify(listed));
	assert.deepEqual(await heldSenders(socket), []);
	await setHold(rig, { kind: 'account', id: 'alice' });
	await setHold(rig, { kind: 'account', id: 'domain:stranger.test' });
	await setHold(rig, { kind: 'identity', id: 'mailbox:x@bob.test' });
	await setHold(rig, { kind: 'destination', id: 'far.test' });
	const held = (await heldSenders(socket)) ?? assert.fail('the agent does not tell');
	assert.deepEqual(
		held.map(({ kind, id, user }) => [kind, id, user]).toSorted(),
		[
			['account', 'alice', 'alice'],
			['account', 'domain:stranger.test', undefined],
			['identity', 'mailbox:x@bob.test', undefined],
		].toSorted(),
	);
	assert.ok(held.every(({ untilMs }) => untilMs > Date.now()));
	assert.equal(await heldSenders('/nowhere/agent.sock'), undefined);
});

test('what was done while it was away stands in its audit; what it cannot take is kept', async (context) => {
	const rig = await startRig(context, { internet });
	const acts = [
		{ act: 'mta.outage', detail: 'The agent took no mail.' },
		{ act: 'mta.wire-again', detail: 'x'.repeat(3000) },
	];
	assert.deepEqual(await record('/nowhere/agent.sock', acts), acts);
	assert.deepEqual(await record(join(rig.dataDir, 'agent.sock'), acts), []);
	const audit = await rig.client.call('audit', { query: { limit: 10 } });
	assert.ok(audit.ok);
	assert.deepEqual(
		audit.value.items.map(({ act, actor }) => [act, actor]),
		[
			['mta.wire-again', 'admin sluice-watch'],
			['mta.outage', 'admin sluice-watch'],
		],
	);
});
