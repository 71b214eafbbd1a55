/**
 * One chain for all messages of a sender, and a bound on how many identities an account has.
 *
 * The same Chain, and in it the same array of scopes, is given until accounts or limits change: what is derived from it can be kept
 * beside it, and a hundred thousand queued messages of a sender share one array.
 *
 * A tenant can write any directory or domain into its mail. So an account has at most `identitiesMax` identities that nobody vouches
 * for, each kept for a day after it was last seen (as long as usage lasts); all further ones share `mailbox:KEY/other`,
 * `script:KEY/other`, and pay no domain of their own. Mailboxes and domains that the panel listed for the account, and whatever has
 * limits set by name, stand apart always and are not counted: there are no more of them than somebody made.
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { type ChainInput, chainOfPayers, otherIdentity, type Payers, payersOf } from './chain.ts';
import type { Chain } from './types.ts';

export type Chains = {
	/** The chain of a message's sender. */
	of(attribution: Attribution, nowMs: number): Chain;
	/** Forgets identities not seen for a day. */
	prune(nowMs: number): void;
	/** Chains kept, and identities. */
	readonly size: number;
	readonly identities: number;
};

export type ChainsInput = ChainInput & { readonly identitiesMax: () => number };

/** As long as a day's usage of the scope can stand. */
const identityKeptMs = 86_400_000 + 60_000;

type Leaf = NonNullable<Payers['leaf']>;

export function createChains(input: ChainsInput): Chains {
	const { accounts, book, identitiesMax } = input;
	const chains = new Map<string, Chain>();
	/** Those of listed mailboxes by login, for most of the mail: one look-up instead of five. */
	const mailboxes = new Map<string, Chain>();
	let accountsVersion = -1;
	let bookVersion = -1;
	/** By account: its identities that nobody vouches for, and when each was last seen. */
	const identities = new Map<AccountKey, Map<string, number>>();

	function admits(account: AccountKey, identity: string, nowMs: number): boolean {
		const known = identities.get(account) ?? new Map<string, number>();
		if (!known.has(identity) && known.size >= identitiesMax() && !makeRoom(known, nowMs)) return false;
		if (known.size === 0) identities.set(account, known);
		known.set(identity, nowMs);
		return true;
	}

	const isVouchedFor = (account: AccountKey, { level, id }: Leaf): boolean =>
		level === 'credential' ||
		(level === 'mailbox' && accounts.directory.accountOfMailbox(id) === account) ||
		book.get(level, id) !== undefined;

	function bounded(payers: Payers, nowMs: number): Payers {
		const { account, leaf, domain } = payers;
		let within = payers;
		// Of a script each domain it sends as counts, so that not every pair of the two makes a chain.
		if (
			leaf !== undefined &&
			!isVouchedFor(account, leaf) &&
			!admits(account, `${leaf.level}:${leaf.id}${leaf.level === 'script' ? `\n${domain ?? ''}` : ''}`, nowMs)
		)
			within = { ...within, leaf: { ...leaf, id: `${account}${otherIdentity}` } };
		if (
			domain !== undefined &&
			accounts.directory.accountOfDomain(domain) !== account &&
			book.get('domain', domain) === undefined &&
			account !== `domain:${domain}` &&
			!admits(account, `domain:${domain}`, nowMs)
		)
			within = { ...within, domain: `${account}${otherIdentity}` };
		return within;
	}

	function forgetChanged(): void {
		if (accounts.version === accountsVersion && book.version === bookVersion) return;
		accountsVersion = accounts.version;
		bookVersion = book.version;
		chains.clear();
		mailboxes.clear();
	}

	function find(attribution: Attribution, nowMs: number): Chain {
		const payers = bounded(payersOf(attribution, input), nowMs);
		const { account, domain = '', leaf, isExempt } = payers;
		const name = `${account}\n${domain}\n${leaf === undefined ? '' : `${leaf.level}:${leaf.id}`}${isExempt ? '!' : ''}`;
		const kept = chains.get(name);
		if (kept !== undefined) return kept;
		const made = chainOfPayers(payers, input);
		chains.set(name, made);
		return made;
	}

	return {
		of(attribution, nowMs) {
			forgetChanged();
			const { class: kind, identity, account } = attribution;
			if (kind !== 'mailbox' || identity?.kind !== 'mailbox') return find(attribution, nowMs);
			const kept = mailboxes.get(identity.id);
			if (kept?.account === account) return kept;
			const chain = find(attribution, nowMs);
			if (accounts.directory.accountOfMailbox(identity.id) === account) mailboxes.set(identity.id, chain);
			return chain;
		},
		prune(nowMs) {
			for (const [account, known] of identities) {
				for (const [identity, seenMs] of known) if (isOver(seenMs, nowMs)) known.delete(identity);
				if (known.size === 0) identities.delete(account);
			}
		},
		get size() {
			return chains.size;
		},
		get identities() {
			let count = 0;
			for (const known of identities.values()) count += known.size;
			return count;
		},
	};
}

const isOver = (seenMs: number, nowMs: number): boolean => nowMs - seenMs > identityKeptMs;

/** Gives up one identity that is over, if there is one. */
function makeRoom(known: Map<string, number>, nowMs: number): boolean {
	for (const [identity, seenMs] of known) {
		if (!isOver(seenMs, nowMs)) continue;
		known.delete(identity);
		return true;
	}
	return false;
}
