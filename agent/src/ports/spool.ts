/**
 * The spool log: the truth about every message (design §6).
 *
 * One append-only log of segments. A record holds a message with its body; later transitions are small records of the same
 * log. What `append` and `record` resolve is on the disk. Everything else (queue.db, history) follows the log and can be
 * rebuilt from it.
 */
import type { MessageId, MessageRecord, RecipientStatus, Transition } from '@sluice/shared/words/message.ts';

/** A place in the log. Orders by segment, then offset. */
export type LogPosition = { readonly segment: number; readonly offset: number };

/** Where a message's record stands, with its length, so that one read brings record and body. */
export type BodyRef = {
	readonly segment: number;
	readonly offset: number;
	readonly bytes: number;
};

export type StoredMessage = {
	readonly record: MessageRecord;
	/** Content as stored: dot-stuffed, without the dot line. */
	readonly body: Uint8Array;
};

/** A report about recipients that a DSN (itself a message of the log) settles; see core/dsn. */
export type Reported = {
	readonly message: MessageId;
	readonly kind: 'failed' | 'delayed' | 'relayed';
	readonly recipients: readonly number[];
};

export type LogEntry =
	| {
			readonly kind: 'message';
			readonly record: MessageRecord;
			readonly ref: BodyRef;
			/** Present when compaction wrote the message anew: the states at that time. */
			readonly statuses?: readonly RecipientStatus[];
			/** Present on a DSN: what it reports. */
			readonly reported?: Reported;
	  }
	| {
			readonly kind: 'transitions';
			readonly transitions: readonly Transition[];
	  };

export type SpoolStats = {
	readonly segments: number;
	readonly bytes: number;
	readonly openMessages: number;
	/** Records given to the log that are not on the disk yet. */
	readonly unflushed: number;
	readonly lastFlushMs: number;
	/** Present while the log cannot be written as it should: nothing new is to be accepted. */
	readonly failing?: {
		readonly sinceMs: number;
		readonly error: string;
		/** No room: messages are refused, transitions go into the reserve. */
		readonly isFull: boolean;
	};
};

export type Spool = {
	/**
	 * Appends a message. Resolves when it is durable; rejects with the I/O error when it is not, and then nothing of it will
	 * ever be replayed as accepted.
	 */
	append(
		record: MessageRecord,
		body: readonly Uint8Array[],
		extra?: {
			readonly statuses?: readonly RecipientStatus[];
			readonly reported?: Reported;
		},
	): Promise<BodyRef>;
	/** Appends transitions as one record. Resolves when durable. Uses the reserve when the disk is full. */
	record(transitions: readonly Transition[]): Promise<void>;
	/** Reads a message back, checksums verified. Rejects when the record is damaged. */
	read(ref: BodyRef): Promise<StoredMessage>;
	/** At start, after the replay: this message is open, its record stays. `append` does it by itself. */
	keep(id: MessageId, ref: BodyRef): void;
	/** Every open message has been named; finished segments may go from now on. Without this call none ever goes. */
	kept(): void;
	/** The message no longer needs its record: its segment may go when all of it may, and all older ones have gone. */
	release(id: MessageId, ref: BodyRef): void;
	/** Everything below is durable. */
	durable(): LogPosition;
	/** Projections call back as they advance; segments below the lowest of all and without open messages are deleted. */
	projected(projection: string, position: LogPosition): void;
	/**
	 * Segments whose open messages are to be written anew: few of them keep a long stretch of the oldest segments. A segment goes
	 * only after all older ones, so that whatever records are left in the log, their steps are left too.
	 */
	sparse(): readonly {
		readonly segment: number;
		readonly openBytes: number;
		readonly bytes: number;
	}[];
	stats(): SpoolStats;
	/** Tells followers that `durable()` has advanced. At most one call a flush. */
	onDurable(listener: (position: LogPosition) => void): void;
	stop(): Promise<void>;
};
