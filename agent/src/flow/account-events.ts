/**
 * What is said of accounts: each list once, each account that changed, accounts that no panel has named, a list that is old.
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import { type Account, type AccountKey, isProvisional, type PanelAccount } from '@sluice/shared/words/account.ts';
import type { AccountChange } from '../core/identity/account-list.ts';
import type { Followed } from './account-mail.ts';
import type { Flow } from './context.ts';

export type AccountList = {
	readonly revision: number;
	/** Those that are not in it are gone. */
	readonly isComplete: boolean;
	readonly items: readonly PanelAccount[];
};

export type ListReceipt = {
	readonly revision: number;
	readonly added: number;
	readonly changed: number;
	readonly gone: number;
	readonly unchanged: number;
	/** false: it left out too many, and none was taken away. The same once more is believed. */
	readonly isBelieved: boolean;
};

/** New and changed accounts named one by one after a list; of more the count must do. What touches mail is always named. */
const plainEventsMax = 100;
/** Contested names shown in an event. */
const contestedShownMax = 5;

export function announceList(
	flow: Flow,
	{ isComplete }: AccountList,
	receipt: ListReceipt & { readonly absent: number; readonly contested: readonly string[] },
): void {
	const atMs = flow.clock.now();
	const { absent, contested, ...counts } = receipt;
	flow.events.emit({
		event: 'account.listed',
		atMs,
		complete: isComplete,
		...counts,
		...(contested.length === 0
			? {}
			: { contested: contested.length, contestedNames: contested.slice(0, contestedShownMax) }),
	});
	if (!isComplete) return;
	if (receipt.isBelieved) {
		flow.health.clear('accounts.shrunk');
		flow.health.clear('accounts.stale');
		return;
	}
	const text = `The list of accounts leaves out ${absent} of ${flow.accounts.living}: it was not believed, and none was taken away.`;
	flow.health.raise({
		code: 'accounts.shrunk',
		text,
		hint: 'If so many were removed, let the panel give its list once more: the second is believed. Else see what the panel says of its accounts. Until then unknown accounts are not limited. Bound: accounts.shrinkPercentMax.',
		stops: 'nothing',
	});
	flow.events.emit({ event: 'accounts.stale', atMs, reason: 'shrunk', absent, accounts: flow.accounts.living, text });
}

export const contestedTexts = ({ accounts }: Flow, account: Account): readonly string[] =>
	accounts
		.contested(account)
		.map(({ kind, name, owner }) => `${kind} ${name}: ${owner} has it, ${account.key} claims it`);

/** One event for each account, with what became of its mail. Returns what happened to each, in a word. */
export function announceChanges(
	flow: Flow,
	changes: readonly AccountChange[],
	followed: ReadonlyMap<AccountKey, Followed>,
	actor: Actor,
): readonly string[] {
	const atMs = flow.clock.now();
	let plain = 0;
	return changes.map((change) => {
		const { before, after } = change;
		const what = whatChanged(change);
		const isPlain = what === 'made' || what === 'changed';
		if (isPlain && plain++ >= plainEventsMax) return what;
		const { hold = 0, release = 0, discard = 0 } = followed.get(after.key) ?? {};
		const contested = contestedTexts(flow, after);
		flow.events.emit({
			event: 'account.changed',
			atMs,
			account: after.key,
			id: after.id,
			name: after.name,
			change: what,
			actor: actorText(actor),
			...(before !== undefined && before.id !== after.id ? { formerId: before.id } : {}),
			...(before !== undefined && before.reseller !== after.reseller
				? { reseller: after.reseller ?? '', formerReseller: before.reseller ?? '' }
				: {}),
			...(hold > 0 ? { held: hold } : {}),
			...(release > 0 ? { released: release } : {}),
			...(discard > 0 ? { discarded: discard } : {}),
			...(contested.length === 0 ? {} : { contested: contested.slice(0, contestedShownMax) }),
		});
		return what;
	});
}

/** The weightiest of what changed. */
function whatChanged({ before, after }: AccountChange): string {
	if (before === undefined) return 'made';
	if (before.state !== after.state) return after.state === 'active' ? 'resumed' : after.state;
	if (before.id !== after.id) return 'renamed';
	return before.reseller === after.reseller ? 'changed' : 'moved';
}

const dayMs = 86_400_000;
/** Unknown accounts remembered; forgotten all at once beyond, and then said again. */
const unknownMax = 10_000;

/** When an unknown account was last told of, and first seen since the start; by agent. */
const seenBy = new WeakMap<Flow['accounts'], Map<AccountKey, { readonly firstMs: number; toldMs: number }>>();

/** Mail came from this account. Says once a day of each that no panel has named it, where panels tell accounts at all. */
export function noticeUnknown(flow: Flow, key: AccountKey): void {
	if (!isProvisional(key) || flow.accounts.find(key) !== undefined) return;
	const now = flow.clock.now();
	const seen = seenBy.get(flow.accounts) ?? new Map<AccountKey, { readonly firstMs: number; toldMs: number }>();
	seenBy.set(flow.accounts, seen);
	const known = seen.get(key);
	const isNews = known === undefined || now - known.toldMs >= dayMs;
	if (!isNews) return;
	if (known === undefined && seen.size >= unknownMax) seen.clear();
	seen.set(key, { firstMs: known?.firstMs ?? now, toldMs: now });
	if (flow.accounts.size > 0) flow.events.emit({ event: 'account.unknown', atMs: now, account: key });
}

/** Unknown accounts that have sent since the start, and when first, epoch ms. */
export const unknownSeen = (flow: Flow): ReadonlyMap<AccountKey, { readonly firstMs: number }> =>
	seenBy.get(flow.accounts) ?? new Map();

/** In each sweep: is the last complete list too old? A server whose panels have never given one has nothing to be old. */
export function watchAge(flow: Flow): void {
	const text = flow.state.get('accounts.completeMs');
	const now = flow.clock.now();
	const { staleMs } = flow.settings().accounts;
	if (text === undefined || now - Number(text) <= staleMs) {
		flow.health.clear('accounts.stale');
		return;
	}
	if (flow.health.has('accounts.stale')) return;
	const said = `No panel has given its whole list of accounts since ${new Date(Number(text)).toISOString()}.`;
	flow.health.raise({
		code: 'accounts.stale',
		text: said,
		hint: 'See whether sluice-reconcile.timer runs and what it says (journalctl -u sluice-reconcile). Until then accounts that are not in the list are not limited. Bound: accounts.staleSeconds.',
		stops: 'nothing',
	});
	flow.events.emit({ event: 'accounts.stale', atMs: now, reason: 'old', accounts: flow.accounts.living, text: said });
}
