/**
 * Whom an actor may see: everything, a reseller's accounts, a customer's, one account's.
 *
 * The panel checks role and ownership live, the agent again against its own list; the stricter wins. What may not be seen is answered
 * in the same words as what is not there.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { AccountBook } from '../../core/identity/accounts.ts';

/** The key behind what a person calls an account: the panel's id, or a key itself. */
export const keyOf = (accounts: AccountBook, id: string): AccountKey => accounts.byId(id)?.key ?? id;

/** True when the actor may see what belongs to the account. */
export function maySee(accounts: AccountBook, actor: Actor | undefined, key: AccountKey): boolean {
	if (actor === undefined) return false;
	if (actor.role === 'admin') return true;
	const account = accounts.find(key);
	switch (actor.role) {
		case 'reseller':
			return account?.reseller === actor.id;
		case 'customer':
			return account?.customer === actor.id;
		case 'account':
			return account === undefined ? key === actor.id : account.id === actor.id && keyOf(accounts, actor.id) === key;
	}
}
