/**
 * What one MTA's rules found, before the hint is added, and the small constructors they share.
 */

import { type Address, domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { AlarmCode } from './alarms.ts';
import type { AccountDirectory, HeaderFacts } from './facts.ts';

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

export type Login = {
	readonly login: string;
	/** Where it stood, for people. */
	readonly evidence: string;
	readonly reversePath: string;
	readonly headers: HeaderFacts;
	readonly beside: Circumstances;
	readonly alarms: readonly AlarmCode[];
};

/**
 * An authenticated login. Lower-cased as a whole: MTAs accept a login in any case, and each spelling must not get its own limit.
 */
export function mailboxFinding(
	{ login, evidence, reversePath, headers, beside, alarms }: Login,
	directory: AccountDirectory,
): Finding {
	const id = login.toLowerCase();
	return {
		...beside,
		alarms,
		account: accountOfAddress(id, directory),
		identity: { kind: 'mailbox', id },
		class: (reversePath === '' ? classOfNullSender(headers) : undefined) ?? 'mailbox',
		certainty: 'proved',
		from: `${evidence}, auth=${id}`,
	};
}

/**
 * A remote application that has logged in with us. Always the class of a mailbox, whatever its mail says it is: with the null reverse-path
 * it would else send without limits.
 */
export const credentialFinding = (
	{ id, account }: { readonly id: string; readonly account: string },
	clientAddress: string,
): Finding => ({
	account,
	identity: { kind: 'credential', id },
	class: 'mailbox',
	certainty: 'proved',
	from: `submission, auth=${id}`,
	clientAddress,
	alarms: [],
});

/** What mail with the null reverse-path says it is: a report (DSN, read receipt: RFC 8098 §3), an autoreply (RFC 3834 §5), or nothing. */
export function classOfNullSender({ claims }: HeaderFacts): 'dsn' | 'autoreply' | undefined {
	if (claims.includes('report')) return 'dsn';
	return claims.includes('autoreply') ? 'autoreply' : undefined;
}

/** Account of a mailbox or alias; provisional while the directory does not know it. `address` is lower case. */
export function accountOfAddress(address: Address, directory: AccountDirectory): string {
	const domain = domainOf(address);
	const known = directory.accountOfMailbox(address) ?? (domain === '' ? undefined : directory.accountOfDomain(domain));
	return known ?? (domain === '' ? `login:${address}` : `domain:${domain}`);
}
