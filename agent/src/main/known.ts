/**
 * What people and panels have set, read from state.db at start: accounts and limits.
 */
import type { Account } from '@sluice/shared/words/account.ts';
import type { Level, StoredLimits } from '@sluice/shared/words/limits.ts';
import { type AccountBook, createAccountBook } from '../core/identity/accounts.ts';
import { createLimitBook, type LimitBook } from '../core/metering/book.ts';
import { accountFacts } from '../flow/account-store.ts';
import type { StateStore } from '../ports/store.ts';

export function openAccounts(state: StateStore): AccountBook {
	const accounts = createAccountBook(state.documents('account').map(({ value }) => value as Account));
	for (const { id, value } of state.documents('incarnation')) accounts.spent.set(id, Number(value));
	const completeMs = state.get(accountFacts.completeMs);
	const isDoubted = (state.get(accountFacts.doubted) ?? '') !== '';
	if (completeMs !== undefined && !isDoubted) accounts.completeMs = Number(completeMs);
	return accounts;
}

export function openLimits(state: StateStore): LimitBook {
	const limits = createLimitBook();
	for (const { value } of state.documents('limits')) {
		const { level, id, ...stored } = value as StoredLimits & { readonly level: Level; readonly id: string };
		limits.set(level, id, stored);
	}
	return limits;
}
