/** Every cause says who must act and what, to both sides; customers never read words of our trade. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causes } from '../../words/response.ts';
import { nextStepOf, resultText } from './next-step.ts';
import { markOf, type Recipient } from './state-mark.ts';
import { t, words as utc } from './words.fixture.ts';

const words = { ...utc, zoned: { zone: 'Europe/Berlin' } };
const customer = { isStaff: false, restoreMs: 0 };
const staff = { isStaff: true, restoreMs: 259_200_000 };
const trade = /\bSMTP\b|\bMX\b|quarantine|blacklist|\bIP\b|\b[245]\d\d\b|\bDNS\b|\bSPF\b|\bDKIM\b|\bMTA\b|\buid\b/i;
const sentence = /^[A-Z].*[.]$/;

const recipient = (more: Partial<Recipient>): Recipient => ({
	address: 'k.sommer@web.example',
	state: 'queued',
	attempts: 1,
	at: '2026-11-24T08:42:00Z',
	...more,
});
const acceptedMs = Date.parse('2026-11-24T08:41:58Z');

test('every cause, tried again or given up, has a reason and a next step for both sides', () => {
	for (const cause of causes)
		for (const isOver of [false, true]) {
			const forStaff = nextStepOf(cause, isOver, 'staff', { t });
			const forCustomer = nextStepOf(cause, isOver, 'customer', { t });
			for (const { what, next } of [forStaff, forCustomer]) {
				assert.match(what, sentence, cause);
				assert.match(next, sentence, cause);
			}
			assert.match(forStaff.next, /^(?:You|The customer|The recipient|Nobody) must act\. [A-Z]/, cause);
			assert.doesNotMatch(`${forCustomer.what} ${forCustomer.next}`, trade, cause);
			// What is over and tells nobody to do anything is a dead end.
			if (isOver) assert.notEqual(forStaff.who, 'nobody', cause);
		}
});

test('who must act', () => {
	const who = (isOver: boolean) =>
		Object.fromEntries(causes.map((cause) => [cause, nextStepOf(cause, isOver, 'staff', { t }).who]));
	assert.deepEqual(who(true), {
		'recipient-gone': 'customer',
		'mailbox-full': 'recipient',
		content: 'customer',
		'sender-auth': 'host',
		'our-ip': 'host',
		'our-domain': 'host',
		rate: 'customer',
		greylist: 'customer',
		'destination-down': 'recipient',
		policy: 'recipient',
		size: 'customer',
		protocol: 'host',
		expired: 'customer',
		unknown: 'host',
	});
	assert.deepEqual([who(false)['our-ip'], who(false).greylist, who(false).content], ['host', 'nobody', 'customer']);
});

test('every state says something to a customer in plain words', () => {
	for (const state of Object.keys(t.states) as Recipient['state'][]) {
		const text = resultText(recipient({ state, reply: '550 5.1.1 blacklist' }), acceptedMs, customer, words);
		assert.match(text, sentence, state);
		assert.doesNotMatch(text, trade, state);
		assert.notEqual(markOf(state, { t }, 'customer').text, '');
	}
});

test('a delay says when it goes on, an end how it can be undone', () => {
	const due = '2026-11-24T08:50:00Z';
	assert.equal(
		resultText(recipient({ cause: 'rate', due }), acceptedMs, customer, words),
		'The recipient’s provider takes no more mail for now. We try again; nothing to do for you. Next try about 09:50.',
	);
	assert.equal(
		resultText(recipient({ state: 'waiting', due }), acceptedMs, staff, words),
		'A limit is used up; it leaves in pace by itself. Nobody must act. About 09:50.',
	);
	assert.equal(resultText(recipient({ state: 'delivered' }), acceptedMs, staff, words), 'after 2 s');
	assert.equal(
		resultText(recipient({ state: 'discarded' }), acceptedMs, staff, words),
		'Dropped by a person or a rule; nobody was told. It can be brought back until Fri 27 Nov, 09:42.',
	);
	assert.equal(
		resultText(recipient({ state: 'bounced', cause: 'mailbox-full' }), acceptedMs, staff, words),
		'The mailbox of the recipient is full. The recipient must act. Make room; then it can be sent again.',
	);
});
