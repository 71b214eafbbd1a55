/** What is done with an answer that cannot be written down. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import type { Flow } from './context.ts';
import { createHealth } from './health.ts';
import { recordUntilDurable } from './settle.ts';

const step: Transition = { message: '0000000000000', recipient: 0, atMs: 0, to: 'delivered', attempts: 1 };

/** A log whose first writes fail. */
function flowWith(failures: number, isStopping = false) {
	const waits: number[] = [];
	let writes = 0;
	const clock = {
		now: () => 0,
		monotonic: () => 0,
		after(delayMs: number, fire: () => void) {
			waits.push(delayMs);
			queueMicrotask(fire);
			return { cancel: () => {} };
		},
	};
	const health = createHealth(clock, { emit: () => {} });
	const flow = {
		clock,
		health,
		isStopping: () => isStopping,
		spool: {
			record: async () => {
				writes += 1;
				if (writes <= failures) throw new Error('ENOSPC');
			},
		},
	} as unknown as Flow;
	return { flow, health, waits, writes: () => writes };
}

test('it is written again until it is written; meanwhile nothing new is sent', async () => {
	const { flow, health, waits, writes } = flowWith(3);
	const recorded = recordUntilDurable(flow, [step]);
	await Promise.resolve();
	await Promise.resolve();
	assert.equal(health.can('delivering'), false);
	await recorded;
	assert.deepEqual([writes(), waits], [4, [1000, 1000, 1000]]);
	assert.ok(health.can('delivering'));
});

test('an agent that is being stopped does not try for ever', async () => {
	const { flow, waits } = flowWith(Number.POSITIVE_INFINITY, true);
	await assert.rejects(recordUntilDurable(flow, [step]), /ENOSPC/);
	assert.deepEqual(waits, []);
});
