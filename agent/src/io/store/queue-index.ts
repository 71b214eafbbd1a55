/**
 * Reading queue.db at start: every open message, and up to which place of the log that is true.
 *
 * A file that is missing, damaged or of another version gives no position, and the whole log is replayed instead; the follower
 * then makes it anew and says so. Blocks: a million recipients take about three seconds, before anything else runs.
 */
import { existsSync } from 'node:fs';
import { logStart } from '../../core/log/position.ts';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import type { QueueIndex } from '../../ports/store.ts';
import { faultOf, readPosition, readWords } from './queue-database.ts';
import { unpackRow } from './queue-rows.ts';
import { type Database, failureOf, openDatabase, removeDatabase } from './sqlite.ts';

/** Distinct last answers shared in memory; beyond it the table begins anew. */
const internedRepliesMax = 100_000;
const rowsPerPortion = 500;

/**
 * Opens queue.db as it stands. `reportsHaveRoute`: our own reports go back through the MTA (see core/scheduling/queued-message).
 * `load` throws when a row cannot be read: then the file is to be removed (`removeQueueIndex`) and the whole log replayed.
 * Throws on I/O errors.
 */
export function openQueueIndex(path: string, reportsHaveRoute: boolean): QueueIndex {
	const database = openIfUsable(path);
	if (database === undefined) return { position: undefined, load: () => {}, close: () => {} };
	const position = readPosition(database, 'index');
	return {
		position: position === logStart || position.segment === 0 ? undefined : position,
		load: (visit) => load(database, reportsHaveRoute, visit),
		close: () => database.close(),
	};
}

/** Removes queue.db with its log. */
export const removeQueueIndex = (path: string): void => removeDatabase(path);

function openIfUsable(path: string): Database | undefined {
	if (!existsSync(path)) return undefined;
	let database: Database | undefined;
	try {
		database = openDatabase(path, { readOnly: true });
		if (faultOf(database) === undefined) return database;
	} catch (error) {
		if (failureOf(error) !== 'corrupt') {
			database?.close();
			throw error;
		}
	}
	database?.close();
	return undefined;
}

function load(database: Database, reportsHaveRoute: boolean, visit: (message: QueuedMessage) => void): void {
	const words = readWords(database);
	const textOf = (word: number): string | undefined => words[word];
	const replies = new Map<string, string>();
	const intern = (text: string): string => {
		const known = replies.get(text);
		if (known !== undefined) return known;
		if (replies.size >= internedRepliesMax) replies.clear();
		replies.set(text, text);
		return text;
	};
	// In portions: a row at a time costs half as much again.
	const portion = database.prepare('SELECT id, data, replies FROM messages WHERE id > ? ORDER BY id LIMIT ?');
	let last = '';
	for (;;) {
		const rows = portion.all(last, rowsPerPortion);
		for (const [id, data, replyTexts] of rows) {
			last = id as string;
			const row = { data: data as string, replies: replyTexts as string | null };
			visit(unpackRow({ id: last, row, textOf, reportsHaveRoute, intern }).message);
		}
		if (rows.length < rowsPerPortion) return;
	}
}
