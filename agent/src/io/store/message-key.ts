/**
 * The number of a message within its day: an integer that sorts like the id and fits a row key.
 *
 * An id is 9 characters of epoch milliseconds and 4 of a counter (words/message). Milliseconds since midnight UTC take 27 bits
 * and the counter 20, so that key and day give the id back and neither id nor a further index is stored. Pure.
 */
import { type MessageId, messageIdOf, messageTimeOf } from '@sluice/shared/words/message.ts';

export const dayMs = 86_400_000;
const counterSpan = 2 ** 20;
const crockford = '0123456789abcdefghjkmnpqrstvwxyz';
const counterStart = 9;

/** Days since the epoch, UTC. */
export type DayNumber = number;

export const dayOfTime = (timeMs: number): DayNumber => Math.floor(timeMs / dayMs);

/** `2026-11-03`. */
export const nameOfDay = (day: DayNumber): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** The day of a name; undefined for other text. */
export function dayOfName(name: string): DayNumber | undefined {
	const time = /^\d{4}-\d{2}-\d{2}$/.test(name) ? Date.parse(`${name}T00:00:00Z`) : Number.NaN;
	return Number.isNaN(time) ? undefined : dayOfTime(time);
}

export type MessageKey = { readonly day: DayNumber; readonly key: number };

/** Undefined: not an id of ours. */
export function keyOfId(id: MessageId): MessageKey | undefined {
	const timeMs = messageTimeOf(id);
	if (timeMs === undefined) return undefined;
	let counter = 0;
	for (let index = counterStart; index < id.length; index++)
		counter = counter * 32 + crockford.indexOf(id[index] as string);
	const day = dayOfTime(timeMs);
	return { day, key: (timeMs - day * dayMs) * counterSpan + counter };
}

export const idOfKey = ({ day, key }: MessageKey): MessageId =>
	messageIdOf(day * dayMs + Math.floor(key / counterSpan), key % counterSpan);

/** The first key of a moment of the day: keys of messages accepted at or after it are not below. */
export const keyAtTime = (day: DayNumber, timeMs: number): number =>
	Math.max(0, Math.ceil(timeMs) - day * dayMs) * counterSpan;
