/**
 * Senders, accounts and limits for tests.
 */
import type { Account } from '@sluice/shared/words/account.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { LimitMode, LimitOrigin, LimitRule, LimitSet, ScopeKey } from '@sluice/shared/words/limits.ts';
import type { Chain, Rule, RuleSet } from './types.ts';

/** 2027-01-15 08:00 UTC. */
export const fixtureNowMs = 1_800_000_000_000;
const yearMs = 31_536_000_000;

export function accountOf(key: string, more: Partial<Account> = {}): Account {
	return {
		id: key,
		key,
		panel: 'cpanel',
		name: '',
		unixUsers: [],
		domains: [`${key}.test`],
		mailboxes: [`user@${key}.test`],
		state: 'active',
		sinceMs: fixtureNowMs - yearMs,
		maySendAs: [],
		...more,
	};
}

export function attributionOf(more: Partial<Attribution>): Attribution {
	return {
		account: 'acme',
		class: 'mailbox',
		certainty: 'proved',
		from: 'test',
		hint: { domain: '', address: '' },
		alarms: [],
		...more,
	};
}

export const byMailbox = (address: string, account = 'acme'): Attribution =>
	attributionOf({ account, identity: { kind: 'mailbox', id: address } });

export const byScript = (directory: string, more: Partial<Attribution> = {}): Attribution =>
	attributionOf({ class: 'script', identity: { kind: 'unix', id: '1001' }, directory, ...more });

export const limitSet = (
	values: LimitSet['values'],
	mode: LimitMode = 'enforce',
	more: Partial<LimitSet> = {},
): LimitSet => ({ values, mode, author: 'admin root', setMs: 0, ...more });

export const chainOfScopes = (...scopes: ScopeKey[]): Chain => ({
	scopes,
	account: 'acme',
	isKnown: true,
	isExempt: false,
	hints: [],
});

const noOrigin: LimitOrigin = { level: 'account', id: 'acme', name: 'account acme' };

export const ruleOf = (scope: ScopeKey, rule: LimitRule, value: number, mode: LimitMode = 'enforce'): Rule => ({
	scope,
	rule,
	value,
	mode,
	origin: noOrigin,
});

/** Of all rules those that meet the chain. */
export const rulesOf = (rules: readonly Rule[], { scopes }: Chain): RuleSet => ({
	rules: rules.filter(({ scope }) => scopes.includes(scope)),
	over: 'wait',
	split: true,
});
