/**
 * Invariant 1: 250 only when durable; after kill -9 at any point every acknowledged message is delivered, and what is delivered twice was
 * in flight at the kill.
 *
 * A real agent process under a steady load is killed at random moments and started again on the same data. Counted are the
 * acknowledgements that reached the sender, and what the sink has taken.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerValues } from '../internet/message.ts';
import { submit } from '../mta/submit.ts';
import { type AgentProcess, makeGround, startProcess } from './agent-process.ts';

const rounds = process.env.SLUICE_LONG ? 40 : 6;
const senders = 8;
const windowMax = 10;

test(`nothing acknowledged is lost over ${rounds} kills under load`, async (context) => {
	const { internet, home } = await makeGround(context, {
		spool: { segmentBytes: 1024 * 1024 },
		delivery: {
			retry: { firstSeconds: 1, maxSeconds: 1, jitter: 0 },
			lane: { windowInitial: windowMax, windowMax },
		},
	});
	const acknowledged = new Set<string>();
	let sequence = 0;
	let agent: AgentProcess | undefined;

	const sendUntilBroken = async (port: number): Promise<void> => {
		for (;;) {
			const token = `t${sequence++}`;
			const message = `Subject: ${token}\r\nX-Token: ${token}\r\n\r\n${'x'.repeat(500)}\r\n`;
			const to = sequence % 5 === 0 ? `greylist-1-${token}@ok.test` : `slow-end-20-${token}@ok.test`;
			try {
				const replies = await submit({ port, from: 'a@one.test', recipients: [to], message, timeoutMs: 10_000 });
				if (replies.end?.code === 250) acknowledged.add(token);
				else return;
			} catch {
				return;
			}
		}
	};

	for (let round = 0; round < rounds; round++) {
		agent = await startProcess(home);
		const load = Array.from({ length: senders }, () => sendUntilBroken(agent?.port ?? 0));
		const killAt = acknowledged.size + 20 + Math.floor(Math.random() * 60);
		await agent.until(() => acknowledged.size >= killAt);
		await agent.kill();
		await Promise.all(load);
	}
	agent = await startProcess(home);
	const tokens = (): string[] => internet.accepted().flatMap(({ content }) => headerValues(content, 'X-Token'));
	await internet.waitFor(() => {
		const taken = new Set(tokens());
		return [...acknowledged].every((token) => taken.has(token));
	}, 30_000);
	// What charts say was counted once, whatever was taken twice.
	const charted = async (): Promise<readonly number[]> => {
		const volume = await (agent as AgentProcess).client.call('volume', { query: { span: 'hour' } });
		return volume.ok ? [volume.value.total.accepted, volume.value.total.delivered] : [];
	};
	// Those whose 250 was lost come too, a little later.
	const deadlineMs = performance.now() + 15_000;
	while ((await charted()).some((count) => count !== new Set(tokens()).size) && performance.now() < deadlineMs)
		await new Promise((resolve) => setTimeout(resolve, 50));
	const messages = new Set(tokens()).size;
	assert.deepEqual(await charted(), [messages, messages]);
	assert.equal(await agent.stop(), 0);

	const counts = new Map<string, number>();
	for (const token of tokens()) counts.set(token, (counts.get(token) ?? 0) + 1);
	const twice = [...counts.values()].reduce((sum, times) => sum + times - 1, 0);
	const unacknowledged = [...counts.keys()].filter((token) => !acknowledged.has(token)).length;
	context.diagnostic(
		`${acknowledged.size} acknowledged, ${counts.size} delivered (${unacknowledged} whose 250 was lost with the kill), ${twice} twice, ${rounds} kills`,
	);
	assert.ok(acknowledged.size >= rounds * 20);
	assert.ok(twice <= rounds * windowMax, `${twice} delivered twice, at most ${rounds} × ${windowMax} were in flight`);
	// A 250 that never arrived is at most one for each sender at each kill.
	assert.ok(unacknowledged <= rounds * senders);
});

test('the queue index is rebuilt from the log when it is damaged or gone', async (context) => {
	const { home } = await makeGround(context, {
		delivery: { retry: { firstSeconds: 3600, maxSeconds: 3600 } },
	});
	const { writeFileSync, rmSync } = await import('node:fs');
	let agent = await startProcess(home);
	for (let number = 0; number < 20; number++)
		await submit({
			port: agent.port,
			from: 'a@one.test',
			recipients: [`451-n${number}@ok.test`],
			message: 'Subject: x\r\n\r\nx\r\n',
		});
	await agent.until(() => agent.lines.filter((line) => line.event === 'recipient.deferred').length === 20);
	await agent.kill();
	for (const damage of ['garbage', 'gone'] as const) {
		const index = `${home.dir}/data/queue.db`;
		for (const suffix of ['-wal', '-shm']) rmSync(`${index}${suffix}`, { force: true });
		if (damage === 'gone') rmSync(index, { force: true });
		else writeFileSync(index, Buffer.alloc(8192, 0x5a));
		agent = await startProcess(home);
		const started = agent.lines.find((line) => line.event === 'agent.started');
		assert.equal(started?.openMessages, 20, damage);
		await agent.kill();
	}
	agent = await startProcess(home);
	const released = await agent.client.call('act', {
		params: { act: 'requeue' },
		body: { selector: { kind: 'destination', id: 'ok.test' }, reason: 'test' },
	});
	assert.ok(released.ok);
	assert.equal(released.value.recipients, 20);
	assert.equal(await agent.stop(), 0);
});
