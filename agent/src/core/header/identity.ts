/**
 * The header line that tells an upstream relay who sent a message: a mailbox, or an account of this server.
 *
 * Relays that know their senders by such a header (`X-AuthUser`) block one of them instead of the whole server. It goes to the relay
 * that asks for it and to nobody else, and is not signed. What is not proved or derived is not said: a line without a value would make
 * all such mail one sender's. Pure.
 */
import type { Attribution } from '@sluice/shared/words/attribution.ts';

const valueCharsMax = 320;

/** The line with its CRLF; `''` when nobody is known. `hostName` completes a name without a domain. */
export function identityLine(name: string, { account, identity, certainty }: Attribution, hostName: string): string {
	if (certainty === 'none' || identity === undefined) return '';
	const isOwned = account !== '' && !/^(?:uid|domain):/.test(account);
	const user = isOwned ? account : identity.kind === 'unix' ? `uid-${identity.id}` : identity.id;
	const known = identity.kind === 'mailbox' || identity.kind === 'address' ? identity.id : user;
	const value = known.includes('@') ? known : `${known}@${hostName}`;
	return `${name}: ${value.slice(0, valueCharsMax).replace(/[^\x21-\x7e]/g, '?')}\r\n`;
}
