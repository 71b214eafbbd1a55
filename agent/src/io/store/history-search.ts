/**
 * Search: newest first over the days, chunk by chunk, until the page is full or the time is over.
 *
 * A page that took its time ends where it stands: fewer answers than asked for and a cursor to go on from, never a wrong "that
 * is all". Only a page without `next` is the end.
 */
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import type { MessageQuery, MessageSummary } from '../../ports/store.ts';
import type { Chunk } from './chunks.ts';
import type { HistoryDays, ReadableDay } from './history-days.ts';
import { type ChunkQuery, type Condition, chunkQueryOf } from './history-filter.ts';
import { type DayNumber, dayOfTime, idOfKey, keyAtTime, type MessageKey } from './message-key.ts';
import { storedStates } from './stored-states.ts';

export type SearchPage = { readonly items: readonly MessageSummary[]; readonly next?: string };

export const searchLimitMax = 500;
/** Recipients shown of one message; `recipientCount` tells how many it has. Those that match stand first. */
export const recipientsShownMax = 100;
/** After this a page ends as it is. */
export const searchMsMax = 700;

/** Keys of a day are below this. */
const keysEnd = Number.MAX_SAFE_INTEGER;

/** A cursor that no page of ours gave. */
export class InvalidCursor extends Error {}

/** `clock`: monotonic milliseconds. Throws InvalidCursor, or SQLite's error. */
export function search(days: HistoryDays, query: MessageQuery, clock: () => number, maxMs = searchMsMax): SearchPage {
	if (query.accounts?.length === 0) return { items: [] };
	const deadlineMs = clock() + maxMs;
	const limit = Math.max(1, Math.min(query.limit, searchLimitMax));
	const before = query.cursor === undefined ? undefined : readCursor(query.cursor);
	const chunkQuery = chunkQueryOf(query);
	const items: MessageSummary[] = [];
	for (const number of days.list()) {
		const span = spanOf(number, query, before);
		if (span === undefined) continue;
		const day = days.open(number);
		if (day === undefined) continue;
		const chunks = day.chunks();
		for (let index = chunks.length - 1; index >= 0; index--) {
			const within = chunkSpan(chunks, index, span);
			if (within === undefined) continue;
			for (const key of keysOf(day, chunkQuery, chunks[index] as Chunk, within, limit - items.length)) {
				items.push(summaryOf(day, key, chunkQuery.recipient));
				if (items.length === limit) return { items, next: cursorOf({ day: number, key }) };
			}
			if (clock() >= deadlineMs) return { items, next: cursorOf({ day: number, key: within.from }) };
		}
	}
	return { items };
}

/** Keys from `from`, below `end`. */
type Span = { readonly from: number; readonly end: number };

/** What of a day is asked for; undefined: nothing. */
function spanOf(day: DayNumber, query: MessageQuery, before: MessageKey | undefined): Span | undefined {
	const { sinceMs, untilMs } = query;
	if (sinceMs !== undefined && day < dayOfTime(sinceMs)) return undefined;
	if (untilMs !== undefined && day > dayOfTime(untilMs)) return undefined;
	if (before !== undefined && day > before.day) return undefined;
	const from = sinceMs === undefined ? 0 : keyAtTime(day, sinceMs);
	const until = untilMs === undefined ? keysEnd : keyAtTime(day, untilMs);
	const end = before?.day === day ? Math.min(until, before.key) : until;
	return from < end ? { from, end } : undefined;
}

function chunkSpan(chunks: readonly Chunk[], index: number, { from, end }: Span): Span | undefined {
	const first = index === 0 ? 0 : (chunks[index] as Chunk).first;
	const span = { from: Math.max(from, first), end: Math.min(end, chunks[index + 1]?.first ?? keysEnd) };
	return span.from < span.end ? span : undefined;
}

/** False: no subject of the chunk has the piece asked for. A chunk that is not full yet has to be looked at. */
function mayHold(day: ReadableDay, { subject }: ChunkQuery, { chunk }: Chunk): boolean {
	if (subject === undefined) return true;
	const subjects = day.statement('SELECT subjects FROM subjects WHERE chunk = ?').get(chunk)?.[0];
	return typeof subjects !== 'string' || subjects.includes(subject);
}

function keysOf(day: ReadableDay, query: ChunkQuery, chunk: Chunk, { from, end }: Span, limit: number): number[] {
	if (!mayHold(day, query, chunk)) return [];
	const leading = query.isByChunk ? [chunk.chunk] : [];
	return day
		.statement(query.sql)
		.all(...leading, ...query.values, from, end, limit)
		.map(([key]) => key as number);
}

function summaryOf(day: ReadableDay, key: number, asked: Condition | undefined): MessageSummary {
	const message = day
		.statement(
			'SELECT accepted, account, identity, class, sender, subject, bytes, recipients FROM messages WHERE message = ?',
		)
		.get(key);
	if (message === undefined)
		throw new Error(`history: message ${idOfKey({ day: day.day, key })} is not there any more`);
	const [accepted, account, identity, senderClass, sender, subject, bytes, recipientCount] = message;
	return {
		id: idOfKey({ day: day.day, key }),
		acceptedMs: accepted as number,
		account: account as string,
		identity: identity as string,
		class: senderClass as SenderClass,
		sender: sender as string,
		subject: subject as string,
		bytes: bytes as number,
		recipientCount: recipientCount as number,
		recipients: recipientsOf(day, key, asked),
	};
}

function recipientsOf(day: ReadableDay, key: number, asked: Condition | undefined): MessageSummary['recipients'] {
	const order = asked === undefined ? '' : `(${asked.sql}) DESC, `;
	const rows = day
		.statement(
			`SELECT address, state, attempts, at, due, reply, cause FROM recipients r WHERE message = ? ORDER BY ${order}recipient LIMIT ${recipientsShownMax}`,
		)
		.all(key, ...(asked?.values ?? []));
	return rows.map(([address, state, attempts, at, due, reply, cause]) => ({
		address: address as string,
		state: storedStates[state as number] ?? 'queued',
		attempts: attempts as number,
		atMs: at as number,
		...(due === null ? {} : { dueMs: due as number }),
		...(reply === null ? {} : { reply: reply as string }),
		...(cause === null ? {} : { cause: cause as string }),
	}));
}

/** The next page has only what lies below. */
const cursorOf = ({ day, key }: MessageKey): string => `${day.toString(36)}.${key.toString(36)}`;

function readCursor(cursor: string): MessageKey {
	const match = /^([0-9a-z]{1,6})\.([0-9a-z]{1,11})$/.exec(cursor);
	if (match === null) throw new InvalidCursor('not a cursor of this list');
	return { day: Number.parseInt(match[1] as string, 36), key: Number.parseInt(match[2] as string, 36) };
}
