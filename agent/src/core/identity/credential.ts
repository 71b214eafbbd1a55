/**
 * A credential: what a remote application logs in with, whose it is, and as whom it may send.
 *
 * Its id is the user name, short and easy to read; the password is long, made by us and shown once, so that what is stored of it can only be
 * checked. A credential without sender domains of its own may send as the domains of its account; a domain that has since come to another
 * account is nobody's to send as but its owner's.
 *
 * Pure. Not here: hashing (ports/passwords.ts), who has them (flow/credentials.ts).
 */
import type { Account, AccountKey } from '@sluice/shared/words/account.ts';
import { type Address, domainOf } from '@sluice/shared/words/address.ts';

export type Credential = {
	/** Also the user name for AUTH. */
	readonly id: string;
	readonly account: AccountKey;
	/** For people. */
	readonly name: string;
	/** Lower case, ASCII. Empty: those of its account. */
	readonly senderDomains: readonly string[];
	readonly createdMs: number;
	readonly author: string;
	/** To about an hour. */
	readonly lastUsedMs?: number;
	/** What ports/passwords.ts made of the password. */
	readonly hash: string;
};

/** 32 letters and digits without `i`, `l`, `o` and `u`: five bits each, none to be taken for another. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const idDigits = 7;
/** 140 bits: nobody guesses it, and nobody has to remember it. */
const passwordDigits = 28;
export const idBytes = idDigits;
export const passwordBytes = passwordDigits;

const digits = (bytes: Uint8Array): string => Array.from(bytes, (byte) => alphabet[byte & 31]).join('');

/** `c7k2m9p4` of `idBytes` random bytes. */
export const credentialIdOf = (bytes: Uint8Array): string => `c${digits(bytes.subarray(0, idDigits))}`;

/** 28 letters and digits of `passwordBytes` random bytes. */
export const passwordOf = (bytes: Uint8Array): string => digits(bytes.subarray(0, passwordDigits));

/** A stored document; undefined when it is none of ours. */
export function credentialFrom(value: unknown): Credential | undefined {
	const found = value as Partial<Credential> | null;
	const isWhole =
		typeof found === 'object' &&
		found !== null &&
		typeof found.id === 'string' &&
		typeof found.account === 'string' &&
		typeof found.hash === 'string' &&
		typeof found.createdMs === 'number' &&
		Array.isArray(found.senderDomains);
	return isWhole ? (found as Credential) : undefined;
}

/** What the answer hangs on besides the credential. */
export type SenderRights = {
	/** The credential's account, as far as a panel has told of it. */
	readonly account: Account | undefined;
	/** Account of a domain, in lower-case ASCII. */
	readonly ownerOf: (domain: string) => AccountKey | undefined;
	/** To lower-case ASCII; `''` when it is no domain. */
	readonly toAscii: (domain: string) => string;
};

/** Whether the credential may send as the address, in MAIL FROM or From. The null reverse-path is nobody's: ask about From. */
export function maySendAs(credential: Credential, address: Address, rights: SenderRights): boolean {
	const { account, ownerOf, toAscii } = rights;
	const domain = toAscii(domainOf(address));
	if (domain === '') return false;
	const exceptions = account?.maySendAs ?? [];
	const isException = exceptions.some((one) =>
		one.includes('@') ? isSameAddress(one, address, toAscii) : toAscii(one) === domain,
	);
	const { senderDomains } = credential;
	if (senderDomains.length > 0 && !senderDomains.includes(domain)) return false;
	if (isException) return true;
	const owner = ownerOf(domain);
	return owner === undefined ? senderDomains.length > 0 : owner === credential.account;
}

const isSameAddress = (one: Address, other: Address, toAscii: SenderRights['toAscii']): boolean =>
	toAscii(domainOf(one)) === toAscii(domainOf(other)) &&
	one.slice(0, one.lastIndexOf('@')).toLowerCase() === other.slice(0, other.lastIndexOf('@')).toLowerCase();
