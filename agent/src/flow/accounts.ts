/**
 * One account as a panel tells of it: made or changed, removed, called by another id; and whom it may send as.
 *
 * One change at a time, whoever asks. Not here: lists (account-list.ts), how it is kept (account-store.ts), what becomes of the mail
 * (account-mail.ts).
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { Account, AccountKey, PanelAccount } from '@sluice/shared/words/account.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type AccountChange, changeOf, goneFrom, isReservedId, renamedTo } from '../core/identity/account-list.ts';
import {
	type AccountRefusal,
	anotherOf,
	follow,
	lastRevision,
	noSuch,
	note,
	notWritten,
	reserved,
	staleness,
	store,
	wrongIds,
} from './account-store.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';

/** Takes what a panel tells of one account. */
export const takeAccount = (
	flow: Flow,
	told: { readonly revision: number; readonly item: PanelAccount },
	actor: Actor,
): Promise<Result<Account, AccountRefusal>> =>
	flow.accountTurns.take(async () => {
		const { revision, item } = told;
		const refusal = wrongIds([item]) ?? staleness(flow, revision);
		if (refusal !== undefined) return failed(refusal);
		const change = changeOf(item, flow.accounts, flow.clock.now());
		return change === undefined
			? unchanged(flow, revision, flow.accounts.byId(item.id) as Account)
			: one(flow, revision, change, actor);
	});

/** The account was removed in the panel. */
export const removeAccount = (
	flow: Flow,
	{ id, revision }: { readonly id: string; readonly revision: number },
	actor: Actor,
): Promise<Result<Account, AccountRefusal>> =>
	flow.accountTurns.take(async () => {
		const refusal = staleness(flow, revision);
		if (refusal !== undefined) return failed(refusal);
		const account = flow.accounts.byId(id);
		if (account === undefined) return failed(noSuch);
		// Told again, since the first answer was lost.
		if (account.state === 'gone') return unchanged(flow, revision, account);
		return one(flow, revision, goneFrom(account, flow.clock.now()), actor);
	});

/** The panel calls the account by another id now. */
export const renameAccount = (
	flow: Flow,
	{ id, next, revision }: { readonly id: string; readonly next: string; readonly revision: number },
	actor: Actor,
): Promise<Result<Account, AccountRefusal>> =>
	flow.accountTurns.take(async () => {
		if (isReservedId(next)) return failed(reserved(next));
		const refusal = staleness(flow, revision);
		if (refusal !== undefined) return failed(refusal);
		const account = flow.accounts.byId(id);
		const bearer = flow.accounts.byId(next);
		const isFree = bearer === undefined || bearer.state === 'gone';
		if (account === undefined || account.state === 'gone') return failed(noSuch);
		if (!isFree && bearer.key !== account.key)
			return failed({ code: 'conflict', detail: `${next} is another account already.` });
		if (bearer?.key === account.key) return unchanged(flow, revision, account);
		return one(flow, revision, renamedTo(account, next), actor);
	});

/** Domains and addresses of others that the account may send as. */
export const allowSendAs = (
	flow: Flow,
	{ key, items }: { readonly key: AccountKey; readonly items: readonly string[] },
	actor: Actor,
): Promise<Result<Account, AccountRefusal>> =>
	flow.accountTurns.take(async () => {
		const account = flow.accounts.find(key);
		if (account === undefined) return failed(noSuch);
		const after = { ...account, maySendAs: [...new Set(items)].sort() };
		try {
			await store(flow, [{ before: account, after }]);
		} catch (error) {
			return failed(notWritten(flow, error));
		}
		const detail = after.maySendAs.length === 0 ? 'nobody else' : after.maySendAs.join(', ');
		audit(flow, actor, 'account.may-send-as', `account ${account.key}`, detail);
		return ok(after);
	});

async function one(
	flow: Flow,
	revision: number,
	change: AccountChange,
	actor: Actor,
): Promise<Result<Account, AccountRefusal>> {
	if (revision === lastRevision(flow)) return failed(anotherOf(revision));
	try {
		await store(flow, [change]);
		note(flow, revision);
	} catch (error) {
		return failed(notWritten(flow, error));
	}
	const [what] = await follow(flow, [change], actor);
	audit(flow, actor, 'account.change', `account ${change.after.key}`, `${what ?? 'changed'} (revision ${revision})`);
	return ok(change.after);
}

/** As it was: only the revision is newer. */
function unchanged(flow: Flow, revision: number, account: Account): Result<Account, AccountRefusal> {
	try {
		note(flow, revision);
	} catch (error) {
		return failed(notWritten(flow, error));
	}
	return ok(account);
}
