import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar } from './usage.ts';

test('a bar is full when all is used and not before, and not empty when anything is', () => {
	const drawn = [0, 0.001, 0.1, 0.55, 0.95, 0.999, 1, 3].map(bar);
	assert.deepEqual(drawn, [
		'░░░░░░░░░░',
		'█░░░░░░░░░',
		'█░░░░░░░░░',
		'█████░░░░░',
		'█████████░',
		'█████████░',
		'██████████',
		'██████████',
	]);
});
