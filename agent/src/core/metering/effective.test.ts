/**
 * What people are told is in force, and where it comes from.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachOf, type Level, limitRules } from '@sluice/shared/words/limits.ts';
import { createAccountBook } from '../identity/accounts.ts';
import { createLimitBook } from './book.ts';
import { accountOf, limitSet, fixtureNowMs as nowMs } from './chain.fixture.ts';
import { chainOfScope, effectiveOf, effectiveText, partsOfScript } from './effective.ts';
import type { Ramp } from './rules.ts';

function createServer() {
	const accounts = createAccountBook([
		accountOf('acme', { name: 'Acme Ltd', reseller: 'bob', plan: 'Basic', sinceMs: nowMs - 86_400_000 }),
	]);
	const book = createLimitBook();
	const of = (level: Level, id: string, ramp: Ramp['mode'] = 'off') =>
		effectiveOf(level, id, { accounts, book, nowMs, staleMs: 1, ramp: { mode: ramp, days: 7, share: 0.5 } });
	const texts = (level: Level, id: string, ramp?: Ramp['mode']) =>
		of(level, id, ramp)
			.filter(({ rule }) => rule === 'hour.recipients')
			.map((limit) => `${limit.mode}: ${effectiveText(limit)}`);
	return { accounts, book, of, texts };
}

test('the number of the plan, capped by the reseller', () => {
	const { book, texts } = createServer();
	book.set('plan', 'Basic', { base: limitSet({ 'hour.recipients': 50 }) });
	assert.deepEqual(texts('account', 'acme'), ['enforce: 50 recipients an hour from plan Basic']);
	book.set('reseller', 'bob', { base: limitSet({ 'hour.recipients': 20 }) });
	assert.deepEqual(texts('account', 'acme'), [
		'enforce: 20 recipients an hour from plan Basic, capped by reseller bob',
	]);
	assert.deepEqual(texts('reseller', 'bob'), ['enforce: 20 recipients an hour from reseller bob']);
	assert.deepEqual(
		texts('plan', 'Basic'),
		['enforce: 50 recipients an hour from plan Basic'],
		'who has it is not known here',
	);
});

test('without a number of its own the smallest outside, and its origin', () => {
	const { book, texts } = createServer();
	book.set('account', 'acme', { base: limitSet({ 'hour.recipients': 80 }) });
	book.set('server', 'server', { base: limitSet({ 'hour.recipients': 5000 }) });
	assert.deepEqual(texts('domain', 'acme.test'), ['enforce: 80 recipients an hour from account Acme Ltd']);
	assert.deepEqual(texts('server', 'server'), ['enforce: 5,000 recipients an hour from the whole server']);
});

test('an enforced number and a smaller one that only counts are both told', () => {
	const { book, texts } = createServer();
	book.set('account', 'acme', { base: limitSet({ 'hour.recipients': 300 }) });
	assert.deepEqual(texts('mailbox', 'user@acme.test'), [
		'enforce: 300 recipients an hour from account Acme Ltd',
		'monitor: 100 recipients an hour from default for each mailbox',
	]);
	book.set('account', 'acme', { base: limitSet({ 'hour.recipients': 90 }) });
	assert.deepEqual(texts('mailbox', 'user@acme.test'), ['enforce: 90 recipients an hour from account Acme Ltd']);
});

test('an exception says until when; the first days cap', () => {
	const { book, of, texts } = createServer();
	const exception = { ...limitSet({ 'hour.recipients': 900 }), untilMs: nowMs + 1000 };
	book.set('account', 'acme', { exception });
	assert.deepEqual(texts('account', 'acme'), ['enforce: 900 recipients an hour from exception for account Acme Ltd']);
	assert.equal(of('account', 'acme').find(({ rule }) => rule === 'hour.recipients')?.untilMs, nowMs + 1000);
	assert.deepEqual(texts('account', 'acme', 'enforce'), [
		'enforce: 450 recipients an hour from exception for account Acme Ltd, capped by the first 7 days of account Acme Ltd',
	]);
});

test('the first days are no number of its own', () => {
	const { book, texts } = createServer();
	book.set('reseller', 'bob', { base: limitSet({ 'hour.recipients': 10 }) });
	assert.deepEqual(texts('account', 'acme', 'enforce'), ['enforce: 10 recipients an hour from reseller bob']);
});

test('a default for each, as in code and as stored', () => {
	const { book, texts } = createServer();
	assert.deepEqual(texts('server', eachOf.script), ['monitor: 60 recipients an hour from default for each script']);
	book.set('server', eachOf.script, { base: limitSet({ 'hour.recipients': 10 }) });
	assert.deepEqual(texts('server', eachOf.script), ['enforce: 10 recipients an hour from default for each script']);
});

test('never more than any enforced number of the chain', () => {
	const { book, of } = createServer();
	for (const [index, id] of (['server', 'bob', 'acme', 'acme.test', 'user@acme.test'] as const).entries()) {
		const level = (['server', 'reseller', 'account', 'domain', 'mailbox'] as const)[index] as Level;
		const values = Object.fromEntries(limitRules.map((rule, place) => [rule, 10 + ((index * 7 + place * 3) % 5)]));
		book.set(level, id, { base: limitSet(values) });
	}
	for (const { rule, value } of of('mailbox', 'user@acme.test')) {
		const all = [...book.entries()].map(({ limits }) => limits.base?.values[rule] as number);
		assert.equal(value, Math.min(...all), rule);
	}
});

test('the chain above what REST asks for', () => {
	const { accounts, book } = createServer();
	const accountOfCredential = (id: string) => (id === 'k1' ? 'acme' : undefined);
	const of = (level: Level, id: string) => chainOfScope(level, id, { accounts, book, accountOfCredential }).scopes;
	const above = ['server:server', 'reseller:bob', 'account:acme'];
	assert.deepEqual(of('account', 'acme'), above);
	assert.deepEqual(of('domain', 'acme.test'), [...above, 'domain:acme.test']);
	assert.deepEqual(of('mailbox', 'alias@acme.test'), [...above, 'domain:acme.test', 'mailbox:alias@acme.test']);
	assert.deepEqual(of('script', 'acme:/www'), [...above, 'script:acme:/www']);
	assert.deepEqual(of('script', 'acme:/other'), [...above, 'script:acme:/other'], 'a directory of that name');
	for (const level of ['mailbox', 'script', 'domain'] as const)
		assert.deepEqual(of(level, 'acme/other'), [...above, `${level}:acme/other`]);
	assert.deepEqual(of('credential', 'k1'), [...above, 'credential:k1']);
	assert.deepEqual(of('credential', 'k2'), ['server:server', 'credential:k2']);
	assert.deepEqual(of('reseller', 'bob'), above.slice(0, 2));
	assert.deepEqual(of('mailbox', 'u@new.test'), [
		'server:server',
		'account:domain:new.test',
		'domain:new.test',
		'mailbox:u@new.test',
	]);
	assert.deepEqual(partsOfScript('uid:7001:/www:a', accounts), { account: 'uid:7001', script: '/www:a' });
	assert.deepEqual(partsOfScript('acme:1001:x.php', accounts), { account: 'acme', script: '1001:x.php' });
});
