/**
 * Which scopes have their different recipients counted from the first charge on: accounts, and whatever a limit on them is set for.
 *
 * A key takes more memory than any sum, so other scopes go without. One for which such a limit is set later counts from the first
 * question on (meter.ts); after a start, when the limit is known before usage is read, it counts in full.
 */
import { eachOf, type LimitSet, type ScopeKey, type StoredLimits, scopeOf } from '@sluice/shared/words/limits.ts';
import type { LimitBook } from './book.ts';

const asks = (set: LimitSet | undefined): boolean => set?.values['hour.uniqueRecipients'] !== undefined;
const asksEither = (stored: StoredLimits | undefined): boolean => asks(stored?.base) || asks(stored?.exception);

export const tracksKeysBy =
	(book: LimitBook) =>
	(scope: ScopeKey): boolean => {
		const { level, id } = scopeOf(scope);
		if (level === 'account' || asksEither(book.get(level, id))) return true;
		return level !== 'server' && level !== 'reseller' && asksEither(book.get('server', eachOf[level]));
	};
