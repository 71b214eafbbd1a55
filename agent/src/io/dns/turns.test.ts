import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

test('so many at once, the others in order, and a failure passes the turn on', async () => {
	const turns = createTurns(2);
	const begun: number[] = [];
	const ends: (() => void)[] = [];
	const runs = Array.from({ length: 5 }, (_, index) =>
		turns.take(async () => {
			begun.push(index);
			await new Promise<void>((resolve) => ends.push(resolve));
			if (index === 0) throw new Error('no');
			return index;
		}),
	);
	const settled = Promise.allSettled(runs);
	for (let ended = 0; ended < 5; ended++) {
		await new Promise(setImmediate);
		assert.deepEqual(begun, [0, 1, 2, 3, 4].slice(0, Math.min(5, ended + 2)));
		ends[ended]?.();
	}
	const results = await settled;
	assert.deepEqual(
		results.map((result) => (result.status === 'fulfilled' ? result.value : 'no')),
		['no', 1, 2, 3, 4],
	);
	assert.equal(await turns.take(async () => 7), 7);
});
