/**
 * Who pays for open mail when its account has moved to another reseller: the one whose it is when the mail leaves.
 */
import { type ScopeKey, scopeKeyOf } from '@sluice/shared/words/limits.ts';

const resellerPrefix = scopeKeyOf('reseller', '');
const accountPrefix = scopeKeyOf('account', '');

/** The scopes with this reseller, or with none. The same array when nothing changes, or when no account pays. */
export function scopesUnder(scopes: readonly ScopeKey[], reseller: string | undefined): readonly ScopeKey[] {
	const account = scopes.findIndex((scope) => scope.startsWith(accountPrefix));
	if (account < 0) return scopes;
	const wanted = reseller === undefined ? undefined : scopeKeyOf('reseller', reseller);
	const present = scopes.find((scope) => scope.startsWith(resellerPrefix));
	if (present === wanted) return scopes;
	const outside = scopes.slice(0, account).filter((scope) => scope !== present);
	return [...outside, ...(wanted === undefined ? [] : [wanted]), ...scopes.slice(account)];
}
