/**
 * What goes from usage.db: rows and chains older than the days that history keeps, and files that were set aside as long ago.
 *
 * Runs beside the writer (see the two rules in usage-database.ts). The file keeps its size and fills again.
 */
import { dayOfTime } from './message-key.ts';
import { type Bounds, retainIn } from './set-aside.ts';
import { usageFormat } from './usage-database.ts';

/** Throws the I/O error. A file that cannot be believed is left to its writer. */
export function retainUsage(path: string, bounds: Bounds): void {
	retainIn(path, usageFormat, bounds, (database, fromMs) => {
		database.prepare('DELETE FROM usage WHERE last < ?').run(Math.floor(fromMs / 1000));
		database.prepare('DELETE FROM chains WHERE day < ?').run(dayOfTime(fromMs));
	});
}
