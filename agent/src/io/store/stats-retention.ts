/**
 * What goes from stats.db: steps that nobody asks for any more.
 *
 * Moments serve the last hour and the one before, hours a week and the one before; days are kept as history is, and those of the whole
 * server, which are about nobody, twice as long, so that a month can be compared with the one before. Runs beside the writer, who only
 * adds to rows. The file keeps its size and fills again.
 */
import { serverScope } from '../../core/metering/chain.ts';
import { dayMs } from './message-key.ts';
import { type Bounds, retainIn } from './set-aside.ts';
import type { Database } from './sqlite.ts';
import { answerTables, countTables, statsFormat } from './stats-database.ts';

/** Longer than what is asked for, by the step that is under way and the wait for retention. */
export const keptSeconds = { moment: 3 * 3600, hour: 15 * 86_400 } as const;

const daySeconds = dayMs / 1000;

/** How far back the steps of each size reach. A day goes when it is over as a whole. */
export const keptSecondsOf = (days: number, isServer: boolean) => ({
	moment: keptSeconds.moment,
	hour: Math.min(keptSeconds.hour, days * daySeconds),
	day: ((isServer ? 2 : 1) * days + 1) * daySeconds,
});

/** Throws the I/O error. A file that cannot be believed is left to its writer. */
export function retainStats(path: string, bounds: Bounds): void {
	retainIn(path, statsFormat, bounds, (database) => removeOld(database, Math.floor(bounds.nowMs / 1000), bounds.days));
}

function removeOld(database: Database, nowSecond: number, days: number): void {
	const { moment, hour, day } = keptSecondsOf(days, false);
	const remove = (table: string, seconds: number, and = ''): void =>
		void database.prepare(`DELETE FROM ${table} WHERE step < ? ${and}`).run(nowSecond - seconds);
	// Those that are in no hour yet stay: nobody has written since.
	database
		.prepare(`DELETE FROM ${countTables.moment} WHERE step < ? AND step < (SELECT folded FROM state)`)
		.run(nowSecond - moment);
	remove(countTables.hour, hour);
	remove(countTables.day, day, `AND subject <> '${serverScope}'`);
	remove(countTables.day, keptSecondsOf(days, true).day);
	remove(answerTables.hour, hour);
	remove(answerTables.day, day);
	database.prepare('DELETE FROM replies WHERE second < ?').run(nowSecond - day);
}
