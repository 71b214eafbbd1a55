/**
 * A recipient's address as a small number, for limits on different recipients.
 *
 * FNV-1a over the address with its domain in lower case, cut to 30 bits: a number that needs no object of its own, kept beside
 * every open recipient. Two of a thousand different addresses are taken for one once in two thousand hours. Not a secret.
 */
import { type Address, domainOf, localPartOf } from '@sluice/shared/words/address.ts';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

export function recipientKeyOf(address: Address): number {
	const text = `${localPartOf(address)}@${domainOf(address)}`;
	let hash = offsetBasis;
	for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), prime);
	return ((hash >>> 30) ^ hash) & 0x3fffffff;
}
