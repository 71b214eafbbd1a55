import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlices, createTurns } from './turns.ts';

test('turns follow each other in the order asked for, and one that fails stops nobody', async () => {
	const turns = createTurns();
	const seen: string[] = [];
	const first = Promise.withResolvers<void>();
	const one = turns.take(async () => {
		await first.promise;
		seen.push('one');
		throw new Error('one');
	});
	const two = turns.take(async () => void seen.push('two'));
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(seen, []);
	first.resolve();
	await assert.rejects(one, /one/);
	await two;
	assert.deepEqual(seen, ['one', 'two']);
});

test('slices: nothing to wait for while the piece is short, then others run first', async () => {
	let nowMs = 0;
	const slices = createSlices({ monotonic: () => nowMs });
	assert.equal(slices.breathe(), undefined);
	nowMs += 50;
	let hasRun = false;
	setImmediate(() => {
		hasRun = true;
	});
	await slices.breathe();
	assert.ok(hasRun);
	assert.equal(slices.breathe(), undefined);
	setImmediate(() => {
		hasRun = false;
	});
	await slices.rest();
	assert.ok(!hasRun, 'between two parts others run however short it was');
});
