import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPageRows } from './page-rows.ts';

test('a page has what stands first when all are sorted', () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 1, max: 20 }), (offered, limit) => {
			const rows = createPageRows<number>(limit, (one, other) => one - other);
			for (const row of offered) rows.offer(row);
			const sorted = offered.toSorted((one, other) => one - other);
			assert.deepEqual(rows.sorted(), sorted.slice(0, limit));
			assert.equal(rows.hasMore, offered.length > limit);
		}),
	);
});
