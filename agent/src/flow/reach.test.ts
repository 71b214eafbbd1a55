import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOfRouting } from '../core/delivery/outcome.ts';
import type { Answered } from './answered.ts';
import type { Flow } from './context.ts';
import { createReach } from './reach.ts';

const nowhere = [{ outcome: outcomeOfRouting('dns-temporary') }] as unknown as readonly Answered[];
const answered = [{ outcome: outcomeOfRouting('null-mx') }] as unknown as readonly Answered[];

function start(smarthosts: readonly unknown[] = []) {
	const raised = new Set<string>();
	const flow = {
		health: { raise: ({ code }: { code: string }) => raised.add(code), clear: (code: string) => raised.delete(code) },
		settings: () => ({ routing: { smarthosts } }),
	} as unknown as Pick<Flow, 'health' | 'settings'>;
	const reach = createReach();
	return {
		raised,
		note: (destination: string, answers: readonly Answered[]) => reach.note(flow, destination, answers),
	};
}

test('nobody reached in ten attempts to several destinations is our own trouble; the first that answers clears it', () => {
	const { raised, note } = start();
	for (let attempt = 0; attempt < 10; attempt++) note(`d${attempt % 3}.test`, nowhere);
	assert.ok(raised.has('no-delivery'));
	note('other.test', answered);
	assert.ok(!raised.has('no-delivery'));
});

test('one dead receiver is its own trouble, a dead smarthost is ours', () => {
	const direct = start();
	for (let attempt = 0; attempt < 50; attempt++) direct.note('dead.test', nowhere);
	assert.equal(direct.raised.size, 0);
	const relayed = start([{}]);
	for (let attempt = 0; attempt < 10; attempt++) relayed.note('smarthost', nowhere);
	assert.ok(relayed.raised.has('no-delivery'));
});
