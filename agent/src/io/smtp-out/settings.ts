/**
 * Bounds of outgoing connections: how long each stage may take and what is kept for reuse.
 *
 * The time-outs are those of RFC 5321 §4.5.3.2 where it names one. A stage's time-out starts anew with each answer (or,
 * in the content, with each slab written), so a server that is slow but moving is not cut off.
 */
import type { SecureContextOptions } from 'node:tls';

export type StageTimeouts = {
	/** TCP connect. */
	readonly connectMs: number;
	/** RFC 5321 §4.5.3.2.1. */
	readonly greetingMs: number;
	readonly ehloMs: number;
	/** STARTTLS and the handshake. */
	readonly tlsMs: number;
	readonly authMs: number;
	/** RFC 5321 §4.5.3.2.2; RSET as well. */
	readonly mailMs: number;
	/** RFC 5321 §4.5.3.2.3. */
	readonly rcptMs: number;
	/** RFC 5321 §4.5.3.2.4. */
	readonly dataMs: number;
	/** RFC 5321 §4.5.3.2.5, for each slab of the content. */
	readonly bodyMs: number;
	/** RFC 5321 §4.5.3.2.6. */
	readonly endMs: number;
	/**
	 * A whole transaction. RFC 5321 names none, but a server that takes almost five minutes for each of a hundred recipients would keep a
	 * delivery's place for a working day.
	 */
	readonly transactionMs: number;
	/** Wait for the answer to QUIT. */
	readonly quitMs: number;
};

export type DialerSettings = {
	readonly timeouts: StageTimeouts;
	/** Transactions on one connection before it is closed. */
	readonly transactionsMax: number;
	/** How long a connection is kept without work. */
	readonly idleMs: number;
	/** Connections kept without work, for one target and in all. */
	readonly idlePerTargetMax: number;
	readonly idleMax: number;
	/** How long `stop` waits for connections that are in use. */
	readonly stopWithinMs: number;
	/** How long a host whose TLS handshake failed is spoken to in the clear, where the policy is opportunistic. */
	readonly clearAfterTlsFailureMs: number;
	/** Trust anchors and the like beside Node's own; for private authorities and tests. */
	readonly tls: SecureContextOptions;
};

const MINUTE_MS = 60_000;

export const dialerDefaults: DialerSettings = {
	timeouts: {
		connectMs: 30_000,
		greetingMs: 5 * MINUTE_MS,
		ehloMs: 5 * MINUTE_MS,
		tlsMs: 2 * MINUTE_MS,
		authMs: 2 * MINUTE_MS,
		mailMs: 5 * MINUTE_MS,
		rcptMs: 5 * MINUTE_MS,
		dataMs: 2 * MINUTE_MS,
		bodyMs: 3 * MINUTE_MS,
		endMs: 10 * MINUTE_MS,
		transactionMs: 60 * MINUTE_MS,
		quitMs: 2_000,
	},
	transactionsMax: 100,
	idleMs: 10_000,
	idlePerTargetMax: 20,
	idleMax: 500,
	stopWithinMs: 5_000,
	clearAfterTlsFailureMs: 15 * MINUTE_MS,
	tls: {},
};
