/**
 * What kind of sending a unix user's mail is.
 *
 * The uid is proved, everything else in a local submission is the user's own writing. So a mark in the header (cron, list)
 * changes the class only for users that run no tenant's code: a tenant who writes `X-Cron-Env` stays `script` and has the
 * mark as a claim that detection may weigh. The exception is mail that has the null reverse-path beside its mark (an autoreply, a
 * read receipt): nobody ever answers it, and the account pays for it all the same (invariant 7). Without a mark a null
 * reverse-path changes nothing.
 */

import { domainOf } from '@sluice/shared/words/address.ts';
import type { AlarmCode } from './alarms.ts';
import {
	type AccountDirectory,
	type AttributionSettings,
	type HeaderFacts,
	systemUidMaxDefault,
	webServerUserIdsDefault,
} from './facts.ts';
import { accountOfAddress, type Circumstances, classOfNullSender, type Finding } from './finding.ts';

export type LocalSubmission = {
	readonly uid: number;
	readonly reversePath: string;
	readonly headers: HeaderFacts;
	/** For people: where the uid stood. */
	readonly evidence: string;
	readonly beside: Circumstances;
	readonly alarms: readonly AlarmCode[];
};

/** True when the user is root or a service that runs no tenant's code. */
export function isSystemUid(uid: number, settings: AttributionSettings, directory: AccountDirectory): boolean {
	if (uid === 0) return true;
	if (uid >= (settings.systemUidMax ?? systemUidMaxDefault)) return false;
	if ((settings.webServerUserIds ?? webServerUserIdsDefault).includes(uid)) return false;
	return directory.accountOfUid(uid) === undefined;
}

/** Finding for a message that the unix user `uid` handed to the MTA's sendmail. */
export function unixFinding(
	local: LocalSubmission,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const { uid } = local;
	const claims = local.headers.claims;
	const common = {
		...local.beside,
		alarms: local.alarms,
		from: `${local.evidence}, uid=${uid}`,
	};
	const isSystem = isSystemUid(uid, settings, directory);
	const isList = settings.listUserIds?.includes(uid) || (isSystem && claims.includes('list'));
	if (isList && local.reversePath !== '') return { ...common, ...listOwner(local, directory) };

	return {
		...common,
		account: (uid === 0 ? undefined : directory.accountOfUid(uid)) ?? `uid:${uid}`,
		identity: { kind: 'unix', id: String(uid) },
		class:
			isSystem || isMtaUid(uid, settings)
				? systemClass(local, settings)
				: tenantClass(local, directory.accountOfUid(uid) !== undefined),
		certainty: 'proved',
	};
}

const isMtaUid = (uid: number, settings: AttributionSettings): boolean =>
	uid === (settings.mta === 'exim' ? settings.eximUid : settings.postfixUid);

/** What calls itself a report is paid by the account; of a user that no panel has named there is none, and nobody would pay. */
function tenantClass({ reversePath, headers }: LocalSubmission, isNamed: boolean): Finding['class'] {
	const said = reversePath === '' ? classOfNullSender(headers) : undefined;
	return said === undefined || (said === 'dsn' && !isNamed) ? 'script' : said;
}

function systemClass({ uid, reversePath, headers }: LocalSubmission, settings: AttributionSettings): Finding['class'] {
	if (reversePath === '') {
		// The MTA's own bounces say `auto-replied` as well (RFC 3834 §5), so its uid is asked first.
		return isMtaUid(uid, settings) ? 'dsn' : (classOfNullSender(headers) ?? 'system');
	}
	return headers.claims.includes('cron') ? 'cron' : 'system';
}

/** List software serves all tenants and writes the list's address as reverse-path: the domain's account pays. */
function listOwner(
	local: LocalSubmission,
	directory: AccountDirectory,
): Pick<Finding, 'account' | 'identity' | 'class' | 'certainty'> {
	const address = listAddress(local.reversePath);
	return {
		account: accountOfAddress(address, directory),
		identity: { kind: 'address', id: address },
		class: 'list',
		certainty: 'derived',
	};
}

/** `news-bounces+user=example.net@site1.test` (VERP) names a recipient; without that part all mail of a list has one name. */
function listAddress(reversePath: string): string {
	const address = reversePath.toLowerCase();
	const plus = address.indexOf('+');
	const domain = domainOf(address);
	return plus > 0 && domain !== '' && plus < address.length - domain.length
		? `${address.slice(0, plus)}@${domain}`
		: address;
}
