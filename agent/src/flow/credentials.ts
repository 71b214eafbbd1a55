/**
 * Credentials for submission: made, listed, revoked, remembered over a restart.
 *
 * All are in memory, each is one document of state.db; what is stored of a password can only be checked. When one was last used is written
 * once an hour at most: an application that sends a thousand messages is not a thousand writes. Not here: checking a password
 * (login.ts), who may see which (main/api/credentials.ts).
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import {
	type Credential,
	credentialFrom,
	credentialIdOf,
	idBytes,
	maySendAs,
	passwordBytes,
	passwordOf,
} from '../core/identity/credential.ts';
import type { Passwords } from '../ports/passwords.ts';
import { type Flow, reportError } from './context.ts';

export type CredentialRequest = {
	readonly account: AccountKey;
	readonly name: string;
	/** As a person writes them. */
	readonly senderDomains: readonly string[];
};

export type CredentialRefusal = { readonly code: 'conflict' | 'invalid'; readonly text: string };

export type Credentials = {
	all(): Iterable<Credential>;
	find(id: string): Credential | undefined;
	/** The password is in the answer and nowhere else. */
	make(
		asked: CredentialRequest,
		actor: Actor,
	): Promise<Result<{ readonly credential: Credential; readonly password: string }, CredentialRefusal>>;
	/** The credential that is no more; undefined when there was none. */
	revoke(id: string, actor: Actor): Credential | undefined;
	/** It has just logged in. */
	used(id: string): void;
	/** May it send as this address? */
	maySendAs(credential: Credential, address: string): boolean;
	/** It may log in and go on: not revoked, and its account is neither gone nor forgotten. */
	isValid(id: string): boolean;
	/** Forgets what is no longer stored: with an account its credentials are forgotten (account-forget.ts). */
	follow(): void;
};

export const credentialsPerAccountMax = 100;
const lastUsedEveryMs = 3_600_000;

export type CredentialParts = Pick<Flow, 'clock' | 'events' | 'state' | 'accounts' | 'domainToAscii'> & {
	readonly passwords: Passwords;
};

export function openCredentials(parts: CredentialParts): Credentials {
	const { clock, events, state, accounts, passwords } = parts;
	const known = new Map<string, Credential>();
	for (const { id, value } of state.documents('credential')) {
		const credential = credentialFrom(value);
		if (credential === undefined)
			reportError(parts, 'credential', new Error(`the stored credential ${id} cannot be read`));
		else known.set(id, credential);
	}
	const toAscii = (domain: string): string => parts.domainToAscii(domain).toLowerCase();
	const maySend = (credential: Credential, address: string): boolean =>
		maySendAs(credential, address, {
			account: accounts.find(credential.account),
			ownerOf: accounts.directory.accountOfDomain,
			toAscii,
		});

	/** By account: those being made, which count as made. */
	const making = new Map<AccountKey, number>();
	let hashing: Promise<unknown> = Promise.resolve();

	/** One at a time: the threads that it takes flush the spool too. */
	function hashOf(password: string): Promise<string> {
		const turn = hashing.then(() => passwords.hash(password));
		hashing = turn.catch(() => undefined);
		return turn;
	}

	let followedVersion = accounts.version;
	function follow(): void {
		followedVersion = accounts.version;
		const stored = new Set(state.documents('credential').map(({ id }) => id));
		for (const id of [...known.keys()]) if (!stored.has(id)) known.delete(id);
	}

	function keep(credential: Credential): void {
		state.putDocuments('credential', [{ id: credential.id, value: credential }]);
		known.set(credential.id, credential);
	}

	/** What is wrong with a wish, or undefined. A domain of another account is refused to everybody: may-send-as is how it is given. */
	function refusalOf(
		asked: CredentialRequest,
		domains: readonly string[],
		actor: Actor,
	): CredentialRefusal | undefined {
		const account = accounts.find(asked.account);
		if (account?.state === 'gone') return { code: 'conflict', text: 'The account is gone.' };
		const made = [...known.values()].filter((one) => one.account === asked.account).length;
		const count = made + (making.get(asked.account) ?? 0);
		if (count >= credentialsPerAccountMax)
			return { code: 'conflict', text: `The account has ${count} credentials already; revoke one first.` };
		if (domains.length === 0 && account === undefined)
			return {
				code: 'invalid',
				text: 'senderDomains: no panel has told of this account, so say as which domains it may send.',
			};
		const owned = (domain: string): boolean =>
			accounts.directory.accountOfDomain(domain) === asked.account || account?.maySendAs.includes(domain) === true;
		for (const domain of domains) {
			if (domain === '') return { code: 'invalid', text: 'senderDomains: one of them is no domain.' };
			const isStrangers = accounts.directory.accountOfDomain(domain) === undefined;
			if (owned(domain) || (isStrangers && actor.role === 'admin')) continue;
			return { code: 'invalid', text: `senderDomains: ${domain} is not a domain of this account.` };
		}
		return undefined;
	}

	function record(
		actor: Actor,
		act: 'credential.made' | 'credential.revoked',
		{ id, account, name }: Credential,
	): void {
		const atMs = clock.now();
		try {
			state.audit({ atMs, actor: actorText(actor), act, subject: `account ${account}`, detail: `${id}: ${name}` });
		} catch (error) {
			// The act is done; the events tell of it.
			reportError(parts, 'audit', error);
		}
		events.emit({ event: act, atMs, credential: id, account, name, actor: actorText(actor) });
	}

	function freeId(): string {
		for (;;) {
			const id = credentialIdOf(passwords.random(idBytes));
			if (!known.has(id)) return id;
		}
	}

	return {
		all: () => known.values(),
		find: (id) => known.get(id),
		async make(asked, actor) {
			const senderDomains = [...new Set(asked.senderDomains.map(toAscii))];
			const refusal = refusalOf(asked, senderDomains, actor);
			if (refusal !== undefined) return failed(refusal);
			const password = passwordOf(passwords.random(passwordBytes));
			making.set(asked.account, (making.get(asked.account) ?? 0) + 1);
			try {
				const hash = await hashOf(password);
				const credential: Credential = {
					id: freeId(),
					account: asked.account,
					name: asked.name,
					senderDomains,
					createdMs: clock.now(),
					author: actorText(actor),
					hash,
				};
				keep(credential);
				record(actor, 'credential.made', credential);
				return ok({ credential, password });
			} finally {
				const left = (making.get(asked.account) ?? 1) - 1;
				if (left > 0) making.set(asked.account, left);
				else making.delete(asked.account);
			}
		},
		revoke(id, actor) {
			const credential = known.get(id);
			if (credential === undefined) return undefined;
			// Out of memory first: whatever the disk says, it opens nothing any more.
			known.delete(id);
			state.putDocuments('credential', [{ id, value: undefined }]);
			record(actor, 'credential.revoked', credential);
			return credential;
		},
		used(id) {
			const credential = known.get(id);
			const nowMs = clock.now();
			if (credential === undefined || Math.abs(nowMs - (credential.lastUsedMs ?? 0)) < lastUsedEveryMs) return;
			try {
				keep({ ...credential, lastUsedMs: nowMs });
			} catch (error) {
				// A date for people: no reason to refuse a login.
				reportError(parts, 'credential.used', error);
			}
		},
		maySendAs: maySend,
		follow,
		isValid(id) {
			if (accounts.version !== followedVersion) follow();
			const credential = known.get(id);
			return credential !== undefined && accounts.find(credential.account)?.state !== 'gone';
		},
	};
}
