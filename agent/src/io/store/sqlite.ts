/**
 * The store's only way to SQLite: a dozen calls, so that either binding can stand behind it.
 *
 * better-sqlite3 first. Where its binary cannot be loaded (it wants glibc 2.34; AlmaLinux 8 has 2.28) Node's own `node:sqlite`
 * takes over for the rest of the process. Rows come as arrays, in the order of the columns: cheaper than objects, and the same
 * in both. Integers are numbers; nothing here is beyond 2^53.
 *
 * All calls are synchronous. Not here: what is in the tables.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type BetterSqlite from 'better-sqlite3';

export type SqlValue = string | number | Uint8Array | null;
export type Row = readonly SqlValue[];

export type Statement = {
	/** Returns how many rows were changed. */
	run(...values: readonly SqlValue[]): number;
	get(...values: readonly SqlValue[]): Row | undefined;
	all(...values: readonly SqlValue[]): readonly Row[];
	iterate(...values: readonly SqlValue[]): IterableIterator<Row>;
};

export type Database = {
	readonly path: string;
	exec(sql: string): void;
	prepare(sql: string): Statement;
	close(): void;
};

export type DatabaseOptions = {
	/** Also: must exist. */
	readonly readOnly?: boolean;
};

export type OpenDatabase = (path: string, options?: DatabaseOptions) => Database;

/** How long a call waits for another connection's lock. Only checkpoints and retention ever meet. */
const busyTimeoutMs = 5000;

const require = createRequire(import.meta.url);

let chosen: OpenDatabase | undefined;

/** Opens a database file with the binding that works on this machine. Throws the binding's error. */
export const openDatabase: OpenDatabase = (path, options) => {
	if (chosen !== undefined) return chosen(path, options);
	try {
		const database = openBetter(path, options);
		chosen = openBetter;
		return database;
	} catch (error) {
		if (!isLoadFailure(error)) throw error;
		chosen = openNode;
		return openNode(path, options);
	}
};

const isLoadFailure = (error: unknown): boolean => {
	const { code } = error as { readonly code?: string };
	return code === 'ERR_DLOPEN_FAILED' || code === 'MODULE_NOT_FOUND';
};

export const openBetter: OpenDatabase = (path, options = {}) => {
	const Better = require('better-sqlite3') as typeof BetterSqlite;
	const { readOnly = false } = options;
	const database = new Better(path, { readonly: readOnly, fileMustExist: readOnly, timeout: busyTimeoutMs });
	return {
		path,
		exec: (sql) => void database.exec(sql),
		prepare(sql) {
			const statement = database.prepare<SqlValue[], Row>(sql);
			if (statement.reader) statement.raw(true);
			return {
				run: (...values) => statement.run(...values).changes,
				get: (...values) => statement.get(...values),
				all: (...values) => statement.all(...values),
				iterate: (...values) => statement.iterate(...values),
			};
		},
		close: () => void database.close(),
	};
};

export const openNode: OpenDatabase = (path, options = {}) => {
	// Not a static import: loading the module prints a warning, and only machines that need it should see that.
	const { DatabaseSync: Native } = process.getBuiltinModule('node:sqlite');
	const database: DatabaseSync = new Native(path, { readOnly: options.readOnly ?? false, timeout: busyTimeoutMs });
	return {
		path,
		exec: (sql) => database.exec(sql),
		prepare(sql) {
			const statement = database.prepare(sql);
			statement.setReturnArrays(true);
			// The type knows objects only; setReturnArrays makes arrays of them.
			const rows = (got: unknown): readonly Row[] => got as readonly Row[];
			return {
				run: (...values) => Number(statement.run(...values).changes),
				get: (...values) => statement.get(...values) as unknown as Row | undefined,
				all: (...values) => rows(statement.all(...values)),
				iterate: (...values) => statement.iterate(...values) as unknown as IterableIterator<Row>,
			};
		},
		close: () => database.close(),
	};
};

/** What an exception of either binding means to the store. */
export type SqliteFailure =
	/** The file cannot be believed: it is to be moved away. */
	| 'corrupt'
	/** No room, or another I/O failure: try again later. */
	| 'other';

/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

export function failureOf(error: unknown): SqliteFailure {
	const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
	if (typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB)/.test(code)) return 'corrupt';
	if (typeof errcode === 'number' && [sqliteCorrupt, sqliteNotADatabase].includes(errcode & 0xff)) return 'corrupt';
	return 'other';
}

/** A database is these files: never move or remove one without the others, or an old log is replayed into a new file. */
export const databaseFiles = (path: string): readonly string[] => [path, `${path}-wal`, `${path}-shm`];

/** With its log, where it has one. */
export function renameDatabase(path: string, to: string): void {
	for (const [index, file] of databaseFiles(path).entries())
		if (existsSync(file)) renameSync(file, databaseFiles(to)[index] as string);
}

export function removeDatabase(path: string): void {
	// The log first: a file without its log is old, a log without its file poisons the next one.
	for (const file of databaseFiles(path).toReversed()) rmSync(file, { force: true });
}

/** Makes the names of new files in a folder durable. */
export function syncFolderOf(path: string): void {
	const fd = openSync(dirname(path), 'r');
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

/** SQLite has rolled back by itself after some errors; then this one fails, and the first error is the one to tell. */
export function rollBack(database: Database): void {
	try {
		database.exec('ROLLBACK');
	} catch {
		// Nothing was open any more.
	}
}
