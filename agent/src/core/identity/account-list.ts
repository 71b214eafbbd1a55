/**
 * What a panel's list changes: accounts that are new, changed, gone; and whether a list that lost many is to be believed.
 *
 * A panel calls an account by its id, and may give the id again to somebody else; we call it by a key that is never given twice
 * (`accountKeyOf`). A living account keeps its key whatever the panel changes, its id included. An id whose account is gone, or
 * that was freed by a rename, begins anew: new key, no exceptions, no limits, no usage.
 *
 * Pure; the caller keeps the accounts. The list may have thousands: `changesOf` is a generator, so that the caller can let others
 * run in between. Not here: storing (flow/accounts), what becomes of the mail (flow/account-mail).
 */
import {
	type Account,
	type AccountKey,
	accountKeyOf,
	isProvisional,
	type PanelAccount,
} from '@sluice/shared/words/account.ts';
import { unattributedAccount } from '@sluice/shared/words/limits.ts';
import type { AccountBook } from './accounts.ts';

export type AccountChange = {
	/** Absent: the account is new. */
	readonly before?: Account;
	readonly after: Account;
};

type Known = Pick<AccountBook, 'find' | 'byId' | 'all' | 'spent'>;

/** What an item of a list comes to: a change, or undefined when all is as it was. */
export function changeOf(item: PanelAccount, known: Known, nowMs: number): AccountChange | undefined {
	const bearer = known.byId(item.id);
	const before = bearer === undefined || bearer.state === 'gone' ? undefined : bearer;
	const after = accountOf(item, before, before?.key ?? freshKey(item.id, known), nowMs);
	if (before === undefined) return { after };
	return isSame(before, after) ? undefined : { before, after };
}

/** What the list comes to, one step for each item: a change, or undefined for one that is as it was. */
export function* changesOf(
	items: readonly PanelAccount[],
	known: Known,
	nowMs: number,
): Generator<AccountChange | undefined> {
	for (const item of items) yield changeOf(item, known, nowMs);
}

/** Living accounts that a complete list does not name. */
export function absentFrom(items: readonly PanelAccount[], known: Pick<Known, 'all'>): readonly Account[] {
	const named = new Set(items.map(({ id }) => id));
	return [...known.all()].filter(({ id, state }) => state !== 'gone' && !named.has(id));
}

/** The account was removed in the panel. */
export const goneFrom = (before: Account, nowMs: number): AccountChange => ({
	before,
	after: { ...before, state: 'gone', stateSinceMs: nowMs },
});

/** The panel calls it by another id. Everything else stays, its key above all. */
export const renamedTo = (before: Account, id: string): AccountChange => ({ before, after: { ...before, id } });

/** An id that stands twice in a list; the list cannot be meant so. */
export function repeatedId(items: readonly PanelAccount[]): string | undefined {
	const seen = new Set<string>();
	return items.find(({ id }) => {
		const isRepeated = seen.has(id);
		seen.add(id);
		return isRepeated;
	})?.id;
}

/** Names that are ours: what mail is metered under that no panel's account has sent. */
export const isReservedId = (id: string): boolean => isProvisional(id) || id === unattributedAccount;

export type Doubt = {
	/** Accounts that the list leaves out, and how many there were. */
	readonly absent: readonly AccountKey[];
	readonly living: number;
	/** Those that a list before this one, which was not believed, left out. */
	readonly doubted: ReadonlySet<AccountKey>;
	readonly shrinkPercentMax: number;
};

/** A list that lost many is believed when all that it leaves out was left out before: a panel seldom errs twice alike. */
export function isBelieved({ absent, living, doubted, shrinkPercentMax }: Doubt): boolean {
	if (absent.length * 100 <= living * shrinkPercentMax) return true;
	return absent.every((key) => doubted.has(key));
}

/** The first key of the id that nobody has or has had. */
function freshKey(id: string, { find, spent }: Known): AccountKey {
	let incarnation = (spent.get(id) ?? 0) + 1;
	while (find(accountKeyOf(id, incarnation)) !== undefined) incarnation += 1;
	return accountKeyOf(id, incarnation);
}

/** Id and incarnation that a key was made of. */
export function partsOfKey(key: AccountKey): { readonly id: string; readonly incarnation: number } {
	const tilde = key.lastIndexOf('~');
	return tilde < 0
		? { id: key, incarnation: 1 }
		: { id: key.slice(0, tilde), incarnation: Number(key.slice(tilde + 1)) };
}

function accountOf(item: PanelAccount, before: Account | undefined, key: AccountKey, nowMs: number): Account {
	const { state, ...told } = item;
	const stateSinceMs = before?.state === state ? before.stateSinceMs : nowMs;
	return {
		...told,
		name: oneLine(told.name),
		unixUsers: inOrder(item.unixUsers, ({ uid, name }) => `${uid} ${name}`),
		domains: inOrder(item.domains, (domain) => domain),
		mailboxes: inOrder(item.mailboxes, (mailbox) => mailbox),
		key,
		state,
		...(state === 'active' || stateSinceMs === undefined ? {} : { stateSinceMs }),
		maySendAs: before?.maySendAs ?? [],
	};
}

/** Customers write it in their panel, and it stands in sentences of letters, logs and replies. Never refused: the list is everybody's. */
const oneLine = (name: string): string => name.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** Sorted and each once, so that the order in which a panel lists things is no change. */
function inOrder<T>(items: readonly T[], textOf: (item: T) => string): readonly T[] {
	if (items.length < 2) return items;
	const byText = new Map(items.map((item) => [textOf(item), item]));
	return [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
}

const plainFields = [
	'id',
	'panel',
	'name',
	'reseller',
	'customer',
	'plan',
	'state',
	'sinceMs',
	'panelHourMessages',
	'panelFailPercent',
	'contact',
] as const;

function isSame(one: Account, other: Account): boolean {
	return (
		plainFields.every((field) => one[field] === other[field]) &&
		isSameList(one.domains, other.domains) &&
		isSameList(one.mailboxes, other.mailboxes) &&
		isSameList(one.unixUsers, other.unixUsers, (a, b) => a.uid === b.uid && a.name === b.name)
	);
}

const isSameList = <T>(
	one: readonly T[],
	other: readonly T[],
	isEqual: (a: T, b: T) => boolean = (a, b) => a === b,
): boolean => one.length === other.length && one.every((item, index) => isEqual(item, other[index] as T));
