/**
 * Days of history over versions of the program: brought forward where that can be done, named where it cannot.
 *
 * The follower opens only the days that the log still speaks of; the others are seen by readers alone, and those pass over what has
 * another version. So each start looks at all of them. A day that a later version wrote, or an earlier one from which there is no step, stays as a
 * file until its time is over: it is told, not dropped, and is there again when the version that knows it is.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dayFormat } from './day-schema.ts';
import { markOfFile } from './file-version.ts';
import { dayOfName } from './message-key.ts';
import { canComeForward, type Format, openOwn } from './own-database.ts';
import type { ReportTrouble } from './trouble.ts';

/** Throws the I/O error; what was brought forward until then stays so. */
export function bringDaysForward(directory: string, report: ReportTrouble, format: Format = dayFormat): void {
	const left: string[] = [];
	let why = '';
	for (const name of readdirSync(directory).toSorted()) {
		const day = name.endsWith('.db') ? name.slice(0, -'.db'.length) : '';
		if (dayOfName(day) === undefined) continue;
		const path = join(directory, name);
		const mark = markOfFile(path);
		// Damaged, or of somebody else: seen to when it is opened.
		if (mark?.applicationId !== format.applicationId || mark.version === format.version) continue;
		if (canComeForward(format, mark.version)) openOwn(path, format).close();
		else {
			left.push(day);
			why = `version ${mark.version} instead of ${format.version}`;
		}
	}
	if (left.length > 0) report({ kind: 'days-left', days: left, why });
}
