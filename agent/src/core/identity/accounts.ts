/**
 * The accounts that panels have told of, in memory: who a uid, a mailbox, a domain belongs to, who stands above whom.
 *
 * Two accounts may claim the same name: a domain that is being moved, a panel that errs, an id given anew. Then a living account
 * has it before a gone one, of living ones the one that was made first (nobody takes a neighbour's domain by adding it to his own),
 * of gone ones the one that left last. So the answer depends on the accounts alone, not on the order in which they came.
 *
 * A collection without clock or file of its own. Written by flow/accounts, read for every message. Not here: what a list from a
 * panel changes (account-list.ts), how accounts are stored (io/store).
 */
import type { Account, AccountKey } from '@sluice/shared/words/account.ts';
import type { AccountDirectory } from './facts.ts';

/** Something that two living accounts say is theirs. */
export type Contested = {
	readonly kind: 'uid' | 'mailbox' | 'domain';
	readonly name: string;
	/** Who has it. */
	readonly owner: AccountKey;
};

export type AccountBook = {
	/** Answers with account keys. Gone accounts answer too while their mail may still come, unless a living one has the name now. */
	readonly directory: AccountDirectory;
	find(key: AccountKey): Account | undefined;
	/** The present bearer of a panel's id; a gone one when there is no other. */
	byId(id: string): Account | undefined;
	all(): Iterable<Account>;
	/** Adds or replaces. */
	put(account: Account): void;
	remove(key: AccountKey): void;
	/** What the account says is its own and another living one has. */
	contested(account: Account): readonly Contested[];
	readonly size: number;
	/** Accounts that are not gone. */
	readonly living: number;
	/** Grows with every change. */
	readonly version: number;
	/** A complete list has been believed, and when, epoch ms; undefined: never. */
	completeMs: number | undefined;
	/** Ids whose accounts have been forgotten, with the highest incarnation: their keys are never given again. */
	readonly spent: Map<string, number>;
};

type Claims<T> = Map<T, AccountKey | AccountKey[]>;

export function createAccountBook(accounts: Iterable<Account> = []): AccountBook {
	const byKey = new Map<AccountKey, Account>();
	const bearers: Claims<string> = new Map();
	const uids: Claims<number> = new Map();
	const mailboxes: Claims<string> = new Map();
	const domains: Claims<string> = new Map();
	let version = 0;
	let living = 0;

	const stands = (one: AccountKey, other: AccountKey): number =>
		standing(byKey.get(one) as Account, byKey.get(other) as Account);

	function enter<T>(index: Claims<T>, name: T, key: AccountKey): void {
		const known = index.get(name);
		if (known === undefined) index.set(name, key);
		else if (typeof known === 'string') {
			if (known !== key) index.set(name, [known, key].sort(stands));
		} else if (!known.includes(key)) {
			known.push(key);
			known.sort(stands);
		}
	}

	function leave<T>(index: Claims<T>, name: T, key: AccountKey): void {
		const known = index.get(name);
		if (known === key) index.delete(name);
		else if (typeof known === 'object') {
			const left = known.filter((one) => one !== key);
			index.set(name, left.length === 1 ? (left[0] as AccountKey) : left);
		}
	}

	function remove(key: AccountKey): void {
		const account = byKey.get(key);
		if (account === undefined) return;
		byKey.delete(key);
		if (account.state !== 'gone') living -= 1;
		leave(bearers, account.id, key);
		for (const { uid } of account.unixUsers) leave(uids, uid, key);
		for (const mailbox of account.mailboxes) leave(mailboxes, mailbox, key);
		for (const domain of account.domains) leave(domains, domain, key);
	}

	function put(account: Account): void {
		const { key } = account;
		remove(key);
		byKey.set(key, account);
		if (account.state !== 'gone') living += 1;
		enter(bearers, account.id, key);
		for (const { uid } of account.unixUsers) enter(uids, uid, key);
		for (const mailbox of account.mailboxes) enter(mailboxes, mailbox, key);
		for (const domain of account.domains) enter(domains, domain, key);
	}

	function contested(account: Account): readonly Contested[] {
		const found: Contested[] = [];
		const look = <T>(kind: Contested['kind'], index: Claims<T>, name: T): void => {
			const owner = ownerOf(index, name);
			if (owner === undefined || owner === account.key || byKey.get(owner)?.state === 'gone') return;
			found.push({ kind, name: String(name), owner });
		};
		for (const { uid } of account.unixUsers) look('uid', uids, uid);
		for (const mailbox of account.mailboxes) look('mailbox', mailboxes, mailbox);
		for (const domain of account.domains) look('domain', domains, domain);
		return found;
	}

	for (const account of accounts) put(account);
	return {
		directory: {
			accountOfUid: (uid) => ownerOf(uids, uid),
			accountOfMailbox: (address) => ownerOf(mailboxes, address),
			accountOfDomain: (domain) => ownerOf(domains, domain),
		},
		find: (key) => byKey.get(key),
		byId: (id) => {
			const key = ownerOf(bearers, id);
			return key === undefined ? undefined : byKey.get(key);
		},
		all: () => byKey.values(),
		put(account) {
			version += 1;
			put(account);
		},
		remove(key) {
			version += 1;
			remove(key);
		},
		contested,
		get size() {
			return byKey.size;
		},
		get living() {
			return living;
		},
		get version() {
			return version;
		},
		completeMs: undefined,
		spent: new Map(),
	};
}

function ownerOf<T>(index: Claims<T>, name: T): AccountKey | undefined {
	const known = index.get(name);
	return typeof known === 'object' ? known[0] : known;
}

/** Negative: `one` stands before `other`. */
function standing(one: Account, other: Account): number {
	const isGone = one.state === 'gone';
	if (isGone !== (other.state === 'gone')) return isGone ? 1 : -1;
	const byTime = isGone ? (other.stateSinceMs ?? 0) - (one.stateSinceMs ?? 0) : one.sinceMs - other.sinceMs;
	return byTime !== 0 ? byTime : one.key < other.key ? -1 : 1;
}
