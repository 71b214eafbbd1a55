/** The usage bar: the tick in one place, colours by rule, nothing beyond its width. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { barOf as barWith, type Use } from './usage-bar.ts';
import { t } from './words.fixture.ts';

const barOf = (use: Use) => barWith(use, t);

const use = (change: Partial<Use>): Use => ({
	used: 0,
	waiting: 0,
	limit: 100,
	mode: 'enforce',
	span: '/ h',
	what: 'recipients in the last 60 minutes',
	...change,
});

test('amber from 80 %, blue for what waits, red only where a rule that watches let it pass', () => {
	assert.equal(barOf(use({ used: 79 })).tone, 'plain');
	assert.equal(barOf(use({ used: 80 })).tone, 'near');
	assert.equal(barOf(use({ used: 100, waiting: 228 })).tone, 'near');
	assert.equal(barOf(use({ used: 120, mode: 'monitor' })).tone, 'over');
	assert.equal(barOf(use({ used: 120 })).tone, 'near', 'an enforced limit that was lowered is no harm done');
	assert.deepEqual(barOf(use({ used: 100, waiting: 228 })), {
		tone: 'near',
		used: '100',
		of: 'of 100 / h',
		aside: '+ 228 wait',
		hasWaiting: true,
		label: '100 of 100 recipients in the last 60 minutes, 228 more wait',
		drawing: { used: '80%', waiting: '20%', tick: '80%' },
	});
});

test('no limit has no bar; 0 lets none pass', () => {
	const free = barOf(use({ used: 1200, limit: undefined }));
	assert.deepEqual([free.used, free.of, free.aside, free.drawing], ['1,200', '/ h, no limit', '', undefined]);
	assert.deepEqual(barOf(use({ limit: 0 })).drawing, { used: '0%', waiting: '0%', tick: '80%' });
	assert.equal(barOf(use({ limit: 0 })).aside, '');
});

test('whatever the numbers, parts and whole stay within the drawing, and the tick stays at 80 %', () => {
	const number = fc.nat(2_000_000);
	fc.assert(
		fc.property(number, number, number, (used, waiting, limit) => {
			const { drawing } = barOf(use({ used, waiting, limit }));
			const parts = [drawing?.used, drawing?.waiting].map((text) => Number.parseFloat(text ?? ''));
			assert.ok(parts.every((part) => part >= 0 && part <= 100));
			assert.ok((parts[0] as number) + (parts[1] as number) <= 100.11);
			assert.equal(drawing?.tick, '80%');
		}),
	);
});
