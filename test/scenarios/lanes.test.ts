/**
 * What deliveries teach a lane, and what an administrator reads of it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Internet, startInternet } from '../internet/internet.ts';
import { startRig } from './rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

test('names that cannot be resolved are no word of the receiver: the lane learns nothing from them', async (context) => {
	const rig = await startRig(context, { internet });
	const id = await rig.send({ from: '', to: ['x@servfail.test'] });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 3);
	// Nothing learned: the lane is forgotten between the attempts, or as new.
	const lane = rig.agent.flow.scheduler.lanes().find(({ destination }) => destination === 'servfail.test');
	assert.equal(lane?.window ?? 5, 5);
});

test('a destination that fails is in the list with what failed last, before it closes and after', async (context) => {
	const rig = await startRig(context, { internet, delivery: { lane: { windowInitial: 2, failedCohortsMax: 1 } } });
	const lane = async () => {
		const listed = await rig.client.call('lanes');
		return listed.ok ? listed.value.items.find(({ destination }) => destination === 'all-mx-down.test') : undefined;
	};
	const id = await rig.send({ from: '', to: ['x@all-mx-down.test'] });
	await rig.until(() => rig.count('recipient.deferred', { message: id }) === 1);
	const reason = /^dead\d?\.sink\.test \[127\.0\.10\.\d+\]: 451 4\.4\.1 The receiving server refused the connection$/;
	const open = await lane();
	assert.equal(open?.state, 'open');
	assert.match(open?.lastFailure ?? '', reason);
	assert.ok(Date.parse(open?.lastFailureAt ?? '') <= Date.now());
	await rig.until(() => rig.count('lane.closed') === 1);
	const closed = rig.events.find(({ event }) => event === 'lane.closed');
	assert.match(String(closed?.reason), reason);
	assert.equal((await lane())?.state, 'closed');
});
