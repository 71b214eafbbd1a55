/**
 * Which days of history go: those beyond the number of days, then the oldest until the rest fits into `maxBytes`.
 *
 * A day goes as a whole file. The present day stays, and so does a day on which a message is still open: its life is told until
 * it ends, which the lifetimes of queue, wait and hold bound to a few days. Files that were set aside as damaged count as well,
 * and go first.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openStates } from '@sluice/shared/words/recipient.ts';
import type { HistoryDays, ReadableDay } from './history-days.ts';
import { type DayNumber, dayMs, dayOfTime, nameOfDay } from './message-key.ts';
import { removeDatabase } from './sqlite.ts';
import { deliveredNumber, numberOfState } from './stored-states.ts';

export type RetentionBounds = {
	/** Today and this many days less one before it. */
	readonly days: number;
	readonly maxBytes: number;
	readonly nowMs: number;
};

/** Returns the names of the days that were dropped, oldest first. Throws the I/O error; what went until then is gone. */
export function retain(directory: string, days: HistoryDays, bounds: RetentionBounds): readonly string[] {
	const today = dayOfTime(bounds.nowMs);
	const oldestKept = today - bounds.days + 1;
	const dropped: string[] = [];
	const drop = (day: DayNumber): void => {
		days.forget(day);
		removeDatabase(days.pathOf(day));
		dropped.push(nameOfDay(day));
	};
	for (const day of days.list().toReversed())
		if (day < oldestKept && day < today && !hasOpenMessages(days.open(day))) drop(day);

	const rest = days
		.list()
		.toReversed()
		.map((day) => ({ day, bytes: bytesOf(days.pathOf(day)) }));
	const setAside = setAsideFiles(directory);
	let bytes = sum([...rest, ...setAside].map((file) => file.bytes));
	for (const file of setAside) {
		if (bytes <= bounds.maxBytes && file.modifiedMs > bounds.nowMs - bounds.days * dayMs) continue;
		rmSync(file.path, { force: true });
		bytes -= file.bytes;
	}
	for (const file of rest) {
		if (bytes <= bounds.maxBytes) break;
		if (file.day >= today || hasOpenMessages(days.open(file.day))) continue;
		bytes -= file.bytes;
		drop(file.day);
	}
	return dropped.sort();
}

/** A day that cannot be read holds nobody's life. */
function hasOpenMessages(day: ReadableDay | undefined): boolean {
	if (day === undefined) return false;
	const numbers = openStates.map((state) => numberOfState.get(state) as number);
	const anyOpen = day.statement(
		`SELECT 1 FROM recipients WHERE chunk = ? AND state <> ${deliveredNumber} AND state IN (${numbers.join()}) LIMIT 1`,
	);
	return day.chunks().some(({ chunk }) => anyOpen.get(chunk) !== undefined);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Of a file and its log. */
const bytesOf = (path: string): number =>
	sum([path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0));

type SetAside = { readonly path: string; readonly bytes: number; readonly modifiedMs: number };

function setAsideFiles(directory: string): readonly SetAside[] {
	return readdirSync(directory).flatMap((name) => {
		if (!/^\d{4}-\d{2}-\d{2}\.damaged-/.test(name)) return [];
		const path = join(directory, name);
		const stats = statSync(path, { throwIfNoEntry: false });
		return stats === undefined ? [] : { path, bytes: stats.size, modifiedMs: stats.mtimeMs };
	});
}
