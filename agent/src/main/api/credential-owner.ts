/**
 * Whose a credential is, for the limits and usage that stand under its id.
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { Flow } from '../../flow/context.ts';

/** Key of its account; undefined: no such credential. */
export function accountOfCredential({ state }: Flow, id: string): AccountKey | undefined {
	const found = state.documents('credential').find((document) => document.id === id);
	return (found?.value as { readonly account?: AccountKey } | undefined)?.account;
}
