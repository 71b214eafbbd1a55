import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import {
	finalStates,
	isFinal,
	openStates,
	type RecipientState,
	recipientStates,
} from '@sluice/shared/words/recipient.ts';
import fc from 'fast-check';
import type { QueuedMessage, QueuedRecipient } from '../scheduling/queued.ts';
import { apply, isSettled, lifecycle, mayTake, recover, replay, stepBetween } from './lifecycle.ts';

const recipientIn = (state: RecipientState, attempts = 0): QueuedRecipient => ({
	index: 0,
	destination: 'example.test',
	notify: 0,
	key: 0,
	isCharged: true,
	state,
	attempts,
	dueMs: 1000,
	sinceMs: 1000,
	standing: undefined,
	delayNoticed: false,
	reported: false,
	reply: '',
});

const transitionTo = (to: RecipientState, more: Partial<Transition> = {}): Transition => ({
	message: '01hznne8wj000',
	recipient: 0,
	atMs: 5000,
	to,
	attempts: 1,
	...more,
});

const anyState = fc.constantFrom(...recipientStates);

test('invariant 2: transitions live in one table, and this is it', () => {
	const table = recipientStates.map((from) => {
		const targets = recipientStates.filter((to) => stepBetween(from, to) !== undefined);
		return `${from} → ${targets.join(' ')}`.trim();
	});
	assert.deepEqual(table, [
		'queued → queued held sending expired discarded suppressed',
		'waiting → queued held expired discarded',
		'held → queued waiting held expired discarded',
		'sending → queued held delivered bounced expired discarded suppressed',
		'delivered →',
		'bounced →',
		'expired → queued waiting held',
		'discarded → queued waiting held',
		'suppressed →',
	]);
});

test('a final state is left by restore alone', () => {
	for (const from of finalStates)
		for (const to of recipientStates) {
			const step = stepBetween(from, to);
			assert.ok(step === undefined || step.startsWith('restore'), `${from} → ${to} by ${step}`);
		}
	for (const [name, row] of Object.entries(lifecycle))
		if (row.from.some((from) => from !== 'new' && isFinal(from))) assert.match(name, /^restore/);
});

test('every open state can reach an end', () => {
	for (const from of openStates)
		assert.ok(
			finalStates.some((to) => stepBetween(from, to) !== undefined),
			from,
		);
});

test('a refused step changes nothing', () => {
	fc.assert(
		fc.property(anyState, anyState, (from, to) => {
			const recipient = recipientIn(from, 3);
			const before = { ...recipient };
			const taken = apply(recipient, transitionTo(to, { dueMs: 9000, attempts: 4, delayNoticed: true }));
			if (taken.ok) assert.equal(recipient.state, to);
			else assert.deepEqual(recipient, before);
			assert.equal(taken.ok, stepBetween(from, to) !== undefined);
		}),
	);
});

test('a deferral says when, how often and why', () => {
	const recipient = recipientIn('sending');
	const reply = { code: 451, status: '4.7.1', lines: ['try again later', 'x'.repeat(500)] };
	assert.deepEqual(apply(recipient, transitionTo('queued', { dueMs: 65_000, attempts: 1, reply })), {
		ok: true,
		value: 'defer',
	});
	assert.equal(recipient.dueMs, 65_000);
	assert.equal(recipient.attempts, 1);
	assert.match(recipient.reply, /^451 4\.7\.1 try again later x+$/);
	assert.equal(recipient.reply.length, 200);
});

test('without a due time a queued recipient is due at once', () => {
	const recipient = recipientIn('held');
	apply(recipient, transitionTo('queued'));
	assert.equal(recipient.dueMs, 5000);
});

test('a recipient that is restored has to be reported on again', () => {
	const recipient = { ...recipientIn('expired'), reported: true };
	assert.deepEqual(apply(recipient, transitionTo('queued')), { ok: true, value: 'restore' });
	assert.equal(recipient.reported, false);
});

test('the log says nothing of sending: replay takes answers from queued', () => {
	for (const to of ['delivered', 'bounced', 'queued', 'expired', 'held'] as const)
		assert.ok(replay(recipientIn('queued'), transitionTo(to)).ok, to);
	assert.ok(!replay(recipientIn('held'), transitionTo('delivered')).ok);
	assert.ok(!apply(recipientIn('queued'), transitionTo('delivered')).ok, 'live it has to be sending');
});

test('the log behind what is known already is passed over', () => {
	const recipient = { ...recipientIn('queued', 3), dueMs: 90_000 };
	assert.deepEqual(replay(recipient, transitionTo('queued', { attempts: 2, dueMs: 10 })), {
		ok: true,
		value: 'repeated',
	});
	assert.deepEqual([recipient.attempts, recipient.dueMs], [3, 90_000]);
});

test('replaying a life again changes nothing', () => {
	const life = fc.array(
		fc.record({ to: fc.constantFrom('queued' as const, 'held' as const), isAttempt: fc.boolean() }),
		{ maxLength: 8 },
	);
	const end = fc.constantFrom<RecipientState | undefined>(...finalStates, undefined);
	fc.assert(
		fc.property(life, end, (steps, last) => {
			let attempts = 0;
			const log: Transition[] = steps.map(({ to, isAttempt }, index) => {
				if (isAttempt) attempts++;
				return transitionTo(to, { attempts, atMs: index, ...(to === 'queued' ? { dueMs: 100 + index } : {}) });
			});
			if (last !== undefined) log.push(transitionTo(last, { attempts: attempts + 1 }));
			const once = recipientIn('queued');
			const taken = log.filter((step) => replay(once, step).ok);
			const twice = { ...once };
			for (const step of taken) assert.ok(replay(twice, step).ok);
			assert.deepEqual({ ...twice, dueMs: 0 }, { ...once, dueMs: 0 });
			if (!isFinal(once.state)) assert.equal(twice.dueMs, once.dueMs);
		}),
	);
});

test('what was under way at a crash is queued', () => {
	const recipient = recipientIn('sending', 2);
	recover(recipient);
	assert.equal(recipient.state, 'queued');
	assert.equal(recipient.attempts, 2);
	for (const state of recipientStates.filter((other) => other !== 'sending')) {
		const other = recipientIn(state);
		recover(other);
		assert.equal(other.state, state);
	}
});

test('a new recipient starts queued, waiting, held or suppressed', () => {
	const starts = recipientStates.filter((to) => stepBetween('new', to) !== undefined);
	assert.deepEqual(starts, ['queued', 'waiting', 'held', 'suppressed']);
	assert.ok(mayTake('hold', 'new'));
	assert.ok(!mayTake('dispatch', 'held'));
});

test('a message is settled when all are final and all reports are made', () => {
	const message = (...recipients: QueuedRecipient[]): QueuedMessage => ({ recipients }) as unknown as QueuedMessage;
	const done = { ...recipientIn('delivered'), reported: true };
	assert.ok(isSettled(message(done, { ...recipientIn('bounced'), reported: true })));
	assert.ok(!isSettled(message(done, recipientIn('bounced'))), 'a report is owed');
	assert.ok(!isSettled(message(done, { ...recipientIn('held'), reported: true })), 'one is open');
});

test('a lifetime begins at a release, and neither a deferral nor a replay of one begins it anew', () => {
	const live = recipientIn('held');
	assert.ok(apply(live, transitionTo('queued', { atMs: 9000 })).ok);
	assert.equal(live.sinceMs, 9000);
	live.state = 'sending';
	assert.ok(apply(live, transitionTo('queued', { atMs: 12_000, attempts: 1 })).ok);
	assert.equal(live.sinceMs, 9000);
	const replayed = recipientIn('held');
	for (const step of [transitionTo('queued', { atMs: 9000 }), transitionTo('queued', { atMs: 12_000, attempts: 1 })])
		replay(replayed, step);
	assert.equal(replayed.sinceMs, 9000);
	assert.ok(apply(live, transitionTo('held', { atMs: 15_000, attempts: 1 })).ok);
	assert.equal(live.sinceMs, 15_000);
});
