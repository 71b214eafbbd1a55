/**
 * One day of history, open for writing. See day-schema.ts for what is in it.
 *
 * Rows and position are committed together: after a crash between the commits of two days each knows by itself what it has.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import { comparePositions, logStart } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import { chunkTable } from './chunks.ts';
import type { Change, DayBatch, NewMessage, RecipientNow } from './day-batch.ts';
import { dayFormat } from './day-schema.ts';
import { openOwn } from './own-database.ts';
import { type Durability, inTransaction } from './projection.ts';
import type { Database, OpenDatabase } from './sqlite.ts';
import { numberOfState } from './stored-states.ts';

export type DayFile = {
	readonly path: string;
	readonly position: LogPosition;
	/** Something was committed that a power failure might undo. */
	readonly isUnsynced: boolean;
	has(key: number): boolean;
	/** The record as JSON. */
	record(key: number): string | undefined;
	commit(batch: DayBatch, upTo: LogPosition, durability: Durability): void;
	/** The position is of another log: whatever comes is new. */
	forgetPosition(): void;
	close(): void;
};

export type DayInput = {
	/** For tests. */
	readonly openDatabase?: OpenDatabase | undefined;
	readonly chunkRecipientsMax?: number | undefined;
};

/** Opens a day's file, made if it is missing. Throws DamagedFile, or the binding's error. */
export function openDayFile(path: string, input: DayInput = {}): DayFile {
	const database = openOwn(path, dayFormat, input.openDatabase);
	try {
		return writableDay(database, input.chunkRecipientsMax);
	} catch (error) {
		database.close();
		throw error;
	}
}

function writableDay(database: Database, chunkRecipientsMax: number | undefined): DayFile {
	const statements = prepareAll(database);
	let chunks = chunkTable(database, chunkRecipientsMax);
	let position = readPosition(database);
	// Who wrote it last may have been killed before a flush.
	let isUnsynced = true;

	function insert(message: NewMessage): void {
		const { key, record, recipients } = message;
		const { attribution, envelope } = record;
		const chunk = chunks.chunkFor(key, recipients.length);
		const inserted = statements.message.run(
			key,
			chunk,
			Math.round(record.acceptedMs),
			attribution.account,
			message.identity,
			attribution.class,
			envelope.reversePath,
			domainOf(envelope.reversePath),
			record.subject ?? '',
			record.bodyBytes,
			recipients.length,
			message.json,
			message.steps,
		);
		// Known already: only from a log that was put back. What is here stays.
		if (inserted === 0) return;
		for (const [index, recipient] of recipients.entries()) {
			const { address, domain, state, attempts, atMs, dueMs, reply, cause } = recipient;
			const number = numberOfState.get(state) ?? 0;
			statements.recipient.run(
				key,
				index,
				chunk,
				address,
				domain,
				number,
				attempts,
				whole(atMs),
				wholeOrNull(dueMs),
				reply,
				cause,
			);
		}
	}

	function update(change: Change): void {
		if (statements.exists.get(change.key) === undefined) return;
		const { key, at, steps } = change;
		statements.later.run(key, at.segment, at.offset, steps);
		for (const [index, now] of change.recipients) updateRecipient(key, index, now);
	}

	function updateRecipient(key: number, index: number, now: RecipientNow): void {
		const { state, attempts, atMs, dueMs, reply, cause } = now;
		const number = numberOfState.get(state) ?? 0;
		const keepsCause = state === 'delivered' ? 0 : 1;
		statements.change.run(number, attempts, whole(atMs), wholeOrNull(dueMs), reply, cause, keepsCause, key, index);
	}

	function write(batch: DayBatch, upTo: LogPosition): void {
		// In the order of keys, so that rows are appended.
		for (const message of [...batch.messages.values()].sort((one, other) => one.key - other.key)) insert(message);
		for (const change of batch.changes.values()) update(change);
		for (const { key, report } of batch.reports) statements.report.run(key, report);
		chunks.save();
		statements.position.run(upTo.segment, upTo.offset);
	}

	return {
		path: database.path,
		get position() {
			return position;
		},
		get isUnsynced() {
			return isUnsynced;
		},
		has: (key) => statements.exists.get(key) !== undefined,
		record: (key) => statements.record.get(key)?.[0] as string | undefined,
		commit(batch, upTo, durability) {
			// Read again from an earlier place, a day may be ahead of the batch: it never goes back.
			const reached = comparePositions(upTo, position) > 0 ? upTo : position;
			try {
				inTransaction(database, durability, () => write(batch, reached));
			} catch (error) {
				chunks = chunkTable(database, chunkRecipientsMax);
				throw error;
			}
			position = reached;
			isUnsynced = durability === 'lazy';
		},
		forgetPosition() {
			position = logStart;
		},
		close: () => database.close(),
	};
}

const whole = (ms: number): number => Math.round(ms);
const wholeOrNull = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

function readPosition(database: Database): LogPosition {
	const row = database.prepare('SELECT segment, offset FROM position').get();
	return row === undefined ? logStart : { segment: row[0] as number, offset: row[1] as number };
}

const prepareAll = (database: Database) => ({
	exists: database.prepare('SELECT 1 FROM messages WHERE message = ?'),
	record: database.prepare('SELECT record FROM messages WHERE message = ?'),
	message: database.prepare('INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
	recipient: database.prepare('INSERT OR REPLACE INTO recipients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
	change: database.prepare(`
		UPDATE recipients
		SET state = ?, attempts = ?, at = ?, due = ?, reply = coalesce(?, reply), cause = coalesce(?, iif(?, cause, NULL))
		WHERE message = ? AND recipient = ?`),
	later: database.prepare('INSERT OR IGNORE INTO later VALUES (?, ?, ?, ?)'),
	report: database.prepare('INSERT OR IGNORE INTO reports VALUES (?, ?)'),
	position: database.prepare('UPDATE position SET segment = ?, offset = ?'),
});
