/**
 * Our Received line: one more hop, and the mark by which we know our own mail when it comes back.
 *
 * It says who handed the message to us (the MTA), who we are, how, under which id and when (RFC 5321 §4.4); nothing of a tenant,
 * no version, no uid, no port. The key is this installation's own, public as every header is: it tells a loop, it proves nothing.
 * What the peer said of itself is cut to characters of a name. Not here: finding the mark in an incoming header.
 */
import type { MessageId, Origin } from '@sluice/shared/words/message.ts';
import { headerDate } from './date.ts';

export const nameCharsMax = 255;
const keyCharsMax = 64;

/** RFC 3848 and RFC 6531 §4.3; anything else a session claims becomes SMTP. */
const protocols: ReadonlySet<string> = new Set([
	'SMTP',
	'ESMTP',
	'ESMTPA',
	'ESMTPS',
	'ESMTPSA',
	'UTF8SMTP',
	'UTF8SMTPA',
	'UTF8SMTPS',
	'UTF8SMTPSA',
	'LMTP',
]);

/** The comment that marks a Received line as this installation's: `(Sluice 3f9c…)`. Letters and digits of the key only. */
export function receivedToken(key: string): string {
	return `(Sluice ${key.replace(/[^A-Za-z0-9]/g, '').slice(0, keyCharsMax)})`;
}

/** The field with its CRLF, folded into three lines, under 1,000 bytes each, ASCII. `name`: ours, as we greet. */
export function receivedLine(hop: {
	readonly origin: Origin;
	readonly name: string;
	readonly key: string;
	readonly id: MessageId;
	readonly nowMs: number;
}): string {
	const { origin } = hop;
	const peer = plainName(origin.peerAddress);
	const literal = peer.includes(':') ? `[IPv6:${peer}]` : `[${peer}]`;
	const protocol = origin.protocol.toUpperCase();
	const spoken = protocols.has(protocol) ? protocol : 'SMTP';
	const from = `Received: from ${plainName(origin.helo)} (${literal})`;
	const by = `by ${plainName(hop.name)} ${receivedToken(hop.key)}`;
	return `${from}\r\n\t${by}\r\n\twith ${spoken} id ${plainName(hop.id)}; ${headerDate(hop.nowMs)}\r\n`;
}

/** Characters of host names and address literals; everything else becomes `?`. Never empty: an atom is due at its place. */
function plainName(text: string): string {
	const plain = text.slice(0, nameCharsMax).replace(/[^A-Za-z0-9.:_[\]-]/g, '?');
	return plain === '' ? 'unknown' : plain;
}
