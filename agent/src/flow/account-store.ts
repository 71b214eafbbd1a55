/**
 * How changed accounts are kept: revision by revision, on the disk before they are in force, in portions that stall nobody.
 *
 * Each change carries a revision, and an older one than the last is refused, so that a slow list cannot undo what came after it was
 * read. The revision is noted when all of a change is stored: after a kill in the middle the panel's next list does the rest.
 *
 * Not here: what a list changes (core/identity/account-list.ts), what is asked for (account-list.ts, accounts.ts).
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { AccountKey, PanelAccount } from '@sluice/shared/words/account.ts';
import { type AccountChange, isReservedId, repeatedId } from '../core/identity/account-list.ts';
import { announceChanges } from './account-events.ts';
import { type Followed, followAccounts } from './account-mail.ts';
import { followResellers } from './account-moves.ts';
import { type Flow, reportError } from './context.ts';

export type AccountRefusal = {
	readonly code: 'stale-revision' | 'invalid' | 'not-found' | 'conflict' | 'unavailable';
	readonly detail: string;
};

/** Single values in state.db. */
export const accountFacts = {
	revision: 'accounts.revision',
	completeMs: 'accounts.completeMs',
	/** Keys that a list left out which was not believed; empty when the last was. */
	doubted: 'accounts.doubted',
} as const;

/** Accounts written in one go: each portion waits for the disk once, on the loop. */
const accountsPerPortion = 400;

/** To the disk, then into memory. Throws when the disk does not take it; what was stored before stays in force. */
export async function store(flow: Flow, changes: readonly AccountChange[]): Promise<void> {
	for (let start = 0; start < changes.length; start += accountsPerPortion) {
		const portion = changes.slice(start, start + accountsPerPortion);
		flow.state.putDocuments(
			'account',
			portion.map(({ after }) => ({ id: after.key, value: after })),
		);
		for (const { after } of portion) flow.accounts.put(after);
		if (start + accountsPerPortion < changes.length) await new Promise((resolve) => setImmediate(resolve));
	}
}

export async function follow(flow: Flow, changes: readonly AccountChange[], actor: Actor): Promise<readonly string[]> {
	const keys = new Set(changes.map(({ after }) => after.key));
	const followed = keys.size === 0 ? new Map<AccountKey, Followed>() : await followAccounts(flow, keys);
	if (changes.some(({ before, after }) => before !== undefined && before.reseller !== after.reseller))
		followResellers(flow, keys);
	// Limits may be others now, of a plan, of a reseller.
	if (keys.size > 0) flow.wakePace();
	return announceChanges(flow, changes, followed, actor);
}

export function lastRevision({ state }: Flow): number {
	const text = state.get(accountFacts.revision);
	return text === undefined ? -1 : Number(text);
}

export const note = (flow: Flow, revision: number): void => {
	if (revision > lastRevision(flow)) flow.state.set(accountFacts.revision, String(revision));
};

export function staleness(flow: Flow, revision: number): AccountRefusal | undefined {
	const last = lastRevision(flow);
	return revision >= last
		? undefined
		: { code: 'stale-revision', detail: `Revision ${revision} is older than ${last}, which was given already.` };
}

export const anotherOf = (revision: number): AccountRefusal => ({
	code: 'stale-revision',
	detail: `Something else was given as revision ${revision} already; a change needs a newer one.`,
});

export function wrongIds(items: readonly PanelAccount[]): AccountRefusal | undefined {
	const twice = repeatedId(items);
	if (twice !== undefined) return { code: 'invalid', detail: `The id ${twice} stands twice in the list.` };
	const ours = items.find(({ id }) => isReservedId(id));
	return ours === undefined ? undefined : reserved(ours.id);
}

export const reserved = (id: string): AccountRefusal => ({
	code: 'invalid',
	detail: `${id}: ids that begin with uid:, domain: or login:, and unattributed, are for mail whose account is not known.`,
});

export const noSuch: AccountRefusal = { code: 'not-found', detail: 'No account with this id.' };

export function notWritten(flow: Flow, error: unknown): AccountRefusal {
	reportError(flow, 'accounts', error);
	return { code: 'unavailable', detail: 'The accounts could not be stored; give the list again.' };
}
