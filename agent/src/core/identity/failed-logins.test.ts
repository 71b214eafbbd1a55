import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFailedLogins, failureDelayMs, keysMax } from './failed-logins.ts';

test('memory of failures is bounded, and who failed last is remembered longest', () => {
	const book = createFailedLogins(() => ({ failuresMax: 2, spanMs: 1_000 }));
	book.fail('first', 0);
	for (let count = 0; count < keysMax - 1; count++) book.fail(`key ${count}`, 0);
	assert.equal(book.fail('first', 1).begins, true);
	for (let count = 0; count < keysMax - 1; count++) book.fail(`more ${count}`, 2);
	assert.equal(book.size, keysMax);
	assert.equal(book.isBlocked('first', 3), true);
	book.fail('one more', 3);
	assert.equal(book.isBlocked('first', 3), false);
});

test('a block is not made longer by what is tried meanwhile, and ends', () => {
	const book = createFailedLogins(() => ({ failuresMax: 2, spanMs: 1_000 }));
	book.fail('a', 0);
	assert.deepEqual(book.fail('a', 10), { failures: 2, begins: true });
	assert.deepEqual(book.fail('a', 900), { failures: 2, begins: false });
	assert.equal(book.isBlocked('a', 1_009), true);
	assert.equal(book.isBlocked('a', 1_010), false);
});

test('a clock that was set back does not keep failures for ever', () => {
	const book = createFailedLogins(() => ({ failuresMax: 3, spanMs: 1_000 }));
	book.fail('a', 100_000);
	book.fail('a', 100_000);
	assert.deepEqual(book.fail('a', 50_000), { failures: 1, begins: false });
});

test('delays grow and are bounded', () => {
	assert.deepEqual([1, 2, 3, 6, 7, 1_000].map(failureDelayMs), [250, 500, 1_000, 8_000, 8_000, 8_000]);
});
