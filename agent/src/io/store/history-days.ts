/**
 * The days of history as a reader sees them: which files there are, and each open for reading.
 *
 * Files stay open between questions. A file that retention removed or that was set aside and made anew is noticed by its inode.
 * A file that cannot be read is passed over: its writer sets it aside.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Chunk, readChunks } from './chunks.ts';
import { dayFormat } from './day-schema.ts';
import { type DayNumber, dayOfName, nameOfDay } from './message-key.ts';
import { faultOf } from './own-database.ts';
import { type Database, openDatabase, type Statement } from './sqlite.ts';

export type ReadableDay = {
	readonly day: DayNumber;
	/** Oldest first, as they are now. */
	chunks(): readonly Chunk[];
	/** Prepared once for each text. */
	statement(sql: string): Statement;
};

export type HistoryDays = {
	/** Days that have a file, newest first. */
	list(): readonly DayNumber[];
	/** Undefined: no such day, or not readable. */
	open(day: DayNumber): ReadableDay | undefined;
	pathOf(day: DayNumber): string;
	forget(day: DayNumber): void;
	close(): void;
};

type OpenDay = ReadableDay & { readonly inode: number; readonly database: Database };

/** Days kept open. Each costs some hundred kilobytes. */
const openDaysMax = 40;
const cacheBytes = 1024 * 1024;
/** Statements kept for each day; questions differ in their filters only. */
const statementsMax = 64;

export function historyDays(directory: string): HistoryDays {
	/** Least recently used first. */
	const opened = new Map<DayNumber, OpenDay>();
	const pathOf = (day: DayNumber): string => join(directory, `${nameOfDay(day)}.db`);

	function forget(day: DayNumber): void {
		opened.get(day)?.database.close();
		opened.delete(day);
	}

	return {
		list: () =>
			readdirSync(directory)
				.flatMap((name) => (name.endsWith('.db') ? (dayOfName(name.slice(0, -3)) ?? []) : []))
				.sort((one, other) => other - one),
		open(day) {
			const inode = statSync(pathOf(day), { throwIfNoEntry: false })?.ino;
			const known = opened.get(day);
			if (known !== undefined && known.inode !== inode) forget(day);
			if (inode === undefined) return undefined;
			const found = opened.get(day) ?? openDay(day, pathOf(day), inode);
			if (found === undefined) return undefined;
			opened.delete(day);
			opened.set(day, found);
			for (const [oldest] of opened) {
				if (opened.size <= openDaysMax) break;
				forget(oldest);
			}
			return found;
		},
		pathOf,
		forget,
		close() {
			for (const day of [...opened.keys()]) forget(day);
		},
	};
}

function openDay(day: DayNumber, path: string, inode: number): OpenDay | undefined {
	let database: Database | undefined;
	try {
		database = openDatabase(path, { readOnly: true });
		database.exec(`PRAGMA cache_size = -${cacheBytes / 1024}`);
		if (faultOf(database, dayFormat) === undefined) return readableDay(day, database, inode);
	} catch {
		// Being made just now, or damaged.
	}
	database?.close();
	return undefined;
}

function readableDay(day: DayNumber, database: Database, inode: number): OpenDay {
	const statements = new Map<string, Statement>();
	return {
		day,
		inode,
		database,
		chunks: () => readChunks(database),
		statement(sql) {
			const known = statements.get(sql);
			if (known !== undefined) return known;
			if (statements.size >= statementsMax) statements.clear();
			const prepared = database.prepare(sql);
			statements.set(sql, prepared);
			return prepared;
		},
	};
}
