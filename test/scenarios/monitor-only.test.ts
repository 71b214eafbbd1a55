/** A server that is monitor-only: no rule keeps or refuses mail, each says what it would have done, and people's holds hold. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LimitsInput } from '@sluice/shared/contract/limit-shapes.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient, setHold, states } from './acts.ts';
import { putList } from './panel.ts';
import { rigConfig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

test('monitor-only: what waits leaves at once, nothing is refused, reasons say what would have been, holds of people hold', async (context) => {
	const options = (monitorOnly: boolean) => ({
		internet,
		isWired: true,
		delivery: patient,
		config: { limits: { monitorOnly }, ownership: { mode: 'enforce' as const } },
	});
	const rig = await startRig(context, options(false));
	const sender = mailbox('info@alice.test');
	await putList(rig, [{ id: 'alice', mailboxes: ['info@alice.test'] }, { id: 'bob' }]);
	const over = { mode: 'enforce', over: 'wait', hour: { recipients: 1 } } as LimitsInput;
	given(await rig.client.call('putLimits', { params: { level: 'accounts', id: 'alice' }, body: over }));
	const own = { from: 'info@alice.test', sender };
	await rig.send({ ...own, to: ['first@ok.test'] });
	const second = await rig.send({ ...own, to: ['second@ok.test'] });
	assert.deepEqual(await states(rig, second), { 'second@ok.test': 'waiting' });
	assert.equal((await rig.submit({ ...own, from: 'x@bob.test', to: ['r@ok.test'] })).end?.code, 550);
	assert.equal(given(await rig.client.call('health')).monitorOnly, undefined);

	// As SIGHUP does.
	assert.deepEqual(rig.agent.reload(rigConfig(options(true), rig)), []);
	await rig.until(() => rig.count('recipient.delivered', { message: second }) === 1);
	const third = await rig.send({ ...own, to: ['third@ok.test'] });
	await rig.until(() => rig.count('recipient.delivered', { message: third }) === 1);
	const asOther = await rig.send({ ...own, from: 'x@bob.test', to: ['r@ok.test'] });
	const reasons = async (id: string) =>
		(await rig.trace(id)).verdict.reasons.map(({ rule, text }) => `${rule}: ${text}`);
	assert.match(
		(await reasons(third)).join('\n'),
		/^limit\.hour\.recipients\.monitor: .* would have kept this message \(monitor-only\)\.$/m,
	);
	assert.match(
		(await reasons(asOther)).join('\n'),
		/^ownership\.mail-from\.monitor: .* would have been refused \(monitor-only\)\.$/m,
	);
	assert.equal(given(await rig.client.call('health')).monitorOnly, true);
	assert.equal(given(await rig.client.call('self')).monitorOnly, true);
	await rig.until(() => rig.count('recipient.delivered', { message: asOther }) === 1);

	// What never could leave does, and what the sender asks of refusals is not asked.
	const none = { mode: 'enforce', over: 'reject', hour: { recipients: 0 } } as LimitsInput;
	given(await rig.client.call('putLimits', { params: { level: 'accounts', id: 'alice' }, body: none }));
	const fourth = await rig.send({ ...own, to: ['fourth@ok.test'] });
	await rig.until(() => rig.count('recipient.delivered', { message: fourth }) === 1);
	await setHold(rig, { kind: 'account', id: 'alice' });
	const held = (await rig.submit({ ...own, to: ['held@ok.test'] })).end?.text ?? '';
	assert.match(held, /held; see Outgoing mail$/);

	rig.agent.reload(rigConfig(options(false), rig));
	assert.equal((await rig.submit({ ...own, from: 'x@bob.test', to: ['r@ok.test'] })).end?.code, 550);
});
