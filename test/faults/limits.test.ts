/**
 * Limits over kill -9: what was used and what waits is known again, so that no restart lets anybody send more, and nothing is lost.
 *
 * A real agent process is killed at random moments while many connections send beyond a limit. Counted at the sinks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitsInput } from '@sluice/shared/contract/limit-shapes.ts';
import { headerValues } from '../internet/message.ts';
import { submit } from '../mta/submit.ts';
import { type AgentProcess, makeGround, startProcess } from './agent-process.ts';

const rounds = process.env.SLUICE_LONG ? 20 : 4;
const senders = 8;
const limit = 60;
/** Enough for the limit to be met in the second round. */
const perRound = 40;
const windowMax = 10;

async function setLimit({ client }: AgentProcess, recipients: number): Promise<void> {
	const body = { mode: 'enforce', hour: { recipients } } as LimitsInput;
	const done = await client.call('putLimits', { params: { level: 'accounts', id: 'unattributed' }, body });
	assert.ok(done.ok, JSON.stringify(done));
}

test(`over ${rounds} kills nobody sends more than the limit, and all that waited leaves once it may`, async (context) => {
	const { internet, home } = await makeGround(context, {
		spool: { segmentBytes: 1024 * 1024 },
		delivery: {
			retry: { firstSeconds: 1, maxSeconds: 1, jitter: 0 },
			lane: { windowInitial: windowMax, windowMax },
		},
	});
	const acknowledged = new Set<string>();
	const states = new Set<string>();
	let sequence = 0;

	const sendUntilBroken = async (port: number): Promise<void> => {
		for (;;) {
			const token = `t${sequence++}`;
			const message = `Subject: ${token}\r\nX-Token: ${token}\r\n\r\nx\r\n`;
			try {
				const to = [`slow-end-20-${token}@ok.test`];
				const { end } = await submit({ port, from: 'a@one.test', recipients: to, message, timeoutMs: 10_000 });
				if (end?.code !== 250) return;
				acknowledged.add(token);
				states.add(end.text.split(' ')[3] ?? '');
			} catch {
				return;
			}
		}
	};
	const tokens = (): string[] => internet.accepted().flatMap(({ content }) => headerValues(content, 'X-Token'));

	for (let round = 0; round < rounds; round++) {
		const agent = await startProcess(home);
		if (round === 0) await setLimit(agent, limit);
		const load = Array.from({ length: senders }, () => sendUntilBroken(agent.port));
		const killAt = acknowledged.size + perRound + Math.floor(Math.random() * 20);
		await agent.until(() => acknowledged.size >= killAt);
		await agent.kill();
		await Promise.all(load);
		assert.ok(new Set(tokens()).size <= limit, `${new Set(tokens()).size} left in round ${round}`);
	}
	assert.deepEqual([...states].sort(), ['queued;', 'waiting;']);
	const agent = await startProcess(home);
	await internet.waitFor(() => new Set(tokens()).size === limit, 30_000);
	const usage = await agent.client.call('getUsage', { params: { level: 'accounts', id: 'unattributed' } });
	assert.ok(usage.ok, JSON.stringify(usage));
	assert.equal(usage.value.items.find(({ rule }) => rule === 'hour.recipients')?.used, limit);

	await setLimit(agent, 100_000);
	await internet.waitFor(() => {
		const taken = new Set(tokens());
		return [...acknowledged].every((token) => taken.has(token));
	}, 30_000);
	assert.equal(await agent.stop(), 0);
	const taken = tokens();
	const twice = taken.length - new Set(taken).size;
	context.diagnostic(`${acknowledged.size} acknowledged, ${taken.length} delivered, ${twice} twice, ${rounds} kills`);
	assert.ok(twice <= rounds * windowMax, `${twice} delivered twice`);
});
