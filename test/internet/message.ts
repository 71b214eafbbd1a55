/**
 * What a sink remembers of one message, and small readings of it for tests.
 *
 * A record is made when the content has been read to its final dot, whatever the sink then answered: `outcome` says
 * which. Transactions that end earlier leave only counts.
 */
import { createHash } from 'node:crypto';

export type ReceivedRecipient = {
	readonly address: string;
	readonly parameters: { readonly [keyword: string]: string | true };
	/** What RCPT was answered, as `250 2.1.5 Ok`. */
	readonly reply: string;
	readonly isAccepted: boolean;
};

export type ReceivedMessage = {
	readonly sink: string;
	/** Time of the final dot, ms since the epoch. */
	readonly at: number;
	/** Number of the connection at this sink, from 1, and of the transaction in it, from 1. */
	readonly connection: number;
	readonly transaction: number;
	readonly peerAddress: string;
	readonly peerPort: number;
	/** Name the client gave at EHLO or HELO. */
	readonly ehloName: string;
	readonly isTls: boolean;
	/** User of AUTH, if there was one. */
	readonly user: string | undefined;
	readonly reversePath: string;
	readonly mailParameters: { readonly [keyword: string]: string | true };
	/** Every RCPT of the transaction in order, refused ones too. */
	readonly recipients: readonly ReceivedRecipient[];
	/** Addresses of the accepted recipients. */
	readonly acceptedRecipients: readonly string[];
	/** The bytes between 354 and the final dot, dot-stuffed as they came. Empty with `store: 'counts'`. */
	readonly raw: Buffer;
	/** The same without dot-stuffing: the message. */
	readonly content: Buffer;
	/** SHA-256 (hex) of what follows the header: equal before and after a relay that only prepends headers. */
	readonly bodySha256: string;
	/** `swallowed`: read in full, then the connection was cut without an answer: the client cannot know. */
	readonly outcome: 'accepted' | 'refused' | 'swallowed';
	/** What the final dot was answered; empty when swallowed. */
	readonly reply: string;
};

/** Where the body begins: behind the first empty line, or at the end if there is none (RFC 5322 §2.1). */
function bodyStart(content: Buffer): number {
	if (content.indexOf('\r\n') === 0) return 2;
	const found = content.indexOf('\r\n\r\n');
	return found < 0 ? content.length : found + 4;
}

/** Hex SHA-256 of the body of a message. */
export const bodySha256 = (content: Buffer): string =>
	createHash('sha256')
		.update(content.subarray(bodyStart(content)))
		.digest('hex');

/** Values of every header field of that name, in order from the top, unfolded and trimmed. */
export function headerValues(content: Buffer, name: string): readonly string[] {
	const unfolded = content.toString('utf8', 0, bodyStart(content)).replace(/\r\n(?=[ \t])/g, '');
	const prefix = `${name.toLowerCase()}:`;
	return unfolded
		.split('\r\n')
		.filter((line) => line.toLowerCase().startsWith(prefix))
		.map((line) => line.slice(prefix.length).trim());
}

/** What is wrong with the bytes of a message as strict receivers see it (RFC 5321 §2.3.8, §4.5.3.1.6). */
export function contentFlaws(content: Buffer): {
	readonly hasBareNewline: boolean;
	readonly hasEightBit: boolean;
	readonly lineBytesMax: number;
} {
	let hasBareNewline = false;
	let hasEightBit = false;
	let lineBytesMax = 0;
	let lineStart = 0;
	for (let at = 0; at < content.length; at++) {
		const byte = content[at]!;
		if (byte > 127) hasEightBit = true;
		if (byte === 13 && content[at + 1] !== 10) hasBareNewline = true;
		if (byte !== 10) continue;
		if (content[at - 1] !== 13) hasBareNewline = true;
		lineBytesMax = Math.max(lineBytesMax, at - 1 - lineStart);
		lineStart = at + 1;
	}
	return {
		hasBareNewline,
		hasEightBit,
		lineBytesMax: Math.max(lineBytesMax, content.length - lineStart),
	};
}
