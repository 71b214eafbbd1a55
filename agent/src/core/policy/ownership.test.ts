import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '@sluice/shared/words/account.ts';
import type { Attribution, SenderClass } from '@sluice/shared/words/attribution.ts';
import { createAccountBook } from '../identity/accounts.ts';
import type { Judgement } from './judge.ts';
import { breachOf, breachReason, type OwnershipSettings, withBreach } from './ownership.ts';

const account = (key: string, domains: readonly string[], more: Partial<Account> = {}): Account => ({
	key,
	id: key,
	panel: 'none',
	name: key,
	unixUsers: [],
	domains,
	mailboxes: [],
	state: 'active',
	sinceMs: 0,
	maySendAs: [],
	...more,
});

const accounts = createAccountBook([
	account('alice', ['alice.test', 'shop.alice-shop.test'], { maySendAs: ['partner.test', 'boss@bob.test'] }),
	account('bob', ['bob.test', 'sub.alice.test', 'co.uk', 'github.io']),
]);
const settings: OwnershipSettings = {
	mode: 'monitor',
	isMonitorOnly: false,
	action: 'reject',
	strangers: 'allow',
	hostNames: ['host.test'],
};

const sentBy = (key: string, kind: SenderClass = 'mailbox'): Attribution => ({
	account: key,
	class: kind,
	certainty: 'proved',
	from: '',
	hint: { domain: '', address: '' },
	alarms: [],
});

const ask = (reversePath: string, from: string, by = sentBy('alice'), asked: Partial<OwnershipSettings> = {}) => {
	const breach = breachOf(by, { reversePath, from: from.split(', ') }, accounts, { ...settings, ...asked });
	return breach === undefined ? 'fine' : `${breach.where} ${breach.domain} ${breach.owner ?? 'nobody'}`;
};

test('own domains and what stands below them, exceptions, the machine’s name, strangers', () => {
	const cases: readonly [string, string, string][] = [
		['a@alice.test', 'a@alice.test', 'fine'],
		['a@mail.ALICE.test', 'a@alice.test', 'fine'],
		['a@sub.alice.test', 'a@alice.test', 'MAIL FROM sub.alice.test bob'],
		['a@x.sub.alice.test', 'a@alice.test', 'MAIL FROM x.sub.alice.test bob'],
		['a@bob.test', 'a@alice.test', 'MAIL FROM bob.test bob'],
		['a@alice.test', 'a@bob.test', 'From bob.test bob'],
		['a@alice.test', 'a@alice.test, a@bob.test', 'From bob.test bob'],
		['a@alice.test', 'a@BOB.test.', 'From bob.test bob'],
		['', 'a@bob.test', 'From bob.test bob'],
		['', '', 'fine'],
		['Boss@bob.test', 'boss@bob.test', 'fine'],
		['other@bob.test', 'boss@bob.test', 'MAIL FROM bob.test bob'],
		['a@mail.partner.test', 'a@partner.test', 'fine'],
		['alice@host.test', 'alice@host.test', 'fine'],
		['alice@x.host.test', 'alice@alice.test', 'fine'],
		['a@gmail.test', 'a@gmail.test', 'fine'],
		// Of a name that begins or ends like an own one nothing follows.
		['a@notalice.test', 'a@alice.test', 'fine'],
		['a@test', 'a@alice.test', 'fine'],
		// What a panel let somebody add is his only where domains are given.
		['a@alices-shop.co.uk', 'a@co.uk', 'fine'],
		['a@alice.github.io', 'a@alice.test', 'fine'],
	];
	for (const [reversePath, from, expected] of cases)
		assert.equal(ask(reversePath, from), expected, `${reversePath} ${from}`);
	assert.equal(ask('a@gmail.test', '', sentBy('alice'), { strangers: 'refuse' }), 'MAIL FROM gmail.test nobody');
	assert.equal(ask('alice@host.test', '', sentBy('alice'), { strangers: 'refuse' }), 'fine');
});

test('other people’s addresses in forwards, lists, autoreplies and reports; accounts nobody has named; switched off', () => {
	for (const kind of ['forward', 'list', 'autoreply', 'dsn', 'system', 'unattributed'] as const)
		assert.equal(ask('a@bob.test', 'a@bob.test', sentBy('alice', kind)), 'fine', kind);
	// A header alone makes nobody's own mail a report.
	for (const kind of ['autoreply', 'dsn'] as const) {
		const written = { ...sentBy('alice', kind), identity: { kind: 'mailbox', id: 'a@alice.test' } } as const;
		assert.equal(ask('', 'a@bob.test', written), 'From bob.test bob', kind);
	}
	for (const kind of ['script', 'cron'] as const)
		assert.notEqual(ask('a@bob.test', '', sentBy('alice', kind)), 'fine', kind);
	assert.equal(ask('a@bob.test', '', sentBy('domain:alice.test')), 'fine');
	assert.equal(ask('a@bob.test', '', sentBy('alice'), { mode: 'off' }), 'fine');
});

test('the reason names the domain and never its owner', () => {
	const breach = breachOf(sentBy('alice'), { reversePath: 'a@bob.test', from: [] }, accounts, settings);
	assert.ok(breach !== undefined);
	assert.deepEqual(breachReason(breach, settings), {
		rule: 'ownership.mail-from.monitor',
		text: 'This account may not send as bob.test: the domain is not its own.',
		value: 'a@bob.test',
		evidence: 'in MAIL FROM',
	});
	assert.equal(breachReason(breach, { ...settings, mode: 'enforce' }).rule, 'ownership.mail-from');
});

test('watched, a breach is a reason beside the others; enforced, it refuses or holds', () => {
	const breach = breachOf(sentBy('alice'), { reversePath: 'a@bob.test', from: [] }, accounts, settings);
	assert.ok(breach !== undefined);
	const held: Judgement = { verdict: { action: 'hold', reasons: [{ rule: 'hold.account', text: 'x' }] } };
	const outcome = (judgement: Judgement, asked: Partial<OwnershipSettings>) => {
		const { verdict, fault } = withBreach(judgement, breach, { ...settings, ...asked });
		return [verdict.action, fault ?? '-', ...verdict.reasons.map(({ rule }) => rule)].join(' ');
	};
	const fine: Judgement = { verdict: { action: 'accept', reasons: [] } };
	assert.equal(outcome(fine, {}), 'accept - ownership.mail-from.monitor');
	assert.equal(outcome(held, {}), 'hold - hold.account ownership.mail-from.monitor');
	assert.equal(outcome(fine, { mode: 'enforce' }), 'reject notOwner ownership.mail-from');
	assert.equal(outcome(fine, { mode: 'enforce', isMonitorOnly: true }), 'accept - ownership.mail-from.monitor');
	assert.equal(outcome(held, { mode: 'enforce', action: 'hold' }), 'hold - hold.account ownership.mail-from');
});
