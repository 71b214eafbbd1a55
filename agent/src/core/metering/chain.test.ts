/**
 * Who pays for which class of mail, and how little a tenant can make out of invented names.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { createAccountBook } from '../identity/accounts.ts';
import { createLimitBook } from './book.ts';
import { accountOf, attributionOf, byMailbox, byScript, limitSet, fixtureNowMs as nowMs } from './chain.fixture.ts';
import { chainOf } from './chain.ts';
import { createChains } from './chains.ts';

const accounts = createAccountBook([accountOf('acme', { reseller: 'bob' }), accountOf('other')]);
const book = createLimitBook();
const input = { accounts, book };
const hint = (domain: string, script?: string) => ({
	domain,
	address: '',
	...(script === undefined ? {} : { script }),
});
const above = ['server:server', 'reseller:bob', 'account:acme'];

const cases: readonly (readonly [string, Attribution, readonly string[], 'exempt'?])[] = [
	['mailbox', byMailbox('user@acme.test'), [...above, 'domain:acme.test', 'mailbox:user@acme.test']],
	[
		'mailbox as whom it says does not matter',
		{ ...byMailbox('user@acme.test'), hint: hint('other.test') },
		[...above, 'domain:acme.test', 'mailbox:user@acme.test'],
	],
	['login without a domain', byMailbox('acme'), [...above, 'mailbox:acme']],
	[
		'account that no panel named',
		byMailbox('u@new.test', 'domain:new.test'),
		['server:server', 'account:domain:new.test', 'domain:new.test', 'mailbox:u@new.test'],
	],
	[
		'credential',
		attributionOf({ identity: { kind: 'credential', id: 'k1' }, hint: hint('acme.test') }),
		[...above, 'domain:acme.test', 'credential:k1'],
	],
	[
		'script, own domain',
		byScript('/www', { hint: hint('acme.test') }),
		[...above, 'domain:acme.test', 'script:acme:/www'],
	],
	["script, another's domain", byScript('/www', { hint: hint('other.test') }), [...above, 'script:acme:/www']],
	[
		'script without directory',
		attributionOf({ class: 'script', hint: hint('acme.test') }),
		[...above, 'domain:acme.test'],
	],
	['tenant cron', byScript('/www', { class: 'cron' }), [...above, 'script:acme:/www']],
	[
		'cron of root',
		attributionOf({ class: 'cron', account: 'uid:0', identity: { kind: 'unix', id: '0' } }),
		['server:server'],
		'exempt',
	],
	['system', attributionOf({ class: 'system', account: 'uid:33' }), ['server:server'], 'exempt'],
	['forward', attributionOf({ class: 'forward', identity: { kind: 'address', id: 'x@acme.test' } }), above],
	['autoreply of a program', byScript('/www', { class: 'autoreply' }), above],
	// The mark is the sender's own word, and must not lift the limit of a stolen password.
	[
		'what a mailbox calls an autoreply',
		attributionOf({ class: 'autoreply', identity: { kind: 'mailbox', id: 'user@acme.test' } }),
		[...above, 'domain:acme.test', 'mailbox:user@acme.test'],
	],
	['list', attributionOf({ class: 'list' }), above],
	[
		"the MTA's own report",
		attributionOf({ class: 'dsn', account: 'uid:101', identity: { kind: 'unix', id: '101' } }),
		['server:server'],
		'exempt',
	],
	['report without an account', attributionOf({ class: 'dsn', account: '' }), ['server:server'], 'exempt'],
	[
		'what a mailbox calls a report',
		attributionOf({ class: 'dsn', identity: { kind: 'mailbox', id: 'user@acme.test' } }),
		[...above, 'domain:acme.test', 'mailbox:user@acme.test'],
	],
	["what a tenant's script calls a report", byScript('/www', { class: 'dsn' }), above],
	['unattributed', attributionOf({ class: 'unattributed', account: '' }), ['server:server', 'account:unattributed']],
];

for (const [name, attribution, scopes, exempt] of cases)
	test(`who pays: ${name}`, () => {
		const chain = chainOf(attribution, input);
		assert.deepEqual(chain.scopes, scopes);
		assert.equal(chain.isExempt, exempt === 'exempt');
	});

test('a directory that the MTA did not prove is a hint', () => {
	assert.deepEqual(chainOf(byScript('/www'), input).hints, []);
	const hinted = attributionOf({ class: 'script', hint: hint('', '1001:mail.php') });
	assert.deepEqual(chainOf(hinted, input).hints, ['script:acme:1001:mail.php']);
});

test('known: named by a panel, or limits were set for it by name', () => {
	const limits = createLimitBook();
	const isKnown = (attribution: Attribution) => chainOf(attribution, { accounts, book: limits }).isKnown;
	assert.equal(isKnown(byMailbox('user@acme.test')), true);
	assert.equal(isKnown(byMailbox('u@new.test', 'domain:new.test')), false);
	limits.set('account', 'domain:new.test', { base: limitSet({ 'hour.recipients': 5 }) });
	assert.equal(isKnown(byMailbox('u@new.test', 'domain:new.test')), true);
});

const identitiesMax = 64;
const createBoth = () => {
	const own = createAccountBook([accountOf('acme', { domains: ['acme.test', 'acme2.test', 'acme3.test'] })]);
	const limits = createLimitBook();
	return { own, limits, chains: createChains({ accounts: own, book: limits, identitiesMax: () => identitiesMax }) };
};

test('the same chain until accounts or limits change', () => {
	const { own, limits, chains } = createBoth();
	const first = chains.of(byMailbox('user@acme.test'), nowMs);
	assert.equal(chains.of({ ...byMailbox('user@acme.test'), mtaQueueId: 'x' }, nowMs + 1), first);
	own.put(accountOf('acme', { reseller: 'bob' }));
	const moved = chains.of(byMailbox('user@acme.test'), nowMs);
	assert.ok(moved.scopes.includes('reseller:bob'));
	assert.equal(chains.of(byMailbox('user@acme.test'), nowMs), moved);
	limits.set('mailbox', 'user@acme.test', { base: limitSet({ 'hour.recipients': 1 }) });
	assert.notEqual(chains.of(byMailbox('user@acme.test'), nowMs), moved);
});

test('a tenant who invents scripts and domains gets no more memory, and no way round', () => {
	const { own, chains } = createBoth();
	const domains = ['acme.test', 'acme2.test', 'acme3.test', 'gmail.test'];
	const seen = new Set<string>();
	for (let n = 0; n < 100_000; n++) {
		// Every change of accounts makes all chains anew; identities stay.
		if (n % 10_000 === 0) own.put(accountOf('acme', { domains: domains.slice(0, 3) }));
		const script = hint(domains[n % 4] as string, `1001:script${n}.php`);
		const { scopes } = chains.of(attributionOf({ class: 'script', hint: script }), nowMs + n);
		for (const scope of scopes) seen.add(scope);
	}
	assert.ok(seen.has('script:acme/other'));
	assert.ok(seen.size <= identitiesMax + 10, `${seen.size} scopes`);
	assert.ok(chains.size <= identitiesMax + 10, `${chains.size} chains`);
	assert.equal(chains.identities, identitiesMax);
});

test('what was seen a day ago makes room', () => {
	const { chains } = createBoth();
	const of = (n: number, atMs: number) => chains.of(byScript(`/www${n}`), atMs).scopes.at(-1);
	for (let n = 0; n < identitiesMax; n++) of(n, nowMs);
	assert.equal(of(100, nowMs), 'script:acme/other');
	const tomorrowMs = nowMs + 25 * 3_600_000;
	assert.equal(of(0, tomorrowMs), 'script:acme:/www0');
	assert.equal(of(100, tomorrowMs), 'script:acme:/www100');
	chains.prune(tomorrowMs);
	assert.equal(chains.identities, 2);
});

test('what the panel listed, or limits name, stands apart however much there is', () => {
	const { own, limits, chains } = createBoth();
	own.put(accountOf('acme', { mailboxes: Array.from({ length: 200 }, (_, n) => `m${n}@acme.test`) }));
	limits.set('script', 'acme:/shop', { base: limitSet({ 'hour.recipients': 5 }) });
	for (let n = 0; n < 200; n++)
		assert.equal(chains.of(byMailbox(`m${n}@acme.test`), nowMs).scopes.at(-1), `mailbox:m${n}@acme.test`);
	for (let n = 0; n < 200; n++) chains.of(byMailbox(`alias${n}@acme.test`), nowMs);
	assert.equal(chains.of(byMailbox('alias199@acme.test'), nowMs).scopes.at(-1), 'mailbox:acme/other');
	assert.equal(chains.of(byScript('/shop'), nowMs).scopes.at(-1), 'script:acme:/shop');
});
