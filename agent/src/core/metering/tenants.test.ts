/** What a reseller, a customer or an account sets for its own stands within what it was given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '@sluice/shared/words/account.ts';
import type { LimitSet } from '@sluice/shared/words/limits.ts';
import { createAccountBook } from '../identity/accounts.ts';
import { createLimitBook } from './book.ts';
import { effectiveOf, effectiveText } from './effective.ts';

const nowMs = Date.parse('2026-11-24T08:00:00Z');
const account: Account = {
	id: 'acme',
	key: 'acme',
	panel: 'none',
	name: 'Acme',
	reseller: 'bob',
	plan: 'Basic',
	unixUsers: [],
	domains: ['acme.test'],
	mailboxes: ['me@acme.test'],
	state: 'active',
	sinceMs: 0,
	maySendAs: [],
};
const setBy = (author: string, hour: number, mode: LimitSet['mode'] = 'enforce'): LimitSet => ({
	values: { 'hour.recipients': hour },
	mode,
	author,
	setMs: nowMs,
});

function booked() {
	const book = createLimitBook();
	const input = {
		accounts: createAccountBook([account]),
		book,
		ramp: { mode: 'off', days: 7, share: 0.5 },
		staleMs: 3_600_000,
		nowMs,
	} as const;
	const texts = (level: 'account' | 'mailbox', id: string) =>
		effectiveOf(level, id, input)
			.filter(({ rule }) => rule === 'hour.recipients')
			.map((limit) => `${effectiveText(limit)} (${limit.mode})`);
	return { book, texts };
}

test('a reseller cannot give an account more than its plan does, and may give it less', () => {
	const { book, texts } = booked();
	book.set('plan', 'Basic', { base: setBy('admin root', 50) });
	book.set('account', 'acme', { base: setBy('reseller bob', 500) });
	assert.deepEqual(texts('account', 'acme'), [
		'50 recipients an hour from account Acme, capped by plan Basic (enforce)',
	]);
	book.set('account', 'acme', { base: setBy('reseller bob as carl', 20) });
	assert.deepEqual(texts('account', 'acme'), ['20 recipients an hour from account Acme (enforce)']);
	book.set('account', 'acme', { base: setBy('admin root', 500) });
	assert.deepEqual(texts('account', 'acme'), ['500 recipients an hour from account Acme (enforce)']);
});

test('a tenant that only watches its own mailbox is still stopped by the default that is enforced', () => {
	const { book, texts } = booked();
	book.set('server', 'each-mailbox', { base: setBy('admin root', 100) });
	for (const author of ['customer dave', 'account acme']) {
		book.set('mailbox', 'me@acme.test', { base: setBy(author, 1_000_000, 'monitor') });
		assert.deepEqual(texts('mailbox', 'me@acme.test'), [
			'100 recipients an hour from default for each mailbox (enforce)',
		]);
		// A mode without a number is a way to the same.
		book.set('mailbox', 'me@acme.test', {
			base: { values: {}, mode: 'monitor', modes: { 'hour.recipients': 'monitor' }, author, setMs: nowMs },
		});
		assert.match(texts('mailbox', 'me@acme.test')[0] ?? '', /^100 .*default for each mailbox \(enforce\)$/);
	}
});
