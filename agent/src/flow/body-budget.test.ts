import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBodyBudget } from './body-budget.ts';

const MB = 1_000_000;

/** A budget of 100 MB, and the names of those who have been let through. */
function start() {
	const budget = createBodyBudget(() => 100 * MB);
	const began: string[] = [];
	const take = async (account: string, megabytes: number): Promise<void> => {
		void budget.take(account, megabytes * MB).then(() => began.push(`${account}${megabytes}`));
		await new Promise((resolve) => setImmediate(resolve));
	};
	return { budget, began, take };
}

test('one account has a quarter; others go past it; its own goes on as its own ends', async () => {
	const { budget, began, take } = start();
	await take('a', 20);
	await take('a', 21);
	await take('b', 22);
	assert.deepEqual(began, ['a20', 'b22']);
	assert.equal(budget.waiting, 1);
	budget.giveBack('a', 20 * MB);
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(began, ['a20', 'b22', 'a21']);
});

test('what is shared by all is served in order: small mail does not go past large mail that waits for room', async () => {
	const { budget, began, take } = start();
	for (const account of ['a', 'b', 'c', 'd']) await take(account, 24);
	await take('e', 10);
	await take('f', 1);
	assert.deepEqual(began, ['a24', 'b24', 'c24', 'd24']);
	budget.giveBack('a', 24 * MB);
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(began.slice(4), ['e10', 'f1']);
});

test('a message larger than a share still goes when its account has nothing under way', async () => {
	const { budget, began, take } = start();
	await take('a', 500);
	await take('a', 1);
	assert.deepEqual(began, ['a500']);
	budget.giveBack('a', 500 * MB);
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(began, ['a500', 'a1']);
	budget.giveBack('a', 1 * MB);
	assert.equal(budget.takenBytes, 0);
});
