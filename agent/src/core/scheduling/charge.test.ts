/** An act charges each recipient once, a message with its first; what is abandoned is not charged; who is asked decides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import { queuedFixture, fixtureStartMs as start } from './queued.fixture.ts';
import { createScheduler } from './scheduler.ts';

const scopes = ['server:server', 'account:a'];
const recipients = [{ state: 'held' }, { state: 'held' }, { state: 'waiting' }] as const;
const held = () => queuedFixture({ sequence: 1, scopes, recipients });
const charges = (transitions: readonly Transition[]) =>
	transitions.map(({ to, charge }) => [to, charge?.messages, charge?.key]);

test('a release charges each recipient, and the message with the first of them', () => {
	const scheduler = createScheduler();
	const message = held();
	scheduler.add(message, start);
	const selector = { kind: 'account', id: 'a' } as const;
	const first = scheduler.plan({ kind: 'release', selector, nowMs: start, recipientsMax: 1 });
	assert.deepEqual(charges(first.transitions), [['queued', 1, 0]]);
	assert.equal(first.transitions[0]?.charge?.scopes, scopes);
	// Planned at the same time: the message is counted by the other act already.
	const rest = scheduler.plan({ kind: 'release', selector, nowMs: start });
	assert.deepEqual(charges(rest.transitions), [
		['queued', 0, 1],
		['queued', 0, 2],
	]);
	scheduler.abandon(rest, start);
	scheduler.commit(first, start);
	assert.deepEqual(
		message.recipients.map(({ isCharged }) => isCharged),
		[true, false, false],
	);
});

test('what was charged once is held and released again for nothing, and what nobody pays for is never charged', () => {
	const scheduler = createScheduler();
	scheduler.add(queuedFixture({ sequence: 1, scopes, recipients: [{}] }), start);
	scheduler.add(queuedFixture({ sequence: 2, recipients: [{ state: 'held' }] }), start);
	const selector = { kind: 'account', id: 'a' } as const;
	for (const kind of ['hold', 'release'] as const) {
		const act = scheduler.plan({ kind, selector, nowMs: start });
		assert.ok(act.transitions.every(({ charge }) => charge === undefined));
		scheduler.commit(act, start);
	}
});

test('who is asked lets leave, lets wait, or lets be', () => {
	const scheduler = createScheduler();
	const message = held();
	scheduler.add(message, start);
	const answers = ['leave', 'wait', 'stay'] as const;
	let asked = 0;
	const act = scheduler.plan({
		kind: 'release',
		selector: { kind: 'message', id: message.id },
		nowMs: start,
		admit: () => answers[asked++] ?? 'stay',
	});
	assert.deepEqual(charges(act.transitions), [
		['queued', 1, 0],
		['waiting', undefined, undefined],
	]);
	scheduler.commit(act, start);
	assert.deepEqual(
		message.recipients.map(({ state }) => state),
		['queued', 'waiting', 'waiting'],
	);
});
