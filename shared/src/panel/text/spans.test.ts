/** Lengths of time as the pages word them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanText } from './spans.ts';

test('spans: the two largest units that say something', () => {
	const texts = [0, 1400, 61_000, 1_907_000, 12_600_000, 180_000_000, 86_400_000].map(spanText);
	assert.deepEqual(texts, ['1 s', '1 s', '1 min 1 s', '31 min 47 s', '3 h 30 min', '2 days 2 h', '1 day']);
});
