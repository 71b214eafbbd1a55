/**
 * `history/YYYY-MM-DD.db`: all messages accepted on one day (UTC), open and finished, as tables.
 *
 * Indexes are divided into chunks of some thousand recipients in the order of acceptance: `chunk` leads every index. A plain
 * index on addresses is a random place for each message, and at 4,000 messages a second nearly every page of it would be
 * written with every batch; within a chunk it is a megabyte or two that stays warm (measured: 15 µs and 4 kB written a message
 * against 50 µs and 20 kB). A search asks chunk after chunk, newest first, so its answers come in order and it can stop anywhere;
 * over 10 million recipients that is about a thousand steps of a few microseconds each.
 *
 *     messages    a row for each message: what lists show, the record as JSON, and its steps of the batch it came with, one JSON a
 *                 line. `message` is the key of message-key.ts. One table: a second insert costs more than wide rows
 *     recipients  a row for each recipient with its present state
 *     later       steps of later batches, by log position
 *     reports     DSNs about a message
 *     subjects    of each full chunk, its distinct subjects in lower case (ASCII letters), one a line
 *     chunks      the lowest key of each chunk; keys of chunk n lie below those of chunk n + 1
 *
 * State numbers: order of `storedStates`, part of the format. `delivered` is not in the index of states: nearly all are.
 */
import type { Format } from './own-database.ts';
import { deliveredNumber } from './stored-states.ts';

export const dayVersion = 2;
/** "SluH". */
const dayApplicationId = 0x536c7548;
/** Recipients of a chunk; a larger message makes a larger chunk. */
export const chunkRecipientsMax = 8192;
const pageBytes = 8192;
/** Size of the log at which it is copied into the file. */
const checkpointPages = (16 * 1024 * 1024) / pageBytes;
const logBytesMax = 64 * 1024 * 1024;
const cacheBytes = 8 * 1024 * 1024;

/** Must stand before the first table. */
const dayPragmas = `
	PRAGMA page_size = ${pageBytes};
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = NORMAL;
	PRAGMA wal_autocheckpoint = ${checkpointPages};
	PRAGMA journal_size_limit = ${logBytesMax};
	PRAGMA cache_size = -${cacheBytes / 1024};
`;

export const daySchema = `
	CREATE TABLE messages (
		message INTEGER PRIMARY KEY,
		chunk INTEGER NOT NULL,
		accepted INTEGER NOT NULL,
		account TEXT NOT NULL,
		identity TEXT NOT NULL,
		class TEXT NOT NULL,
		sender TEXT NOT NULL,
		sender_domain TEXT NOT NULL,
		subject TEXT NOT NULL,
		bytes INTEGER NOT NULL,
		recipients INTEGER NOT NULL,
		record TEXT NOT NULL,
		steps TEXT NOT NULL
	);
	CREATE INDEX messages_account ON messages (chunk, account);
	CREATE INDEX messages_identity ON messages (chunk, identity);
	CREATE INDEX messages_sender ON messages (chunk, sender COLLATE NOCASE);
	CREATE INDEX messages_sender_domain ON messages (chunk, sender_domain);
	CREATE TABLE recipients (
		message INTEGER NOT NULL,
		recipient INTEGER NOT NULL,
		chunk INTEGER NOT NULL,
		address TEXT NOT NULL,
		domain TEXT NOT NULL,
		state INTEGER NOT NULL,
		attempts INTEGER NOT NULL,
		at INTEGER NOT NULL,
		due INTEGER,
		reply TEXT,
		cause TEXT,
		PRIMARY KEY (message, recipient)
	) WITHOUT ROWID;
	CREATE INDEX recipients_address ON recipients (chunk, address COLLATE NOCASE);
	CREATE INDEX recipients_domain ON recipients (chunk, domain);
	CREATE INDEX recipients_state ON recipients (chunk, state) WHERE state <> ${deliveredNumber};
	CREATE TABLE later (
		message INTEGER NOT NULL,
		segment INTEGER NOT NULL,
		offset INTEGER NOT NULL,
		steps TEXT NOT NULL,
		PRIMARY KEY (message, segment, offset)
	) WITHOUT ROWID;
	CREATE TABLE reports (message INTEGER NOT NULL, report TEXT NOT NULL, PRIMARY KEY (message, report)) WITHOUT ROWID;
	CREATE TABLE subjects (chunk INTEGER PRIMARY KEY, subjects TEXT NOT NULL);
	CREATE TABLE chunks (chunk INTEGER PRIMARY KEY, first INTEGER NOT NULL, recipients INTEGER NOT NULL);
	-- One row: everything of the log at or below it that concerns this day is in here.
	CREATE TABLE position (segment INTEGER NOT NULL, offset INTEGER NOT NULL);
	INSERT INTO position VALUES (0, 0);
	PRAGMA application_id = ${dayApplicationId};
	PRAGMA user_version = ${dayVersion};
`;

export const dayFormat: Format = {
	what: 'a day of history',
	applicationId: dayApplicationId,
	version: dayVersion,
	pragmas: dayPragmas,
	schema: daySchema,
	// None from version 1: it had two shapes, and no release wrote it.
	forward: {},
};
