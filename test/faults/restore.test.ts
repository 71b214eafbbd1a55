/**
 * A kill around a restore: each recipient is in exactly one state after it, the one before or the one after, and what was confirmed
 * stays (invariants 1, 2).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { submit } from '../mta/submit.ts';
import { type AgentProcess, makeGround, startProcess } from './agent-process.ts';

const retry = { firstSeconds: 3600, maxSeconds: 3600, jitter: 0, expireSeconds: 86_400, delayNoticeSeconds: 86_400 };

async function discarded(agent: AgentProcess, names: readonly string[]): Promise<string> {
	const { end } = await submit({
		port: agent.port,
		from: '',
		recipients: names.map((name) => `greylist-1-${name}@ok.test`),
		message: 'Subject: x\r\n\r\nx\r\n',
	});
	const id = end?.text.split(' ')[2] ?? '';
	await agent.until(() => agent.lines.filter(({ event }) => event === 'recipient.deferred').length === names.length);
	const done = await agent.client.call('discardMessage', { params: { id }, body: { reason: 'spam' } });
	assert.ok(done.ok && done.value.recipients === names.length, JSON.stringify(done));
	return id;
}

const restore = (agent: AgentProcess, id: string) =>
	agent.client.call('act', {
		params: { act: 'restore' },
		body: { selector: { kind: 'message', id }, reason: 'no spam' },
	});

async function statesOf(agent: AgentProcess, id: string): Promise<readonly string[]> {
	const found = await agent.client.call('getMessage', { params: { id } });
	assert.ok(found.ok, JSON.stringify(found));
	return found.value.recipients.map(({ state }) => state);
}

test('killed after a discard: it can be brought back; killed after the restore: it goes, once', async (context) => {
	const { internet, home } = await makeGround(context, { delivery: { retry } });
	const takenOf = (name: string): number =>
		internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(`greylist-1-${name}@ok.test`))
			.length;
	let agent = await startProcess(home);
	context.after(() => agent.kill());
	const id = await discarded(agent, ['a', 'b', 'c']);
	await agent.kill();
	agent = await startProcess(home);
	assert.deepEqual(await statesOf(agent, id), ['discarded', 'discarded', 'discarded']);
	const before = await agent.client.call('health');
	assert.ok(before.ok && before.value.queue.recipients === 0, 'nothing is open again');
	const done = await restore(agent, id);
	assert.ok(done.ok && done.value.recipients === 3, JSON.stringify(done));
	await agent.kill();
	agent = await startProcess(home);
	await internet.waitFor(() => ['a', 'b', 'c'].every((name) => takenOf(name) >= 1));
	await agent.until(
		() => agent.lines.some(({ event, message }) => event === 'message.finished' && message === id) || takenOf('a') > 0,
	);
	const again = await restore(agent, id);
	assert.match(JSON.stringify(again), /urn:sluice:conflict/);
	assert.equal(await agent.stop(), 0);
});

test('killed in the middle of a restore, it is before or after it, whole', async (context) => {
	const { home } = await makeGround(context, { delivery: { retry } });
	const names = Array.from({ length: 40 }, (_, index) => `r${index}`);
	for (const delayMs of [0, 10, 25, 60]) {
		let agent = await startProcess(home);
		context.after(() => agent.kill());
		const id = await discarded(
			agent,
			names.map((name) => `${name}-${delayMs}`),
		);
		const answer = restore(agent, id).catch(() => undefined);
		await new Promise((resolve) => setTimeout(resolve, delayMs));
		await agent.kill();
		const confirmed = (await answer)?.ok === true;
		agent = await startProcess(home);
		const after = new Set(await statesOf(agent, id));
		context.diagnostic(`${delayMs} ms: ${[...after].join(' ')}, ${confirmed ? 'confirmed' : 'not confirmed'}`);
		assert.ok(after.size === 1 || !after.has('discarded'), `${[...after]}`);
		if (confirmed) assert.ok(!after.has('discarded'), 'what was confirmed stays');
		if (after.has('discarded')) assert.ok((await restore(agent, id)).ok);
		await agent.kill();
	}
});
