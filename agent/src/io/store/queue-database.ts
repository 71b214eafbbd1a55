/**
 * queue.db as a file: its tables, its version, and whether it can be believed.
 *
 * It is an index of the log, never the truth: whatever looks wrong is deleted and made anew. Used by the reader at start and by
 * the follower that writes it, so that both refuse the same files.
 */
import { existsSync } from 'node:fs';
import { logStart } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import { faultOf as formatFault } from './own-database.ts';
import { queueVersion } from './queue-rows.ts';
import { type Database, type OpenDatabase, openDatabase } from './sqlite.ts';

/** "SluQ": a file of somebody else is not taken for ours. */
const applicationId = 0x536c7551;

const schema = `
	CREATE TABLE messages (id TEXT PRIMARY KEY, data TEXT NOT NULL, replies TEXT) WITHOUT ROWID;
	CREATE TABLE words (word INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
	-- 'index': up to where the rows are true; 'history': up to where history is known to be on the disk.
	CREATE TABLE positions (name TEXT PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
	INSERT INTO positions VALUES ('index', 0, 0), ('history', 0, 0);
	PRAGMA application_id = ${applicationId};
	PRAGMA user_version = ${queueVersion};
`;

/** Larger than any batch makes it; a rebuild may, and gives the space back. */
const logBytesMax = 16 * 1024 * 1024;
/** Rows are read once and written once; what is open is in memory on the loop already. */
const cacheBytes = 4 * 1024 * 1024;

const pragmas = `
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = NORMAL;
	PRAGMA journal_size_limit = ${logBytesMax};
	PRAGMA cache_size = -${cacheBytes / 1024};
`;

export type OpenedQueue = { readonly database: Database } | { readonly unusable: string };

/** Opens for writing, making the tables in an empty file. `unusable`: closed again, to be removed. Throws on I/O errors. */
export function openQueueDatabase(path: string, open: OpenDatabase = openDatabase): OpenedQueue {
	const isNew = !existsSync(path);
	const database = open(path);
	try {
		database.exec(pragmas);
		if (isNew) database.exec(`BEGIN; ${schema} COMMIT`);
		const unusable = faultOf(database);
		if (unusable === undefined) return { database };
		database.close();
		return { unusable };
	} catch (error) {
		database.close();
		throw error;
	}
}

/** Why the file cannot be believed; undefined when it can. Reads the whole file once (0.3 s for a million messages). */
export function faultOf(database: Database): string | undefined {
	const fault = formatFault(database, { what: 'a queue index', applicationId, version: queueVersion });
	if (fault !== undefined) return fault;
	const check = database.prepare('PRAGMA quick_check(1)').get()?.[0];
	return check === 'ok' ? undefined : `damaged: ${check}`;
}

export function readPosition(database: Database, name: 'index' | 'history'): LogPosition {
	const row = database.prepare('SELECT segment, offset FROM positions WHERE name = ?').get(name);
	return row === undefined ? logStart : { segment: row[0] as number, offset: row[1] as number };
}

/** Every word by its number. */
export function readWords(database: Database): string[] {
	const words: string[] = [];
	for (const [word, text] of database.prepare('SELECT word, text FROM words').iterate())
		words[word as number] = text as string;
	return words;
}
