/**
 * Days of history over versions of the program: brought forward where that can be done, named where it cannot.
 *
 * The follower opens only the days that the log still speaks of; the others are seen by readers alone, and those pass over what has
 * another version. So each start looks at all of them. A day that a later version wrote, or an earlier one from which there is no step, stays as a
 * file until its time is over: it is told, not dropped, and is there again when the version that knows it is.
 */
import { dayFormat } from './day-schema.ts';
import { markOfFile } from './file-version.ts';
import { historyDays } from './history-days.ts';
import { nameOfDay } from './message-key.ts';
import { canComeForward, type Format, isDamage, openOwn } from './own-database.ts';
import type { ReportTrouble } from './trouble.ts';

/** Throws the I/O error; what was brought forward until then stays so. */
export function bringDaysForward(directory: string, report: ReportTrouble, format: Format = dayFormat): void {
	const left: string[] = [];
	const why = new Set<string>();
	const { list, pathOf } = historyDays(directory);
	for (const day of list().toReversed()) {
		const reason = bringDayForward(pathOf(day), format);
		if (reason === undefined) continue;
		left.push(nameOfDay(day));
		why.add(reason);
	}
	if (left.length > 0) report({ kind: 'days-left', days: left, why: [...why].join('; ') });
}

/** Why it stays as it is; undefined: it is of the present version, or damaged or somebody else's, which is seen to when it is opened. */
function bringDayForward(path: string, format: Format): string | undefined {
	const mark = markOfFile(path);
	if (mark?.applicationId !== format.applicationId || mark.version === format.version) return undefined;
	if (!canComeForward(format, mark.version)) return `version ${mark.version} instead of ${format.version}`;
	try {
		openOwn(path, format).close();
		return undefined;
	} catch (error) {
		// One such day must not keep all others, and the queue's index, from being followed.
		if (isDamage(error)) return `version ${mark.version}: ${(error as Error).message}`;
		throw error;
	}
}
