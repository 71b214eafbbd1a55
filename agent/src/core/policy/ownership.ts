/**
 * Domain ownership: only the account that owns a domain sends as it, in MAIL FROM and in From.
 *
 * Asked of mail that an account itself writes (mailbox, script, cron; also what its login or program calls an autoreply or a report, since
 * a header alone would else let it send as anybody). Forwards, lists and the MTA's reports carry other people's addresses by their
 * nature and are never asked (invariant 7). An account that no panel has named is not asked either: unknown is not
 * guilty. A subdomain belongs to whoever owns the nearest domain above it that anybody owns.
 *
 * Pure. Not here: what happens with a breach (judge.ts).
 */

import type { Account } from '@sluice/shared/words/account.ts';
import { type Address, domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution, SenderClass } from '@sluice/shared/words/attribution.ts';
import type { Reason } from '@sluice/shared/words/verdict.ts';
import { getPublicSuffix } from 'tldts';
import type { AccountBook } from '../identity/accounts.ts';
import type { Judgement } from './judge.ts';

export type OwnershipSettings = {
	readonly mode: 'off' | 'monitor' | 'enforce';
	/** The whole server is monitor-only: a breach is noted, whatever the mode. */
	readonly isMonitorOnly: boolean;
	readonly action: 'hold' | 'reject';
	/** Domains that nobody here owns. */
	readonly strangers: 'allow' | 'refuse';
	/** Names of this machine, lower case: everybody's scripts send as them. */
	readonly hostNames: readonly string[];
};

/** On a server that is monitor-only nothing is. */
export const isEnforced = ({ mode, isMonitorOnly }: Pick<OwnershipSettings, 'mode' | 'isMonitorOnly'>): boolean =>
	mode === 'enforce' && !isMonitorOnly;

export type Breach = {
	readonly where: 'MAIL FROM' | 'From';
	readonly address: Address;
	readonly domain: string;
	/** Key of the account whose domain it is; absent: nobody's here. */
	readonly owner?: string;
};

const asked: ReadonlySet<SenderClass> = new Set(['mailbox', 'script', 'cron']);
const askedOfWriters: ReadonlySet<SenderClass> = new Set(['autoreply', 'dsn']);

const isAsked = ({ class: kind, identity }: Attribution): boolean =>
	asked.has(kind) || (askedOfWriters.has(kind) && identity !== undefined);

/** A domain has at most 127 labels (RFC 1035 §2.3.4). */
const labelsMax = 127;

/**
 * `a.b.site1.test`, `b.site1.test`, `site1.test`: itself and what stands above it, up to where domains are given to anybody. Nobody owns
 * `co.uk`, whatever a panel let somebody add.
 */
function* above(domain: string): Generator<string> {
	const suffix = getPublicSuffix(domain, { allowPrivateDomains: true });
	let rest = domain;
	for (let count = 0; count < labelsMax && rest.includes('.') && rest !== suffix; count++) {
		yield rest;
		rest = rest.slice(rest.indexOf('.') + 1);
	}
}

function ownerOf(domain: string, accounts: AccountBook): string | undefined {
	for (const name of above(domain)) {
		const owner = accounts.directory.accountOfDomain(name);
		if (owner !== undefined) return owner;
	}
	return undefined;
}

function isExcepted(address: Address, domain: string, { maySendAs }: Account): boolean {
	if (maySendAs.length === 0) return false;
	return maySendAs.includes(address.toLowerCase()) || [...above(domain)].some((name) => maySendAs.includes(name));
}

/** The first breach of a message, MAIL FROM before From; undefined when there is none, or nothing is asked. */
export function breachOf(
	attribution: Attribution,
	addresses: { readonly reversePath: Address; readonly from: readonly Address[] },
	accounts: AccountBook,
	settings: OwnershipSettings,
): Breach | undefined {
	if (settings.mode === 'off' || !isAsked(attribution)) return undefined;
	const account = accounts.find(attribution.account);
	if (account === undefined) return undefined;
	const said = [
		['MAIL FROM', addresses.reversePath] as const,
		...addresses.from.map((address) => ['From', address] as const),
	];
	for (const [where, address] of said) {
		// The root's dot is no other domain.
		const domain = domainOf(address).replace(/\.+$/, '');
		if (domain === '' || settings.hostNames.includes(domain) || isExcepted(address, domain, account)) continue;
		const owner = ownerOf(domain, accounts);
		if (owner === account.key) continue;
		if (owner === undefined && settings.strangers === 'allow') continue;
		return { where, address, domain, ...(owner === undefined ? {} : { owner }) };
	}
	return undefined;
}

/** What a customer may read of it: never whose the domain is. */
export function breachReason(
	{ where, address, domain }: Breach,
	settings: Pick<OwnershipSettings, 'mode' | 'action' | 'isMonitorOnly'>,
): Reason {
	const isInForce = isEnforced(settings);
	const isSpared = settings.mode === 'enforce' && !isInForce;
	const effect = settings.action === 'hold' ? 'held' : 'refused';
	const spared = isSpared ? ` It would have been ${effect} (monitor-only).` : '';
	return {
		rule: `ownership.${where === 'From' ? 'from' : 'mail-from'}${isInForce ? '' : '.monitor'}`,
		text: `This account may not send as ${domain}: the domain is not its own.${spared}`,
		value: address,
		evidence: `in ${where}`,
	};
}

/** The judgement with a breach in it: refused, held, or only noted while the rule is watched. */
export function withBreach(judgement: Judgement, breach: Breach, settings: OwnershipSettings): Judgement {
	const reason = breachReason(breach, settings);
	const { verdict } = judgement;
	if (!isEnforced(settings)) return { ...judgement, verdict: { ...verdict, reasons: [...verdict.reasons, reason] } };
	if (settings.action === 'reject') return { verdict: { action: 'reject', reasons: [reason] }, fault: 'notOwner' };
	return { verdict: { action: 'hold', reasons: [...verdict.reasons, reason] } };
}
