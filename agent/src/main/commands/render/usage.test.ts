import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, usedShare } from './usage.ts';

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

test('where none may leave all is used; without a limit there is no share', () => {
	assert.equal(usedShare({ used: 0, left: 0 }), 1);
	assert.equal(usedShare({ used: 30, left: 10 }), 0.75);
	assert.equal(usedShare({ used: 30 }), undefined);
});
