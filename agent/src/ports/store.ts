/**
 * What follows the log and what stands beside it: the queue index, the history, the administrator's holds and audit.
 *
 * Index and history are written by a follower of the log in a worker; the loop only reads the index once, at start.
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import type { LogPosition } from './spool.ts';

/** Reads `queue.db` at start. */
export type QueueIndex = {
	/** Up to where the index tells the truth; undefined: no usable index, replay the whole log. */
	readonly position: LogPosition | undefined;
	/** Every open message at that position. */
	load(visit: (message: QueuedMessage) => void): void;
	close(): void;
};

/** The follower: keeps queue.db, history/ and usage.db up to date with the log. */
export type Projector = {
	/** The log is durable up to here; catch up. Never waits. */
	advance(position: LogPosition): void;
	/** Resolves when all projections have reached the position. */
	reached(position: LogPosition): Promise<void>;
	/** The index need not keep these messages, which are over, any longer. Never waits; what is not done is asked again after a start. */
	forget(ids: readonly MessageId[]): void;
	onProjected(listener: (projection: 'index' | 'history', position: LogPosition) => void): void;
	/** Error of the last run, if it failed; it goes on trying. */
	readonly failure: string | undefined;
	stop(): Promise<void>;
};

export type MessageQuery = {
	/** Of any of these accounts, by key: those that whoever asks may see. Absent: of all; empty: of none. */
	readonly accounts?: readonly string[];
	readonly identity?: string;
	/** Exact address, or `@domain`. */
	readonly sender?: string;
	readonly recipient?: string;
	readonly subject?: string;
	readonly state?: RecipientState;
	/** Message-ID as written, or queue id of the mail server. No index: every message of the time is looked at. */
	readonly reference?: string;
	readonly sinceMs?: number;
	readonly untilMs?: number;
	readonly limit: number;
	/** Opaque, from the page before. */
	readonly cursor?: string;
};

export type MessageSummary = {
	readonly id: MessageId;
	readonly acceptedMs: number;
	readonly account: string;
	readonly identity: string;
	readonly class: string;
	readonly sender: string;
	readonly subject: string;
	readonly bytes: number;
	readonly recipientCount: number;
	/** At most the first hundred; those that match the query stand first. */
	readonly recipients: readonly {
		readonly address: string;
		readonly state: RecipientState;
		readonly attempts: number;
		readonly atMs: number;
		readonly dueMs?: number;
		readonly reply?: string;
		readonly cause?: string;
	}[];
};

/** A message's whole life: its record and every transition, oldest first, as the log has them. */
export type MessageLife = {
	readonly record: import('@sluice/shared/words/message.ts').MessageRecord;
	readonly steps: readonly import('@sluice/shared/words/message.ts').Transition[];
	/** Ids of DSNs about it. */
	readonly reports: readonly MessageId[];
};

/** A message by its envelope and subject, with one of its recipients. */
export type MessageHead = {
	readonly id: MessageId;
	readonly sender: string;
	readonly recipient: string;
	readonly subject: string;
};

/** Questions to the history. Run in a worker; never on the loop. */
export type History = {
	/**
	 * Newest first. A search that takes its time ends early: fewer items than asked for, perhaps none, and `next` to go on from.
	 * Only a page without `next` is the last.
	 */
	search(query: MessageQuery): Promise<{
		readonly items: readonly MessageSummary[];
		readonly next?: string;
	}>;
	life(id: MessageId): Promise<MessageLife | undefined>;
	/** Of these messages, each with the recipient at that index; those that are not known are left out. */
	heads(messages: readonly { readonly id: MessageId; readonly recipient: number }[]): Promise<readonly MessageHead[]>;
	/** Drops whole days beyond the bounds, but never today nor a day with open messages. Returns the days dropped. */
	retain(bounds: {
		readonly days: number;
		readonly maxBytes: number;
		readonly nowMs: number;
	}): Promise<readonly string[]>;
	stop(): Promise<void>;
};

export type AuditEntry = {
	readonly atMs: number;
	readonly actor: string;
	readonly act: string;
	readonly subject: string;
	readonly detail: string;
};

/** Part of who did it, part of what it was done to, begin of the act. */
export type AuditFilter = {
	readonly actor?: string | undefined;
	readonly subject?: string | undefined;
	readonly act?: string | undefined;
};

/** Kinds of things that people and panels set, each kept as one JSON document. */
export type DocumentKind =
	| 'account'
	| 'limits'
	| 'credential'
	| 'webhook'
	| 'count'
	| 'incarnation'
	/** Changes of many limits that can be undone, and what stood before them, in parts. */
	| 'change'
	| 'change-part';

/** Small durable facts that are not mail: `state.db`. Synchronous, few rows. */
export type StateStore = {
	/** Every document of a kind, by id. What cannot be read as JSON is left out and reported. */
	documents(kind: DocumentKind): readonly { readonly id: string; readonly value: unknown }[];
	/** One of them; undefined: there is none, or it cannot be read. */
	document(kind: DocumentKind, id: string): unknown;
	/** Writes or (undefined) deletes, all or none. On the disk when it returns. Large lists in portions: it runs on the loop. */
	putDocuments(
		kind: DocumentKind,
		entries: readonly { readonly id: string; readonly value: unknown | undefined }[],
	): void;
	holds(): readonly StandingHold[];
	putHold(hold: StandingHold): void;
	deleteHold(id: string): void;
	/** Returns the entry's number. */
	audit(entry: AuditEntry): number;
	/** Newest first. */
	auditLog(limit: number, beforeId?: number, filter?: AuditFilter): readonly (AuditEntry & { readonly id: number })[];
	/** Single values such as the agent's own key. */
	get(key: string): string | undefined;
	set(key: string, value: string): void;
	close(): void;
};
