import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notifyDelay, notifyFailure, notifyGiven, notifySuccess } from '../scheduling/queued.ts';
import { type DsnEvent, dsnDue } from './due.ts';

const never = notifyGiven;
const success = notifyGiven | notifySuccess;
const failure = notifyGiven | notifyFailure;
const delay = notifyGiven | notifyDelay;
const plain = { reversePath: 'ann@site1.test', class: 'mailbox', notify: 0 } as const;
const all: readonly DsnEvent[] = ['bounced', 'expired', 'suppressed', 'delayed', 'relayed', 'discarded'];

test('NOTIFY decides, where it was given (RFC 3461 §4.1)', () => {
	const dueFor = (notify: number) => all.filter((event) => dsnDue({ ...plain, notify, event }));
	assert.deepEqual(dueFor(0), ['bounced', 'expired', 'suppressed', 'delayed']);
	assert.deepEqual(dueFor(never), []);
	assert.deepEqual(dueFor(success), ['relayed']);
	assert.deepEqual(dueFor(failure), ['bounced', 'expired', 'suppressed']);
	assert.deepEqual(dueFor(delay), ['delayed']);
	assert.deepEqual(dueFor(success | failure | delay), ['bounced', 'expired', 'suppressed', 'delayed', 'relayed']);
});

test('invariant 7: no report to the null reverse-path, none about a report, whatever NOTIFY says', () => {
	const asked = success | failure | delay;
	for (const event of all) {
		assert.equal(dsnDue({ ...plain, reversePath: '', notify: asked, event }), false);
		assert.equal(dsnDue({ ...plain, class: 'dsn', notify: asked, event }), false);
		assert.equal(dsnDue({ ...plain, about: '01kbtest00001', notify: asked, event }), false);
	}
});

test('delays of mail that only passes through are told to those who asked', () => {
	for (const sender of ['forward', 'list', 'autoreply'] as const) {
		assert.equal(dsnDue({ ...plain, class: sender, event: 'delayed' }), false);
		assert.equal(dsnDue({ ...plain, class: sender, notify: delay, event: 'delayed' }), true);
		assert.equal(dsnDue({ ...plain, class: sender, event: 'bounced' }), true);
	}
});
