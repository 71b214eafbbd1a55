/**
 * Forgetting an account that is gone, or that no panel knows: its limits, its credentials, what of its mail could be
 * brought back, the account itself.
 *
 * A gone account is kept, so that what still sends in its name is known and its mail of before can be looked up; at the end of the
 * history it is forgotten by itself. Its key stays spent: history and log may name it still, and nobody else is to be taken for it.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { type Account, type AccountKey, isProvisional } from '@sluice/shared/words/account.ts';
import { domainOf } from '@sluice/shared/words/address.ts';
import type { Level } from '@sluice/shared/words/limits.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { partsOfKey } from '../core/identity/account-list.ts';
import { type AccountRefusal, noSuch, notWritten } from './account-store.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';
import { giveUpOf } from './keep-ended.ts';

/** Says how many things were forgotten: sets of limits, credentials, and the account if a panel had named it. */
export const forgetAccount = (
	flow: Flow,
	{ key, reason }: { readonly key: AccountKey; readonly reason: string },
	actor: Actor,
): Promise<Result<number, AccountRefusal>> =>
	flow.accountTurns.take(async () => {
		const account = flow.accounts.find(key);
		if (account !== undefined && account.state !== 'gone')
			return failed({
				code: 'conflict',
				detail: `${account.id} is ${account.state}; only gone accounts are forgotten.`,
			});
		if (account !== undefined && flow.scheduler.accountOpen(key).recipients > 0)
			return failed({
				code: 'conflict',
				detail: 'Mail of it is still in the queue; discard it, or wait until it is over.',
			});
		try {
			giveUpOf(flow, key);
			const forgotten = forget(flow, key, account);
			const isKnown = account !== undefined || forgotten > 0 || isProvisional(key);
			if (!isKnown) return failed(noSuch);
			audit(flow, actor, 'account.forget', `account ${key}`, reason);
			return ok(forgotten);
		} catch (error) {
			return failed(notWritten(flow, error));
		}
	});

/** Accounts forgotten in one round of the sweep. */
const forgottenPerRound = 500;

/** In each sweep: accounts that have been gone for longer than the history goes back. */
export async function forgetOld(flow: Flow): Promise<void> {
	const oldestMs = flow.clock.now() - flow.settings().historyDays * 86_400_000;
	const isOld = ({ state, stateSinceMs = 0, key }: Account): boolean =>
		state === 'gone' && stateSinceMs < oldestMs && flow.scheduler.accountOpen(key).recipients === 0;
	if (flow.accounts.living === flow.accounts.size) return;
	await flow.accountTurns.take(async () => {
		const old = [...flow.accounts.all()].filter(isOld).slice(0, forgottenPerRound);
		for (const account of old) forget(flow, account.key, account);
	});
}

/** The account last: after a kill in the middle the rest is found again by it. Throws when the disk does not take it. */
function forget(flow: Flow, key: AccountKey, account: Account | undefined): number {
	const { state, limits } = flow;
	const credentials = state.documents('credential').filter(({ value }) => accountOfCredential(value) === key);
	const credentialIds = new Set(credentials.map(({ id }) => id));
	const things = [...limits.entries()].filter(({ level, id }) =>
		level === 'credential' ? credentialIds.has(id) : isOf(flow, { key, account }, level, id),
	);
	state.putDocuments(
		'limits',
		things.map(({ level, id }) => ({ id: `${level}:${id}`, value: undefined })),
	);
	for (const { level, id } of things) limits.set(level, id, undefined);
	state.putDocuments(
		'credential',
		credentials.map(({ id }) => ({ id, value: undefined })),
	);
	if (account === undefined) return things.length + credentials.length;
	const { id, incarnation } = partsOfKey(key);
	const spent = Math.max(incarnation, flow.accounts.spent.get(id) ?? 0);
	state.putDocuments('incarnation', [{ id, value: spent }]);
	flow.accounts.spent.set(id, spent);
	state.putDocuments('account', [{ id: key, value: undefined }]);
	flow.accounts.remove(key);
	return things.length + credentials.length + 1;
}

const accountOfCredential = (value: unknown): unknown =>
	typeof value === 'object' && value !== null && 'account' in value ? value.account : undefined;

type Forgotten = { readonly key: AccountKey; readonly account: Account | undefined };

/** True for what is the account's alone; a domain that a living account has now is that one's. */
function isOf({ accounts }: Flow, { key, account }: Forgotten, level: Level, id: string): boolean {
	const { directory } = accounts;
	const ownsDomain = (domain: string): boolean =>
		account?.domains.includes(domain) === true && directory.accountOfDomain(domain) === key;
	switch (level) {
		case 'account':
			return id === key;
		case 'script':
			return id.startsWith(`${key}:/`) || id === `${key}/other`;
		case 'domain':
			return ownsDomain(id) || id === `${key}/other`;
		case 'mailbox':
			return directory.accountOfMailbox(id) === key || ownsDomain(domainOf(id)) || id === `${key}/other`;
		case 'server':
		case 'reseller':
		case 'plan':
		case 'credential':
			return false;
	}
}
