/**
 * What io/smtp-in drives flow through: cheap refusals while the envelope is read, one call when a message is whole.
 *
 * The edge speaks SMTP, keeps bounds and finds the end of data; flow decides. A handler that returns a reply refuses, one that
 * returns undefined lets the edge give the ordinary positive answer.
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { Envelope, EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { ForwardedClient } from '../core/identity/facts.ts';

export type Peer = {
	readonly address: string;
	readonly port: number;
	readonly localAddress: string;
	readonly localPort: number;
	/** Effective uid of the connecting process as the kernel tells it; undefined when not local or not found. */
	readonly uid?: number;
	/** The uid is root's or the MTA's: wiring headers, XFORWARD and Received of this peer are believed. */
	readonly proved: boolean;
};

/** XFORWARD attributes as given, decoded. */
export type XForward = ForwardedClient;

export type SmtpSession = {
	/** Short id for log lines. */
	readonly id: string;
	readonly peer: Peer;
	readonly helo: string;
	/** RFC 3848 keyword: SMTP, ESMTP, ESMTPS, ESMTPSA. */
	readonly protocol: string;
	readonly xforward: XForward;
	/** Who has logged in; only on a submission listener, and there before any MAIL. */
	readonly credential?: SessionCredential;
};

/** A credential for submission as a session keeps it: it never changes once it is there. */
export type SessionCredential = { readonly id: string; readonly account: AccountKey };

export type AuthMechanism = 'PLAIN' | 'LOGIN';

/** What a client says it is, decoded. Never in a log line as a whole. */
export type LoginAttempt = { readonly mechanism: AuthMechanism; readonly user: string; readonly password: string };

export type LoginAnswer =
	| { readonly ok: true; readonly credential: SessionCredential }
	| { readonly ok: false; readonly reply: Reply };

export type MailCommand = {
	readonly reversePath: string;
	/** SIZE=, bytes. */
	readonly sizeBytes?: number;
	readonly body?: '7BIT' | '8BITMIME';
	readonly smtpUtf8: boolean;
	readonly ret?: 'FULL' | 'HDRS';
	readonly envid?: string;
};

/** A whole message as received: dot-stuffed, newlines normalised, without the terminating dot line. Ends with CRLF unless empty. */
export type ReceivedContent = {
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
	/** The header block with its blank line (all of the content when there is none), one char a byte. */
	readonly headerText: string;
	/** A byte over 127 was seen. */
	readonly has8bit: boolean;
	/** Bare CR or LF that were made CRLF. */
	readonly newlinesNormalised: number;
};

/** What has been said since MAIL. */
export type OpenTransaction = {
	readonly mail: MailCommand;
	/** Recipients taken so far. */
	readonly acceptedCount: number;
};

export type ReceptionHandlers = {
	/** Before the banner. A reply refuses the connection. */
	connect(peer: Peer): Reply | undefined;
	/** The peer's uid is known (only with smtp.peerLookup), no command is answered yet. A reply refuses the peer and closes. */
	identified?(peer: Peer): Reply | undefined;
	/** Only on a submission listener: checks a password. May take its time; never rejects. */
	login?(session: SmtpSession, attempt: LoginAttempt): Promise<LoginAnswer>;
	/** Before each command of a session that has logged in. A reply refuses it: the credential was revoked meanwhile. */
	stillWelcome?(session: SmtpSession): Reply | undefined;
	mail(session: SmtpSession, mail: MailCommand): Reply | undefined;
	recipient(session: SmtpSession, recipient: EnvelopeRecipient, transaction: OpenTransaction): Reply | undefined;
	/** The reply to the final dot. Resolves only after the message is durable (invariant 1); never rejects. */
	message(session: SmtpSession, envelope: Envelope, content: ReceivedContent): Promise<Reply>;
	/** The edge refused something by itself: for the log and counters. */
	refused(session: SmtpSession | undefined, fault: FaultName, detail: string): void;
};

/** PEM. */
export type TlsPair = { readonly key: string | Uint8Array; readonly cert: string | Uint8Array };

/** Who is at the other end of a loopback connection. */
export type PeerLookup = {
	/** Uid of the socket's owner, or undefined when the kernel does not say. */
	uidOf(connection: {
		address: string;
		port: number;
		localAddress: string;
		localPort: number;
	}): Promise<number | undefined>;
};

export type SmtpListener = {
	/** Where it listens: `127.0.0.1:2526`. */
	readonly address: string;
	readonly connections: number;
	/** Certificate and key (PEM) for handshakes from now on. Throws when they cannot be used. */
	renew(tls: TlsPair): void;
	/** Stops listening; who has just spoken may hand over one more message (at most `graceMs`), the silent are told 421. */
	stop(graceMs: number): Promise<void>;
};
