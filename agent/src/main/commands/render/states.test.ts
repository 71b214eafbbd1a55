import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import { messageState } from './states.ts';

const stateOf = (recipientCount: number, ...states: RecipientState[]): string =>
	messageState({
		recipientCount,
		recipients: states.map((state) => ({ address: 'a@b.test', state, attempts: 0, at: '2026-11-24T07:00:00Z' })),
	}).text;

test('of several recipients the state that most needs an eye is shown, and how many have it', () => {
	assert.equal(stateOf(1, 'delivered'), 'delivered');
	assert.equal(stateOf(2, 'delivered', 'delivered'), 'delivered');
	assert.equal(stateOf(3, 'delivered', 'held', 'bounced'), 'held 1/3');
	assert.equal(stateOf(3, 'delivered', 'bounced', 'bounced'), 'bounced 2/3');
	assert.equal(stateOf(50, 'queued', 'queued'), 'queued 2+/50', 'a list shows only the first ones');
});
