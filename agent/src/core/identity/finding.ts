/**
 * What one MTA's rules found, before the hint is added, and the small constructors they share.
 */

import { type Address, domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { AlarmCode } from './alarms.ts';
import type { AccountDirectory } from './facts.ts';

export type Finding = Omit<Attribution, 'hint'>;

/** What the MTA proved beside the sender. */
export type Circumstances = Pick<Finding, 'mtaQueueId' | 'clientAddress' | 'ancestor' | 'directory'>;

export function unattributed(from: string, alarms: readonly AlarmCode[], beside: Circumstances = {}): Finding {
	return {
		...beside,
		account: '',
		class: 'unattributed',
		certainty: 'none',
		from,
		alarms,
	};
}

/**
 * An authenticated login. Lower-cased as a whole: MTAs accept a login in any case, and each spelling must not get its own limit.
 */
export function mailboxFinding(
	login: string,
	evidence: string,
	beside: Circumstances & { readonly alarms: readonly AlarmCode[] },
	directory: AccountDirectory,
): Finding {
	const id = login.toLowerCase();
	return {
		...beside,
		account: accountOfAddress(id, directory),
		identity: { kind: 'mailbox', id },
		class: 'mailbox',
		certainty: 'proved',
		from: `${evidence}, auth=${id}`,
	};
}

/** Account of a mailbox or alias; provisional while the directory does not know it. `address` is lower case. */
export function accountOfAddress(address: Address, directory: AccountDirectory): string {
	const domain = domainOf(address);
	const known = directory.accountOfMailbox(address) ?? (domain === '' ? undefined : directory.accountOfDomain(domain));
	return known ?? (domain === '' ? `login:${address}` : `domain:${domain}`);
}
