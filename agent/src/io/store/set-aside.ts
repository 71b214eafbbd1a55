/**
 * What becomes of a database that cannot be believed: it is kept beside, under another name, until it is as old as what is kept at all.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { databaseFiles } from './sqlite.ts';

/** Renames `usage.db` to `usage.damaged-MS`, with its log. Returns the new path. */
export function setAside(path: string, nowMs: number): string {
	const kept = path.replace(/\.db$/, `.damaged-${Math.round(nowMs)}`);
	for (const [index, file] of databaseFiles(path).entries())
		if (existsSync(file)) renameSync(file, databaseFiles(kept)[index] as string);
	return kept;
}

/** Removes what was set aside before a time. */
export function removeSetAside(path: string, beforeMs: number): void {
	const folder = dirname(path);
	const stem = `${basename(path, '.db')}.damaged-`;
	for (const name of readdirSync(folder))
		if (name.startsWith(stem) && statSync(join(folder, name)).mtimeMs < beforeMs)
			rmSync(join(folder, name), { force: true });
}
