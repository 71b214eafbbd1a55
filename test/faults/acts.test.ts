/**
 * An administrator's act on mail that is under way holds over a crash: it is done before anything is sent again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startInternet } from '../internet/internet.ts';
import { submit } from '../mta/submit.ts';
import { makeHome, startProcess } from './agent-process.ts';

test('held while under way, killed, started again: it is held and not sent', async (context) => {
	const internet = await startInternet();
	const home = makeHome({
		hostName: 'relay.fault.test',
		smtp: { listen: '127.0.0.1:0' },
		spool: { minFreeBytes: 0, minFreeRatio: 0 },
		delivery: {
			dnsServers: [`127.0.0.1:${internet.dnsPort}`],
			port: internet.smtpPort,
			allowAddresses: ['127.0.10.0/24'],
		},
	});
	context.after(async () => {
		await internet.stop();
		home.remove();
	});
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
