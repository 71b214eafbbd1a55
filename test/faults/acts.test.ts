/**
 * An administrator's act on mail that is under way holds over a crash: it is done before anything is sent again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { submit } from '../mta/submit.ts';
import { makeGround, startProcess } from './agent-process.ts';

test('held while under way, killed, started again: it is held and not sent', async (context) => {
	const { internet, home } = await makeGround(context);
	let agent = await startProcess(home);
	await submit({
		port: agent.port,
		from: 'a@one.test',
		recipients: ['timeout-x@ok.test'],
		message: 'Subject: x\r\n\r\nx\r\n',
	});
	await internet.waitFor(({ counts }) => counts().connectionsOpen === 1);
	const held = await agent.client.call('act', {
		params: { act: 'hold' },
		body: { selector: { kind: 'destination', id: 'ok.test' }, reason: 'looks stolen' },
	});
	assert.ok(held.ok && held.value.recipients === 1);
	await agent.kill();
	const before = internet.counts().connections;
	agent = await startProcess(home);
	const health = await agent.client.call('health');
	assert.ok(health.ok);
	assert.deepEqual([health.value.queue.held, health.value.queue.queued, health.value.queue.sending], [1, 0, 0]);
	assert.equal(internet.counts().connections, before, 'nothing was dialled');
	assert.equal(await agent.stop(), 0);
});
