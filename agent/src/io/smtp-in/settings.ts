/**
 * The bounds of the relay port, in one place (invariant 9).
 *
 * What an administrator may change is a setting; what only keeps a hostile peer from hurting the loop is a constant beside the
 * code that needs it. A stock Exim or Postfix in front stays inside all of these. RFC 5321 §4.5.3 gives the minima.
 */

export type SmtpInSettings = {
	/** Name in the banner and in the answer to EHLO. */
	readonly hostName: string;
	/** What to do with a CR or LF that stands alone in the content: make it CRLF, or answer 550 5.6.11. */
	readonly bareNewline: 'normalise' | 'reject';
	/** Ask the kernel for the uid of each peer before its first command is answered. Not needed where a firewall rule guards the port. */
	readonly peerLookup: boolean;
	/** A command with its parameters, without CRLF. RFC 5321 §4.5.3.1.4 says 512, extensions add to it (RFC 3461 §5 adds 500 and more). */
	readonly commandLineBytesMax: number;
	/** Content as on the wire, dot-stuffing included. Must not be below the MTA's own limit. */
	readonly messageBytesMax: number;
	/** The header block. Exim refuses above 1 MiB by itself, so this leaves room for the lines that the MTAs add. */
	readonly headerBytesMax: number;
	/**
	 * One line of the content without its newline. RFC 5321 §4.5.3.1.6 says 998, and stock Exim and Postfix refuse or fold longer
	 * lines before they reach us; where an administrator has raised that, the mail is real and goes on. So only a bound against nonsense.
	 */
	readonly lineBytesMax: number;
	/** Accepted recipients of one transaction; the next gets 452 4.5.3 and the MTA sends it again. At least 100 (RFC 5321 §4.5.3.1.8). */
	readonly recipientsMax: number;
	readonly connectionsMax: number;
	/** Of one client address (IPv6: one /64), so that a stranger cannot take all places. Absent: no bound. */
	readonly connectionsPerAddressMax?: number;
	/** From a reply to the end of the next command. RFC 5321 §4.5.3.2.7 wants at least 5 minutes. */
	readonly idleTimeoutSeconds: number;
	/** In each such span of DATA the client must send `dataProgressBytesMin` or end the message. */
	readonly dataTimeoutSeconds: number;
	readonly dataProgressBytesMin: number;
	/**
	 * A submission listener: MAIL needs a login, AUTH is offered over TLS, nothing that only an MTA says is taken, and what strangers say is
	 * not repeated in the log.
	 */
	readonly needsLogin: boolean;
	/** Submission: from the connection to the login. Strangers come here, and a place is worth something. */
	readonly loginTimeoutSeconds: number;
	/** Wrong commands (unknown, malformed, out of order) since the last accepted message before 421. */
	readonly badCommandsMax: number;
	/** Content held for all connections together, received or waiting to become durable. Above it, reading stops: see body-memory.ts. */
	readonly bodyMemoryBytesMax: number;
	/** How long a connection may be kept from reading for want of that memory before its message is answered 451. */
	readonly bodyMemoryWaitSeconds: number;
};

export const defaultSmtpInSettings: Omit<SmtpInSettings, 'hostName'> = {
	bareNewline: 'normalise',
	peerLookup: false,
	commandLineBytesMax: 4_096,
	messageBytesMax: 100 * 1024 * 1024,
	headerBytesMax: 2 * 1024 * 1024,
	lineBytesMax: 1_000_000,
	recipientsMax: 1_000,
	connectionsMax: 1_000,
	idleTimeoutSeconds: 300,
	dataTimeoutSeconds: 300,
	dataProgressBytesMin: 65_536,
	needsLogin: false,
	loginTimeoutSeconds: 60,
	badCommandsMax: 20,
	bodyMemoryBytesMax: 64 * 1024 * 1024,
	bodyMemoryWaitSeconds: 60,
};
