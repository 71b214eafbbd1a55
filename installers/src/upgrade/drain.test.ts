/** Waiting for the queue: it ends empty, with what cannot leave, at its limit, or where nobody answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '@sluice/shared/client/client.ts';
import { drain } from './drain.ts';

type Counts = readonly [queued: number, waiting: number, held: number];

/** One answer a question, the last one for ever; undefined: no answer. */
async function drained(answers: readonly (Counts | undefined)[], limitMs = 60_000) {
	let asked = 0;
	let nowMs = 0;
	const told: number[] = [];
	const health = async () => {
		const counts = answers[Math.min(asked++, answers.length - 1)];
		if (counts === undefined) return { ok: false };
		const [queued, waiting, held] = counts;
		return { ok: true, value: { queue: { queued, sending: 0, waiting, held } } };
	};
	const result = await drain({
		client: { call: health } as unknown as Client,
		limitMs,
		now: () => nowMs,
		async pause(ms) {
			nowMs += ms;
		},
		progress: ({ queued }) => told.push(queued),
	});
	return { result, told, tookMs: nowMs };
}

test('it ends when nothing is queued any more, and tells each change once', async () => {
	const { result, told } = await drained([
		[2, 0, 0],
		[2, 0, 0],
		[1, 0, 0],
		[0, 0, 0],
	]);
	assert.deepEqual([result, told], [{ ok: true, value: { queued: 0, waiting: 0, held: 0 } }, [2, 1, 0]]);
});

test('what waits or is held is not waited for', async () => {
	const { result, tookMs } = await drained([[0, 3, 4]]);
	assert.deepEqual([result, tookMs], [{ ok: true, value: { queued: 0, waiting: 3, held: 4 } }, 0]);
});

test('at the limit it tells what is left', async () => {
	const { result, tookMs } = await drained([[5, 0, 0]], 10_000);
	assert.deepEqual([result, tookMs], [{ ok: true, value: { queued: 5, waiting: 0, held: 0 } }, 10_000]);
});

test('an agent that is started anew is waited for, one that is gone is not', async () => {
	assert.equal((await drained([[1, 0, 0], undefined, undefined, [0, 0, 0]])).result.ok, true);
	assert.equal((await drained([[1, 0, 0], undefined])).result.ok, false);
});
