/**
 * usage.db as a file: its tables, its version, and what becomes of it when it cannot be believed.
 *
 *     usage   rows of packed entries (usage-pack.ts) in the order of the log, each some kilobytes; `first` and `last` are the earliest and
 *             latest second of it, `base` the one that its entries count from
 *     chains  who pays: each list of scopes once, as JSON, with the last day on which it was used
 *     state   one row: up to where of the log everything is in here, and the number of the next chain
 *
 * It cannot be made anew in full, since the log is shorter than what is kept here; so a file that is damaged is kept under another
 * name. Two rules let writer, reader and retention share it without knowing of each other: numbers of chains are never given again,
 * and the writer enters a chain anew on each day that it uses it.
 */
import { logStart } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import { DamagedFile, type Format } from './own-database.ts';
import type { Database } from './sqlite.ts';

export const usageVersion = 1;
/** "SluU". */
const applicationId = 0x536c7555;
const pageBytes = 8192;
const logBytesMax = 4 * 1024 * 1024;
const cacheBytes = 1024 * 1024;

const pragmas = `
	PRAGMA page_size = ${pageBytes};
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = NORMAL;
	PRAGMA journal_size_limit = ${logBytesMax};
	PRAGMA cache_size = -${cacheBytes / 1024};
`;

const schema = `
	CREATE TABLE usage (
		row INTEGER PRIMARY KEY,
		first INTEGER NOT NULL,
		last INTEGER NOT NULL,
		base INTEGER NOT NULL,
		data BLOB NOT NULL
	);
	CREATE INDEX usage_last ON usage (last);
	CREATE TABLE chains (chain INTEGER PRIMARY KEY, scopes TEXT NOT NULL UNIQUE, day INTEGER NOT NULL);
	CREATE INDEX chains_day ON chains (day);
	CREATE TABLE state (segment INTEGER NOT NULL, offset INTEGER NOT NULL, next_chain INTEGER NOT NULL);
	INSERT INTO state VALUES (0, 0, 0);
	PRAGMA application_id = ${applicationId};
	PRAGMA user_version = ${usageVersion};
`;

export const usageFormat: Format = { what: 'a file of usage', applicationId, version: usageVersion, pragmas, schema };

export function readUsageState(database: Database): { readonly position: LogPosition; readonly nextChain: number } {
	const row = database.prepare('SELECT segment, offset, next_chain FROM state').get();
	if (row === undefined) throw new DamagedFile('nothing says up to where it is true');
	const [segment, offset, nextChain] = row as readonly number[] as [number, number, number];
	return { position: segment === 0 ? logStart : { segment, offset }, nextChain };
}
