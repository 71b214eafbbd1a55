/**
 * Speaking SMTP to other servers: connections and transactions, without opinion about what an answer means.
 */

import type { Envelope, EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { DialFailure, TransactionReport } from '../core/delivery/outcome.ts';

/** Opportunistic: try STARTTLS when offered, go on in the clear when the handshake fails. Required: verified, or no delivery. */
export type TlsPolicy = 'none' | 'opportunistic' | 'required';

export type DialTarget = {
	/** IP address. */
	readonly address: string;
	readonly port: number;
	/** Name of the host, for SNI and verification, and for reports. */
	readonly host: string;
	/** Local address to bind; absent: the system's choice. */
	readonly sourceAddress?: string;
	/** EHLO name. */
	readonly helo: string;
	readonly tls: TlsPolicy;
	/** TLS from the first byte (port 465 smarthosts). */
	readonly implicitTls?: boolean;
	readonly auth?: { readonly user: string; readonly password: string };
	/** Name of the header in which this host wants the sender of each message. */
	readonly identityHeader?: string;
};

export type Extensions = {
	readonly pipelining: boolean;
	readonly eightBitMime: boolean;
	readonly smtpUtf8: boolean;
	readonly dsn: boolean;
	/** SIZE limit, bytes; 0: offered without a number; undefined: not offered. */
	readonly sizeMax?: number;
};

/** The values themselves are core's, which reads them: see core/delivery/outcome.ts. */
export type { DialFailure, TransactionReport };

export type OutboundMessage = {
	readonly envelope: Envelope;
	/** A subset of the envelope's, those of this transaction. */
	readonly recipients: readonly EnvelopeRecipient[];
	/** Prefix, then stored content with the cuts taken out: dot-stuffed, CRLF at the end, without the dot line. */
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
	/** Bytes over 127 in header or body: BODY=8BITMIME is due. */
	readonly has8bit: boolean;
};

export type OutboundConnection = {
	readonly target: DialTarget;
	/** Name in the 220 greeting: shows when we talk to ourselves. */
	readonly greetingName: string;
	/** Name in its answer to EHLO: the same, also where something in between greets for it. */
	readonly ehloName: string;
	readonly extensions: Extensions;
	/** `TLSv1.3` or undefined. */
	readonly tls?: string;
	/** Transactions begun on it. More than one and the last lost in `mail` without any answer: the server had closed it while idle; dial again. */
	readonly transactions: number;
	/** One transaction. Never rejects. The caller gives the connection back or closes it. */
	transact(message: OutboundMessage): Promise<TransactionReport>;
	/** Still good for another transaction. */
	readonly usable: boolean;
	/** Says QUIT and closes, for a connection that must not be used again. Instead of giving it back. */
	close(): void;
};

export type Dialer = {
	/** A connection to the target: an idle one when there is one, else a new one. */
	connect(
		target: DialTarget,
	): Promise<
		{ readonly ok: true; readonly value: OutboundConnection } | { readonly ok: false; readonly error: DialFailure }
	>;
	/** Keeps a usable connection for reuse; closes the others with QUIT. */
	giveBack(connection: OutboundConnection): void;
	readonly connections: number;
	stop(): Promise<void>;
};
