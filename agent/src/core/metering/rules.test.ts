/**
 * Which numbers meet a sender: exceptions, plans, defaults, the unknown, the first days.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '@sluice/shared/words/account.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { eachOf, type LimitRule } from '@sluice/shared/words/limits.ts';
import { createAccountBook } from '../identity/accounts.ts';
import { createLimitBook } from './book.ts';
import { accountOf, attributionOf, byMailbox, limitSet, fixtureNowMs as nowMs } from './chain.fixture.ts';
import { chainOf } from './chain.ts';
import { createRuleSets, type RulesInput, ruleSetOf } from './rules.ts';

const staleMs = 3_600_000;
const dayMs = 86_400_000;

function createServer(account: Partial<Account> = {}) {
	const accounts = createAccountBook([accountOf('acme', { reseller: 'bob', plan: 'Basic', ...account })]);
	const book = createLimitBook();
	const input = (more: Partial<RulesInput> = {}): RulesInput => ({
		accounts,
		book,
		ramp: { mode: 'off', days: 7, share: 0.5 },
		staleMs,
		nowMs,
		...more,
	});
	const of = (attribution: Attribution = byMailbox('user@acme.test'), more: Partial<RulesInput> = {}) =>
		ruleSetOf(chainOf(attribution, { accounts, book }), input(more));
	/** `account:acme 60 enforce from plan:Basic` */
	const said = (rule: LimitRule, attribution?: Attribution, more?: Partial<RulesInput>) =>
		of(attribution, more)
			.rules.filter((one) => one.rule === rule)
			.map(({ scope, value, mode, origin }) => `${scope} ${value} ${mode} from ${origin.level}:${origin.id}`);
	return { accounts, book, of, said, input };
}

test('defaults meet everybody that a panel named, and only count', () => {
	const { said, of } = createServer();
	assert.deepEqual(said('hour.recipients'), [
		'account:acme 200 monitor from server:each-account',
		'mailbox:user@acme.test 100 monitor from server:each-mailbox',
	]);
	assert.ok(of().rules.every(({ mode }) => mode === 'monitor'));
	assert.deepEqual([of().over, of().split], ['wait', true]);
});

test('each rule comes from the nearest that sets it: exception, own, plan, stored default, default', () => {
	const { book, said } = createServer();
	const account = () => said('hour.recipients')[0];
	book.set('server', eachOf.account, { base: limitSet({ 'hour.recipients': 190 }) });
	assert.equal(account(), 'account:acme 190 enforce from server:each-account');
	assert.equal(said('day.recipients')[0], 'account:acme 1000 monitor from server:each-account', 'not set: as in code');
	book.set('plan', 'Basic', { base: limitSet({ 'hour.recipients': 60 }) });
	assert.equal(account(), 'account:acme 60 enforce from plan:Basic');
	book.set('account', 'acme', { base: limitSet({ 'hour.recipients': 90 }) });
	assert.equal(account(), 'account:acme 90 enforce from account:acme');
	const exception = { ...limitSet({ 'hour.recipients': 500 }), untilMs: nowMs + 1000 };
	book.set('account', 'acme', { base: limitSet({ 'hour.recipients': 90 }), exception });
	assert.equal(account(), 'account:acme 500 enforce from account:acme');
	assert.equal(
		said('hour.recipients', undefined, { nowMs: nowMs + 1000 })[0],
		'account:acme 90 enforce from account:acme',
	);
});

test('every level has rules of its own, outermost first', () => {
	const { book, said } = createServer();
	book.set('server', 'server', { base: limitSet({ 'hour.recipients': 9000 }) });
	book.set('reseller', 'bob', { base: limitSet({ 'hour.recipients': 500 }, 'monitor') });
	book.set('domain', 'acme.test', { base: limitSet({ 'hour.recipients': 70 }) });
	assert.deepEqual(said('hour.recipients'), [
		'server:server 9000 enforce from server:server',
		'reseller:bob 500 monitor from reseller:bob',
		'account:acme 200 monitor from server:each-account',
		'domain:acme.test 70 enforce from domain:acme.test',
		'mailbox:user@acme.test 100 monitor from server:each-mailbox',
	]);
});

test('one rule has another mode than the set; a mode without a number is for what is inherited', () => {
	const { book, said } = createServer();
	const values = { 'hour.recipients': 40, 'day.recipients': 90 };
	book.set('plan', 'Basic', { base: limitSet(values, 'monitor', { modes: { 'hour.recipients': 'enforce' } }) });
	assert.equal(said('hour.recipients')[0], 'account:acme 40 enforce from plan:Basic');
	assert.equal(said('day.recipients')[0], 'account:acme 90 monitor from plan:Basic');
	book.set('account', 'acme', { base: limitSet({}, 'enforce', { modes: { 'hour.recipients': 'monitor' } }) });
	assert.equal(said('hour.recipients')[0], 'account:acme 40 monitor from plan:Basic');
	book.set('server', eachOf.mailbox, { base: limitSet({}, 'monitor', { modes: { 'hour.recipients': 'enforce' } }) });
	assert.equal(said('hour.recipients')[1], 'mailbox:user@acme.test 100 enforce from server:each-mailbox');
});

test('unknown is not guilty: defaults need a fresh complete list, a limit set by name does not', () => {
	const { accounts, book, said } = createServer();
	const unknown = byMailbox('u@new.test', 'domain:new.test');
	book.set('server', eachOf.account, { base: limitSet({ 'hour.recipients': 10 }) });
	assert.deepEqual(said('hour.recipients', unknown), []);
	accounts.completeMs = nowMs - staleMs;
	assert.equal(said('hour.recipients', unknown).length, 2);
	accounts.completeMs = nowMs - staleMs - 1;
	assert.deepEqual(said('hour.recipients', unknown), []);
	book.set('account', 'domain:new.test', { base: limitSet({ 'hour.recipients': 5 }) });
	assert.deepEqual(said('hour.recipients', unknown), [
		'account:domain:new.test 5 enforce from account:domain:new.test',
	]);
	assert.equal(said('hour.recipients').length, 2, 'the panel knows this one');
});

test('unattributed mail meets no default, only what is set by that name; exempt mail meets nothing', () => {
	const { accounts, book, said } = createServer();
	accounts.completeMs = nowMs;
	book.set('server', 'server', { base: limitSet({ 'hour.recipients': 9000 }) });
	const nobody = attributionOf({ class: 'unattributed', account: '' });
	assert.deepEqual(said('hour.recipients', nobody), ['server:server 9000 enforce from server:server']);
	book.set('account', 'unattributed', { base: limitSet({ 'hour.recipients': 50 }) });
	assert.equal(said('hour.recipients', nobody)[1], 'account:unattributed 50 enforce from account:unattributed');
	assert.deepEqual(said('hour.recipients', attributionOf({ class: 'system', account: 'uid:0' })), []);
});

test('a new account has a share of its numbers for its first days', () => {
	const { book, said, of } = createServer({ sinceMs: nowMs - 6 * dayMs });
	book.set('plan', 'Basic', { base: limitSet({ 'hour.recipients': 61, 'day.messages': 0, 'hour.messages': 1 }) });
	const ramp = { mode: 'enforce', days: 7, share: 0.5 } as const;
	assert.deepEqual(said('hour.recipients', undefined, { ramp }).slice(0, 2), [
		'account:acme 61 enforce from plan:Basic',
		'account:acme 30 enforce from ramp:acme',
	]);
	assert.equal(said('day.messages', undefined, { ramp })[1], 'account:acme 0 enforce from ramp:acme');
	assert.equal(
		said('hour.messages', undefined, { ramp })[1],
		'account:acme 1 enforce from ramp:acme',
		'never down to none',
	);
	assert.equal(said('message.recipients', undefined, { ramp }).length, 1);
	const monitored = of(undefined, { ramp: { ...ramp, mode: 'monitor' } }).rules.filter(
		({ origin }) => origin.level === 'ramp',
	);
	assert.ok(
		monitored.length > 0 && monitored.every(({ mode, untilMs }) => mode === 'monitor' && untilMs === nowMs + dayMs),
	);
	assert.equal(said('hour.recipients', undefined, { ramp, nowMs: nowMs + dayMs }).length, 2);
});

test('what a tenant says of over and split counts where nobody above him has said it', () => {
	const { book, of } = createServer();
	const tenant = { author: 'customer carol' } as const;
	book.set('mailbox', 'user@acme.test', {
		base: { ...limitSet({}, 'monitor', { over: 'defer', split: false }), ...tenant },
	});
	assert.deepEqual([of().over, of().split], ['defer', false]);
	book.set('account', 'acme', { base: limitSet({}, 'enforce', { over: 'reject' }) });
	assert.deepEqual([of().over, of().split], ['reject', false]);
});

test('over and split come from the nearest that says them, defaults for each last', () => {
	const { book, of } = createServer();
	book.set('server', 'server', { base: limitSet({}, 'monitor', { over: 'reject' }) });
	assert.equal(of().over, 'reject');
	book.set('server', eachOf.mailbox, { base: limitSet({}, 'monitor', { over: 'wait', split: false }) });
	assert.deepEqual([of().over, of().split], ['reject', false]);
	book.set('plan', 'Basic', { base: limitSet({}, 'monitor', { over: 'defer', split: true }) });
	assert.deepEqual([of().over, of().split], ['defer', true]);
	book.set('mailbox', 'user@acme.test', { base: limitSet({}, 'monitor', { over: 'wait' }) });
	assert.equal(of().over, 'wait');
});

test('rules are kept while nothing changes, and found anew when accounts, limits, settings or the clock do', () => {
	const { accounts, book } = createServer({ sinceMs: nowMs - 6 * dayMs });
	let ramp = { mode: 'off', days: 7, share: 0.5 } as RulesInput['ramp'];
	const sets = createRuleSets({ accounts, book, settings: () => ({ ramp, staleMs }) });
	const chain = chainOf(byMailbox('user@acme.test'), { accounts, book });
	const unknown = chainOf(byMailbox('u@new.test', 'domain:new.test'), { accounts, book });
	const countOf = (atMs: number) => sets.of(chain, atMs).rules.length;
	const first = sets.of(chain, nowMs);
	assert.equal(sets.of(chain, nowMs + 10 * dayMs), first);
	book.set('account', 'acme', { exception: { ...limitSet({ 'hour.messages': 1 }), untilMs: nowMs + 5000 } });
	assert.equal(countOf(nowMs), first.rules.length + 1);
	assert.equal(countOf(nowMs + 4999), first.rules.length + 1);
	assert.equal(countOf(nowMs + 5000), first.rules.length);
	assert.equal(countOf(nowMs + 4000), first.rules.length + 1, 'the clock was set back');
	ramp = { ...ramp, mode: 'enforce' };
	const withRamp = countOf(nowMs + 6000);
	assert.ok(withRamp > first.rules.length);
	assert.equal(countOf(nowMs + dayMs), first.rules.length);
	accounts.completeMs = nowMs;
	assert.ok(sets.of(unknown, nowMs).rules.length > 0);
	assert.equal(sets.of(unknown, nowMs + staleMs + 1).rules.length, 0);
	accounts.put(accountOf('acme', { mailboxes: [] }));
	assert.notEqual(sets.of(chain, nowMs), first);
});
