/**
 * Who pays for a message: the scopes of its sender, outermost first.
 *
 * A mailbox pays at every level; a script by its account, its domain where the account owns it, and its directory; what only passes
 * through (forwards, autoreplies, lists) by its account; the machine's own mail and reports by the server alone, and nothing limits
 * them. Mail with the null sender that an account's own login or program wrote is a report only by its own word: its account pays, and the
 * mailbox of a login (vacations and sieve come without one). Unattributed mail has a name of its own that only a limit set for it by name meets.
 *
 * Pure. Not here: that the same sender gets the same value, and how many identities an account may have (chains.ts), which numbers
 * meet a chain (rules.ts). Our own reports and notices have no chain: nobody pays.
 */
import { type AccountKey, isProvisional } from '@sluice/shared/words/account.ts';
import { domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { type ScopeKey, scopeKeyOf, unattributedAccount, wholeServer } from '@sluice/shared/words/limits.ts';
import type { AccountBook } from '../identity/accounts.ts';
import type { LimitBook } from './book.ts';
import type { Chain } from './types.ts';

export type ChainInput = { readonly accounts: AccountBook; readonly book: LimitBook };

/** Who pays, before it is known whether the account has room for another identity. Absent parts do not pay. */
export type Payers = {
	/** '' : nobody but the server. */
	readonly account: AccountKey;
	readonly domain?: string;
	readonly leaf?: {
		readonly level: 'mailbox' | 'script' | 'credential';
		readonly id: string;
		readonly isHint: boolean;
	};
	readonly isExempt: boolean;
};

/** A directory longer than this is cut: what a tenant writes is no name of any length. */
const scriptCharsMax = 300;
/** What identities beyond the bound share, behind the key of their account (chains.ts). No account's key has a slash. */
export const otherIdentity = '/other';
export const serverScope: ScopeKey = scopeKeyOf('server', wholeServer);

const serverOnly: Payers = { account: '', isExempt: true };

export function payersOf(attribution: Attribution, { accounts }: ChainInput): Payers {
	const { account, identity, class: kind } = attribution;
	// Only the login's own word makes it an autoreply or a report.
	if (identity?.kind === 'mailbox' && account !== '' && (kind === 'autoreply' || kind === 'dsn'))
		return byMailbox(account, identity.id);
	switch (kind) {
		case 'unattributed':
			return { account: unattributedAccount, isExempt: false };
		case 'system':
			return serverOnly;
		case 'dsn':
			return isOwnWriting(attribution, accounts) ? { account, isExempt: false } : serverOnly;
		case 'cron':
			if (accounts.find(account) === undefined) return serverOnly;
			return byScript(attribution, accounts);
		case 'forward':
		case 'autoreply':
		case 'list':
			return account === '' ? serverOnly : { account, isExempt: false };
		case 'script':
		case 'mailbox':
			if (account === '') return { account: unattributedAccount, isExempt: false };
			if (identity?.kind === 'credential') {
				const owned = ownedDomain(attribution, accounts);
				return {
					account,
					...(owned === undefined ? {} : { domain: owned }),
					leaf: { level: 'credential', id: identity.id, isHint: false },
					isExempt: false,
				};
			}
			if (kind === 'script' || identity?.kind !== 'mailbox') return byScript(attribution, accounts);
			return byMailbox(account, identity.id);
	}
}

/** A report that an account's own login or program wrote, and not the MTA. */
function isOwnWriting({ account, identity }: Attribution, accounts: AccountBook): boolean {
	if (account === '') return false;
	return identity?.kind === 'mailbox' || identity?.kind === 'credential' || accounts.find(account) !== undefined;
}

function byMailbox(account: AccountKey, login: string): Payers {
	const domain = domainOf(login);
	return {
		account,
		...(domain === '' ? {} : { domain }),
		leaf: { level: 'mailbox', id: login, isHint: false },
		isExempt: false,
	};
}

function ownedDomain({ account, hint }: Attribution, accounts: AccountBook): string | undefined {
	if (hint.domain === '') return undefined;
	return accounts.directory.accountOfDomain(hint.domain) === account ? hint.domain : undefined;
}

function byScript(attribution: Attribution, accounts: AccountBook): Payers {
	const { account, directory, hint } = attribution;
	const domain = ownedDomain(attribution, accounts);
	const script = directory ?? hint.script;
	return {
		account,
		...(domain === undefined ? {} : { domain }),
		...(script === undefined || script === ''
			? {}
			: {
					leaf: {
						level: 'script',
						id: `${account}:${script.slice(0, scriptCharsMax)}`,
						isHint: directory === undefined,
					},
				}),
		isExempt: false,
	};
}

/** The chain of these payers. */
export function chainOfPayers({ account, domain, leaf, isExempt }: Payers, { accounts, book }: ChainInput): Chain {
	const known = account === '' ? undefined : accounts.find(account);
	const scopes: ScopeKey[] = [serverScope];
	if (known?.reseller !== undefined) scopes.push(scopeKeyOf('reseller', known.reseller));
	if (account !== '') scopes.push(scopeKeyOf('account', account));
	if (domain !== undefined) scopes.push(scopeKeyOf('domain', domain));
	if (leaf !== undefined) scopes.push(scopeKeyOf(leaf.level, leaf.id));
	return {
		scopes,
		account,
		isKnown: (known !== undefined && !isProvisional(account)) || book.get('account', account) !== undefined,
		isExempt,
		hints: leaf?.isHint ? scopes.slice(-1) : [],
	};
}

/** A chain of its own for one message; `createChains` gives the same one to all of a sender. */
export const chainOf = (attribution: Attribution, input: ChainInput): Chain =>
	chainOfPayers(payersOf(attribution, input), input);
