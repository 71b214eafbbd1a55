/**
 * The accounts that panels have told of, in memory: who a uid, a mailbox, a domain belongs to, who stands above whom.
 *
 * A collection without clock or file of its own. Written by flow/accounts, read for every message. Not here: what a list from a
 * panel changes (account-list.ts), how accounts are stored (io/store).
 */
import type { Account, AccountKey } from '@sluice/shared/words/account.ts';
import type { AccountDirectory } from './facts.ts';

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
	readonly size: number;
	/** Grows with every change. */
	readonly version: number;
	/** A complete list has been believed, and when, epoch ms; undefined: never. */
	completeMs: number | undefined;
};

export function createAccountBook(accounts: Iterable<Account> = []): AccountBook {
	const byKey = new Map<AccountKey, Account>();
	const bearers = new Map<string, AccountKey>();
	const uids = new Map<number, AccountKey>();
	const mailboxes = new Map<string, AccountKey>();
	const domains = new Map<string, AccountKey>();
	let version = 0;

	const isOver = (key: AccountKey | undefined): boolean => key === undefined || byKey.get(key)?.state === 'gone';

	function enter<T>(index: Map<T, AccountKey>, name: T, { key, state }: Account): void {
		const known = index.get(name);
		if (known === undefined || known === key || state !== 'gone' || isOver(known)) index.set(name, key);
	}

	function leave<T>(index: Map<T, AccountKey>, name: T, key: AccountKey): void {
		if (index.get(name) === key) index.delete(name);
	}

	function remove(key: AccountKey): void {
		const account = byKey.get(key);
		if (account === undefined) return;
		byKey.delete(key);
		leave(bearers, account.id, key);
		for (const { uid } of account.unixUsers) leave(uids, uid, key);
		for (const mailbox of account.mailboxes) leave(mailboxes, mailbox, key);
		for (const domain of account.domains) leave(domains, domain, key);
	}

	function put(account: Account): void {
		remove(account.key);
		byKey.set(account.key, account);
		enter(bearers, account.id, account);
		for (const { uid } of account.unixUsers) enter(uids, uid, account);
		for (const mailbox of account.mailboxes) enter(mailboxes, mailbox, account);
		for (const domain of account.domains) enter(domains, domain, account);
	}

	for (const account of accounts) put(account);
	const book: AccountBook = {
		directory: {
			accountOfUid: (uid) => uids.get(uid),
			accountOfMailbox: (address) => mailboxes.get(address),
			accountOfDomain: (domain) => domains.get(domain),
		},
		find: (key) => byKey.get(key),
		byId: (id) => {
			const key = bearers.get(id);
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
		get size() {
			return byKey.size;
		},
		get version() {
			return version;
		},
		completeMs: undefined,
	};
	return book;
}
