/**
 * What goes from usage.db: rows and chains older than the days that history keeps, and files that were set aside as long ago.
 *
 * Runs beside the writer (see the two rules in usage-database.ts). The file keeps its size and fills again.
 */
import { existsSync } from 'node:fs';
import { dayMs, dayOfTime } from './message-key.ts';
import { assertOwn, isDamage } from './own-database.ts';
import { removeSetAside } from './set-aside.ts';
import { type Database, openDatabase } from './sqlite.ts';
import { usageFormat } from './usage-database.ts';

/** Throws the I/O error. A file that cannot be believed is left to its writer. */
export function retainUsage(path: string, bounds: { readonly days: number; readonly nowMs: number }): void {
	const fromMs = (dayOfTime(bounds.nowMs) - bounds.days + 1) * dayMs;
	removeSetAside(path, fromMs);
	if (!existsSync(path)) return;
	let database: Database | undefined;
	try {
		database = openDatabase(path);
		assertOwn(database, usageFormat);
		database.prepare('DELETE FROM usage WHERE last < ?').run(Math.floor(fromMs / 1000));
		database.prepare('DELETE FROM chains WHERE day < ?').run(dayOfTime(fromMs));
	} catch (error) {
		if (!isDamage(error)) throw error;
	} finally {
		database?.close();
	}
}
