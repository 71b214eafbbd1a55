/**
 * Whom an actor may see, and what it may do: an administrator everything, a reseller with its accounts, a customer with its own, an
 * account with itself.
 *
 * The panel checks role and ownership live, the agent again against its own list; the stricter wins. What may not be seen is answered
 * in the same words as what is not there; what may be seen and not done is `forbidden`. An account that is gone is seen by
 * administrators alone: its name, or that of its reseller, may be somebody else's by now.
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import { type Account, type AccountKey, isProvisional } from '@sluice/shared/words/account.ts';
import type { Level } from '@sluice/shared/words/limits.ts';
import type { AccountBook } from '../../core/identity/accounts.ts';
import { partsOfScript } from '../../core/metering/effective.ts';

/**
 * The key behind what a person calls an account: the panel's id, or a key itself. `acme~1` is the first bearer of an id that has been
 * given anew since; its key is `acme`, which now means the present one.
 */
export function keyOf(accounts: AccountBook, id: string): AccountKey {
	const first = /^(.+)~1$/.exec(id)?.[1];
	return first ?? accounts.byId(id)?.key ?? id;
}

function mayTouch(actor: Actor, account: Account): boolean {
	if (account.state === 'gone') return false;
	switch (actor.role) {
		case 'admin':
			return true;
		case 'reseller':
			return account.reseller === actor.id;
		case 'customer':
			return account.customer === actor.id;
		case 'account':
			return account.id === actor.id;
	}
}

/** True when the actor may see what belongs to the account. */
export function maySee(accounts: AccountBook, actor: Actor | undefined, key: AccountKey): boolean {
	if (actor === undefined) return false;
	if (actor.role === 'admin') return true;
	const account = accounts.find(key);
	if (account !== undefined) return mayTouch(actor, account);
	// Servers without a panel: an account is what attribution makes of a uid, a domain, a login.
	return actor.role === 'account' && key === actor.id && isProvisional(key);
}

/** Keys of the accounts that the actor may see; undefined: of all. */
export function visibleAccounts(accounts: AccountBook, actor: Actor | undefined): readonly AccountKey[] | undefined {
	if (actor?.role === 'admin') return undefined;
	if (actor === undefined) return [];
	if (actor.role === 'account') {
		const key = keyOf(accounts, actor.id);
		return maySee(accounts, actor, key) ? [key] : [];
	}
	return [...accounts.all()].filter((account) => mayTouch(actor, account)).map(({ key }) => key);
}

/** The key of the account that a credential belongs to. */
export type AccountOfCredential = (id: string) => AccountKey | undefined;

type Scope = { readonly level: Level; readonly id: string };

/** Which account a level and id belong to; undefined: to none that is known, or to more than one. */
export function accountOfScope(
	accounts: AccountBook,
	{ level, id }: Scope,
	accountOfCredential: AccountOfCredential = () => undefined,
): AccountKey | undefined {
	switch (level) {
		case 'account':
			return keyOf(accounts, id);
		case 'domain':
			return accounts.directory.accountOfDomain(id);
		case 'mailbox':
			return accounts.directory.accountOfMailbox(id) ?? accountOfAddress(accounts, id);
		case 'script':
			return scriptOf(accounts, id)?.account;
		case 'credential':
			return accountOfCredential(id);
		case 'server':
		case 'reseller':
		case 'plan':
			return undefined;
	}
}

/** A mailbox that no panel has listed belongs to whom its domain does. */
const accountOfAddress = (accounts: AccountBook, address: string): AccountKey | undefined =>
	accounts.directory.accountOfDomain(address.slice(address.lastIndexOf('@') + 1));

/** The account behind `kind:id` of an identity, as mail is attributed now; undefined: nobody's that is known. */
export function accountOfIdentity(
	accounts: AccountBook,
	identity: string,
	accountOfCredential: AccountOfCredential = () => undefined,
): AccountKey | undefined {
	const colon = identity.indexOf(':');
	const id = identity.slice(colon + 1);
	switch (identity.slice(0, colon)) {
		case 'mailbox':
			return accountOfScope(accounts, { level: 'mailbox', id });
		case 'unix':
			return accounts.directory.accountOfUid(Number(id));
		case 'credential':
			return accountOfCredential(id);
		case 'address':
			return accountOfAddress(accounts, id);
		default:
			return undefined;
	}
}

/** `ACCOUNT:DIRECTORY` of a script; undefined: none. */
export function scriptOf(
	accounts: AccountBook,
	id: string,
): { readonly account: AccountKey; readonly directory: string } | undefined {
	const { account, script } = partsOfScript(id, accounts);
	return script === '' ? undefined : { account: keyOf(accounts, account), directory: script };
}

export type Right = 'all' | 'see' | 'none';

/** Of whose own a role may change the numbers. */
const changeable: { readonly [R in Exclude<Actor['role'], 'admin'>]: readonly Level[] } = {
	reseller: ['account', 'domain', 'mailbox', 'script', 'credential'],
	customer: ['domain', 'mailbox', 'script', 'credential'],
	account: ['domain', 'mailbox', 'script', 'credential'],
};

/** What the actor may do with the limits of a level and id. `none`: to it, there is no such thing. */
export function rightOverScope(
	accounts: AccountBook,
	actor: Actor | undefined,
	scope: Scope,
	accountOfCredential?: AccountOfCredential,
): Right {
	if (actor === undefined) return 'none';
	if (actor.role === 'admin') return 'all';
	// A pool is seen by whom it bounds, and set by whoever gave it.
	if (scope.level === 'reseller') return actor.role === 'reseller' && actor.id === scope.id ? 'see' : 'none';
	const account = accountOfScope(accounts, scope, accountOfCredential);
	if (account === undefined || !maySee(accounts, actor, account)) return 'none';
	return changeable[actor.role].includes(scope.level) ? 'all' : 'see';
}

/** For documents that others read: an administrator's own name is not a customer's business. */
export const authorFor = (viewer: Actor | undefined, author: string): string =>
	viewer?.role === 'admin' || viewer === undefined || author === actorText(viewer)
		? author
		: (author.split(' ')[0] ?? '');
