/**
 * What the scheduler keeps in memory of an open message: enough to decide who goes next, nothing more.
 *
 * Record and body stay in the spool log and are read when the message goes. With 100,000 open messages every field counts:
 * strings are shared (interned by whoever builds this), the last reply is one short string.
 */
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import { detached } from '@sluice/shared/words/detached.ts';
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import { type Reply, replyText } from '@sluice/shared/words/reply.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';

/** Bits of `notify`. No bit but `given`: NOTIFY=NEVER. */
export const notifyGiven = 1;
export const notifySuccess = 2;
export const notifyFailure = 4;
export const notifyDelay = 8;

export type QueuedRecipient = {
	/** Position in the envelope. */
	readonly index: number;
	/** Lower-case domain of the address as routed; `!dsn` for our own reports, which go back through the MTA. */
	readonly destination: string;
	readonly notify: number;
	/** `recipientKeyOf` its address. */
	readonly key: number;
	state: RecipientState;
	/** Attempts made. */
	attempts: number;
	/** Epoch ms; for `queued`, not before. */
	dueMs: number;
	/**
	 * Epoch ms since which it may leave, or is held or waits: at acceptance, at a release, at a hold. Age counts from here, so that mail
	 * released after days is not given up at its first deferral.
	 */
	sinceMs: number;
	/** It has been paid for, or is about to be: a recipient is charged once, whatever becomes of it later (invariant 3). */
	isCharged: boolean;
	/** Why it is held or waits; of what was discarded or has expired: why it was. The same object for the same reason. */
	standing: Standing | undefined;
	delayNoticed: boolean;
	/** A DSN about the final state is in the log, or none is due. */
	reported: boolean;
	/** Last answer, cut to `lastReplyCharsMax`. */
	reply: string;
};

export type QueuedMessage = {
	readonly id: MessageId;
	/** Log place of the record; changes when compaction writes it anew. */
	segment: number;
	offset: number;
	recordBytes: number;
	readonly bodyBytes: number;
	readonly acceptedMs: number;
	readonly account: string;
	/** `kind:id`, or ''. */
	readonly identity: string;
	readonly class: SenderClass;
	readonly hintDomain: string;
	readonly hintAddress: string;
	/** Source address our peer connected from. */
	readonly peerAddress: string;
	readonly helo: string;
	readonly nullSender: boolean;
	/**
	 * Scopes that pay for each recipient, outermost first; the same array for all messages of one sender. Empty: nobody pays. Others
	 * when its account moves to another reseller.
	 */
	scopes: readonly ScopeKey[];
	readonly recipients: readonly QueuedRecipient[];
};

export const lastReplyCharsMax = 200;

/** An answer as the queue keeps it. */
export const lastReplyOf = (reply: Reply): string => detached(replyText(reply).slice(0, lastReplyCharsMax));
export const dsnDestination = '!dsn';
