/**
 * queue.db as a projection of the log: the messages that are open at the end of a batch, and those that can still be
 * brought back.
 *
 * A message that comes and is settled within one batch is never written. One that stays costs a row; later steps read the row,
 * change the message by the rules of core/delivery/replay and write it back, or delete it. Nothing is kept in memory between
 * batches but the dictionary's most used words: the queue itself is in memory once already, on the loop.
 */
import type { MessageId } from '@sluice/shared/words/message.ts';
import { isSettled } from '../../core/delivery/lifecycle.ts';
import { replayReport, replayStep, settleReplayed } from '../../core/delivery/replay.ts';
import { isRestorable } from '../../core/delivery/restorable.ts';
import { comparePositions } from '../../core/log/position.ts';
import { queuedMessageOf } from '../../core/scheduling/queued-message.ts';
import type { LogEntry, LogPosition, Reported } from '../../ports/spool.ts';
import { inTransaction, type Projection } from './projection.ts';
import { readPosition } from './queue-database.ts';
import { type IndexedMessage, packRow, unpackRow } from './queue-rows.ts';
import type { Database } from './sqlite.ts';
import { openDictionary } from './words.ts';

type Touched = IndexedMessage & {
	/** A row of it may be in the file. */
	readonly isStored: boolean;
	/** Nothing is left to do; later entries of the batch do not wake it. */
	isSettled: boolean;
};

export type IndexProjection = Projection & {
	/** Up to where history was on the disk, as noted here by the last commit. */
	readonly historyPosition: LogPosition;
	/** The row of a message that is over, and that nobody brings back any more, goes with the next commit. */
	forget(ids: readonly MessageId[]): void;
	/** To be written with the next commit. */
	noteHistory(position: LogPosition): void;
	/** A message that an entry of this batch was about, also when it is settled by now; undefined: none was, or it was not open. */
	touched(id: MessageId): IndexedMessage | undefined;
};

/** Takes over the database: `close` closes it. */
export function createIndexProjection(database: Database): IndexProjection {
	const messageOf = database.prepare('SELECT data, replies FROM messages WHERE id = ?');
	const putMessage = database.prepare('INSERT OR REPLACE INTO messages VALUES (?, ?, ?)');
	const deleteMessage = database.prepare('DELETE FROM messages WHERE id = ?');
	const putPosition = database.prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?)');
	const dictionary = openDictionary(database);
	const touched = new Map<string, Touched>();
	let position = readPosition(database, 'index');
	let historyPosition = readPosition(database, 'history');

	function find(id: string): Touched | undefined {
		const known = touched.get(id);
		if (known !== undefined) return known.isSettled ? undefined : known;
		const row = messageOf.get(id);
		if (row === undefined) return undefined;
		const stored = unpackRow({
			id,
			row: { data: row[0] as string, replies: row[1] as string | null },
			textOf: dictionary.textOf,
			reportsHaveRoute: false,
			intern: (text) => text,
		});
		const found = { ...stored, isStored: true, isSettled: false };
		touched.set(id, found);
		return found;
	}

	function settle(found: Touched): void {
		found.isSettled = settleReplayed(found.message) && !isRestorable(found.message);
	}

	function takeReport(reported: Reported): void {
		const about = find(reported.message);
		if (about === undefined) return;
		replayReport(about.message, reported);
		settle(about);
	}

	function write(): void {
		for (const [id, found] of touched) {
			if (!found.isSettled) {
				const { data, replies } = packRow(found, dictionary.wordOf);
				putMessage.run(id, data, replies);
			} else if (found.isStored) deleteMessage.run(id);
		}
	}

	return {
		get position() {
			return position;
		},
		get historyPosition() {
			return historyPosition;
		},
		noteHistory(at) {
			historyPosition = at;
		},
		touched: (id) => touched.get(id),
		take(entry: LogEntry, next: LogPosition) {
			if (comparePositions(next, position) <= 0) return;
			if (entry.kind === 'transitions') {
				for (const transition of entry.transitions) {
					const found = find(transition.message);
					if (found === undefined) continue;
					replayStep(found.message, transition);
					settle(found);
				}
				return;
			}
			const { record, ref, statuses, reported } = entry;
			const found = {
				message: queuedMessageOf(record, ref, false, statuses),
				isReport: record.about !== undefined,
				// Only compaction writes a message that may have been here before.
				isStored: statuses !== undefined,
				isSettled: false,
			};
			touched.set(record.id, found);
			settle(found);
			if (reported !== undefined) takeReport(reported);
		},
		forget(ids) {
			for (const id of ids) {
				const found = find(id);
				if (found !== undefined && isSettled(found.message)) found.isSettled = true;
			}
		},
		commit(upTo, durability) {
			inTransaction(database, durability, () => {
				write();
				putPosition.run('index', upTo.segment, upTo.offset);
				putPosition.run('history', historyPosition.segment, historyPosition.offset);
			});
			touched.clear();
			position = upTo;
			dictionary.tidy();
		},
		discard() {
			touched.clear();
			dictionary.forget();
		},
		close: () => database.close(),
	};
}
