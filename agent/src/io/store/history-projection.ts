/**
 * The history as a projection of the log: entries go to the day on which their message was accepted, each day a file.
 *
 * Days commit one after the other, each with its own position. A file that cannot be read is set aside under another name and
 * made anew from what the log still has, for which the follower starts at the log's beginning again; the other days pass over
 * what they have.
 *
 * Not here: what is in a file (day-file.ts), which days go (history-retention.ts).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageId, MessageRecord } from '@sluice/shared/words/message.ts';
import { comparePositions, logStart } from '../../core/log/position.ts';
import type { LogEntry, LogPosition } from '../../ports/spool.ts';
import { addMessage, addStep, type DayBatch, emptyBatch } from './day-batch.ts';
import { type DayFile, type DayInput, openDayFile } from './day-file.ts';
import { type DayNumber, keyOfId, nameOfDay } from './message-key.ts';
import { isDamage } from './own-database.ts';
import type { Projection } from './projection.ts';
import { renameDatabase } from './sqlite.ts';
import type { ReportTrouble } from './trouble.ts';

/** Files kept open between batches. Most mail is of today; retries reach some days back. */
const openDaysMax = 8;

type Day = { readonly number: DayNumber; readonly file: DayFile; batch: DayBatch; isInBatch: boolean };

export type HistoryProjectionInput = {
	readonly directory: string;
	/** Everything at or below is in the history for certain. */
	readonly position: LogPosition;
	/** Up to where the log is durable: a day that claims more is of another log. */
	readonly durable: () => LogPosition;
	readonly report: ReportTrouble;
	readonly now: () => number;
	readonly dayInput: DayInput;
};

export type HistoryProjection = Projection & {
	/** Of a message that is in the history or about to be; undefined: of none that is kept. */
	recordOf(id: MessageId): MessageRecord | undefined;
};

export function createHistoryProjection(input: HistoryProjectionInput): HistoryProjection {
	const { directory, report } = input;
	/** Least recently used first. */
	const days = new Map<DayNumber, Day>();
	let position = input.position;

	/** The day's file, opened if need be; undefined when it does not exist and is not to be made. */
	function dayAt(number: DayNumber, mayMake: boolean): Day | undefined {
		const known = days.get(number);
		if (known?.isInBatch === true) return known;
		const path = join(directory, `${nameOfDay(number)}.db`);
		const isThere = existsSync(path);
		// Retention may have removed it under our hands.
		if (known !== undefined && !isThere) forget(known);
		if (!isThere && !mayMake) return undefined;
		const day = (isThere ? known : undefined) ?? open(number, path);
		day.isInBatch = true;
		days.delete(number);
		days.set(number, day);
		return day;
	}

	function open(number: DayNumber, path: string): Day {
		return guarded(number, path, () => {
			const file = openDayFile(path, input.dayInput);
			if (comparePositions(file.position, input.durable()) > 0) file.forgetPosition();
			return { number, file, batch: emptyBatch(), isInBatch: false };
		});
	}

	function forget(day: Day): void {
		days.delete(day.number);
		try {
			day.file.close();
		} catch {
			// Closing a damaged file; it is given up anyway.
		}
	}

	/** Runs work on a day; when its file proves damaged it is set aside, and everything is read again. */
	function guarded<Value>(number: DayNumber, path: string, work: () => Value): Value {
		try {
			return work();
		} catch (error) {
			if (!isDamage(error)) throw error;
			const known = days.get(number);
			if (known !== undefined) forget(known);
			setAside(number, path, (error as Error).message);
			position = logStart;
			throw error;
		}
	}

	function setAside(number: DayNumber, path: string, why: string): void {
		const kept = path.replace(/\.db$/, `.damaged-${Math.round(input.now())}`);
		renameDatabase(path, kept);
		report({ kind: 'day-set-aside', day: nameOfDay(number), path: kept, why });
	}

	function place(id: MessageId, next: LogPosition, mayMake: boolean): { day: Day; key: number } | undefined {
		const at = keyOfId(id);
		if (at === undefined) return undefined;
		const day = dayAt(at.day, mayMake);
		if (day === undefined || comparePositions(next, day.file.position) <= 0) return undefined;
		return { day, key: at.key };
	}

	function takeMessage(entry: Extract<LogEntry, { kind: 'message' }>, next: LogPosition): void {
		const { record, statuses, reported } = entry;
		if (record.probe === true) return;
		const own = place(record.id, next, true);
		// Compaction writes messages anew that have been here since they came.
		if (own !== undefined && !(statuses !== undefined && isKnown(own.day, own.key)))
			addMessage(own.day.batch, own.key, record, statuses);
		if (reported === undefined) return;
		const about = place(reported.message, next, false);
		if (about !== undefined) about.day.batch.reports.push({ key: about.key, report: record.id });
	}

	const isKnown = ({ number, file, batch }: Day, key: number): boolean =>
		batch.messages.has(key) || guarded(number, file.path, () => file.has(key));

	function recordOf(id: MessageId): MessageRecord | undefined {
		const at = keyOfId(id);
		const day = at === undefined ? undefined : dayAt(at.day, false);
		if (at === undefined || day === undefined) return undefined;
		const gathered = day.batch.messages.get(at.key)?.record;
		if (gathered !== undefined) return gathered;
		const text = guarded(at.day, day.file.path, () => day.file.record(at.key));
		return text === undefined ? undefined : (JSON.parse(text) as MessageRecord);
	}

	return {
		get position() {
			return position;
		},
		recordOf,
		take(entry, next) {
			if (comparePositions(next, position) <= 0) return;
			if (entry.kind === 'message') {
				takeMessage(entry, next);
				return;
			}
			for (const step of entry.transitions) {
				if (step.probe === true) continue;
				const at = place(step.message, next, false);
				if (at !== undefined) addStep(at.day.batch, at.key, step, next);
			}
		},
		commit(upTo, durability) {
			for (const day of [...days.values()]) {
				const isDue = day.isInBatch || (durability === 'synced' && day.file.isUnsynced);
				if (isDue) guarded(day.number, day.file.path, () => day.file.commit(day.batch, upTo, durability));
				day.batch = emptyBatch();
				day.isInBatch = false;
			}
			for (const day of [...days.values()].slice(0, Math.max(0, days.size - openDaysMax))) {
				if (day.file.isUnsynced) guarded(day.number, day.file.path, () => day.file.commit(day.batch, upTo, 'synced'));
				forget(day);
			}
			position = upTo;
		},
		discard() {
			for (const day of days.values()) {
				day.batch = emptyBatch();
				day.isInBatch = false;
			}
		},
		close() {
			for (const day of days.values()) day.file.close();
			days.clear();
		},
	};
}
