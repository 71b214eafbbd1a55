/**
 * Mail that was refused when it was handed in, from its event to the counts: it is in no log.
 */
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { AccountBook } from '../core/identity/accounts.ts';
import type { RefusalCounter } from '../ports/stats.ts';

/** A listener of events. */
export function countRefusals(accounts: AccountBook, counter: RefusalCounter): (event: SluiceEvent) => void {
	return ({ event, account, recipients, atMs }) => {
		if (event !== 'message.refused' || typeof account !== 'string' || typeof recipients !== 'number') return;
		const reseller = accounts.find(account)?.reseller;
		counter.refused({ account, ...(reseller === undefined ? {} : { reseller }), recipients, atMs });
	};
}
