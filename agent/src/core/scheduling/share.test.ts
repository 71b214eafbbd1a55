import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShares, giveShareBack, hasShareLeft, type Share, takeShare } from './share.ts';

test('the bound falls as places are taken, and the last place is for an account with nothing', () => {
	const shares = createShares(10, 2);
	const bounds: number[] = [];
	for (let taken = 0; taken < 10; taken++) {
		let busy = 0;
		while (hasShareLeft(shares, { busy } as Share)) busy++;
		bounds.push(busy);
		takeShare(shares, `a${taken}`);
	}
	assert.deepEqual(bounds, [18, 16, 14, 12, 10, 8, 6, 4, 2, 1]);
});

test('nothing is kept of an account with nothing under way', () => {
	const shares = createShares(10, 2);
	takeShare(shares, 'a');
	takeShare(shares, 'a');
	giveShareBack(shares, 'a');
	assert.equal(shares.byAccount.size, 1);
	giveShareBack(shares, 'a');
	assert.equal(shares.byAccount.size, 0);
	assert.equal(shares.busy, 0);
});
