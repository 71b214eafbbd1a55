/**
 * What becomes of a database that cannot be believed: it is kept beside, under another name, until it is as old as what is kept at all.
 *
 * Of those that cannot be made anew in full (usage, counts). Not here: how one is known (own-database.ts), days of history.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { dayMs, dayOfTime } from './message-key.ts';
import { assertOwn, type Format, isDamage } from './own-database.ts';
import { type Database, openDatabase, renameDatabase } from './sqlite.ts';
import type { ReportTrouble } from './trouble.ts';

export type Believed = {
	readonly path: string;
	readonly now: () => number;
	readonly report: ReportTrouble;
};

type Kind = 'usage-set-aside' | 'stats-set-aside';

/** Renames `usage.db` to `usage.damaged-MS`, with its log, and says so. */
export function setAside(kind: Kind, { path, now, report }: Believed, error: unknown): void {
	const kept = path.replace(/\.db$/, `.damaged-${Math.round(now())}`);
	renameDatabase(path, kept);
	report({ kind, path: kept, why: (error as Error).message });
}

/** Opens the file; one that cannot be believed is set aside, and another one opened. Throws on I/O errors. */
export function openOrAnew<T>(kind: Kind, file: Believed, open: () => T): T {
	try {
		return open();
	} catch (error) {
		if (!isDamage(error)) throw error;
		setAside(kind, file, error);
		return open();
	}
}

/** So many days are kept, the present one among them. */
export type Bounds = { readonly days: number; readonly nowMs: number };

/**
 * Removes what is older than the days that are kept: in the file by `remove` (`fromMs`: where the first of them begins), beside it what
 * was set aside. Runs beside the writer. Throws the I/O error; a file that cannot be believed, or has no tables yet, is left to its writer.
 */
export function retainIn(
	path: string,
	format: Format,
	{ days, nowMs }: Bounds,
	remove: (database: Database, fromMs: number) => void,
): void {
	const fromMs = (dayOfTime(nowMs) - days + 1) * dayMs;
	removeSetAside(path, fromMs);
	if (!existsSync(path)) return;
	let database: Database | undefined;
	try {
		database = openDatabase(path);
		assertOwn(database, format);
		remove(database, fromMs);
	} catch (error) {
		if (!isDamage(error)) throw error;
	} finally {
		database?.close();
	}
}

function removeSetAside(path: string, beforeMs: number): void {
	const folder = dirname(path);
	const stem = `${basename(path, '.db')}.damaged-`;
	for (const name of readdirSync(folder))
		if (name.startsWith(stem) && statSync(join(folder, name)).mtimeMs < beforeMs)
			rmSync(join(folder, name), { force: true });
}
