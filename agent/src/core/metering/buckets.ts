/**
 * A list of buckets in the order of time: what was charged in each second, or in each minute.
 *
 * Lists are two rows of an arena wide: the owner keeps head and tail, buckets know their neighbours. A bucket is 20 bytes: time,
 * messages, recipients, next, previous. Nearly every charge goes into the newest bucket or one behind it; an older one (read at the
 * start, after a clock step) is put where it belongs by walking from the tail.
 */
import { type Arena, blockBits, blockMask, free, none, take } from './arena.ts';

export const bucketStride = 5;
const time = 0;
const messages = 1;
const recipients = 2;
const next = 3;
const previous = 4;

/** Where a list begins and ends, and what is in it. */
export type BucketList = { head: number; tail: number; messages: number; recipients: number };

export const emptyList = (): BucketList => ({ head: none, tail: none, messages: 0, recipients: 0 });

export type Amount = { readonly messages: number; readonly recipients: number };

const field = ({ blocks }: Arena, row: number, name: number): number =>
	(blocks[row >> blockBits] as Int32Array)[(row & blockMask) * bucketStride + name] as number;

function put({ blocks }: Arena, row: number, name: number, value: number): void {
	(blocks[row >> blockBits] as Int32Array)[(row & blockMask) * bucketStride + name] = value;
}

export const timeOf = (arena: Arena, row: number): number => field(arena, row, time);
export const nextOf = (arena: Arena, row: number): number => field(arena, row, next);
export const previousOf = (arena: Arena, row: number): number => field(arena, row, previous);
export const messagesOf = (arena: Arena, row: number): number => field(arena, row, messages);
export const recipientsOf = (arena: Arena, row: number): number => field(arena, row, recipients);

/** Adds to the bucket of that time, made if there is none. */
export function addToList(arena: Arena, list: BucketList, at: number, amount: Amount): void {
	let before = list.tail;
	while (before !== none && timeOf(arena, before) > at) before = previousOf(arena, before);
	const row = before !== none && timeOf(arena, before) === at ? before : insertBehind(arena, list, before, at);
	put(arena, row, messages, messagesOf(arena, row) + amount.messages);
	put(arena, row, recipients, recipientsOf(arena, row) + amount.recipients);
	list.messages += amount.messages;
	list.recipients += amount.recipients;
}

function insertBehind(arena: Arena, list: BucketList, before: number, at: number): number {
	const row = take(arena);
	const after = before === none ? list.head : nextOf(arena, before);
	put(arena, row, time, at);
	put(arena, row, messages, 0);
	put(arena, row, recipients, 0);
	put(arena, row, next, after);
	put(arena, row, previous, before);
	if (before === none) list.head = row;
	else put(arena, before, next, row);
	if (after === none) list.tail = row;
	else put(arena, after, previous, row);
	return row;
}

function unlink(arena: Arena, list: BucketList, row: number): void {
	const before = previousOf(arena, row);
	const after = nextOf(arena, row);
	if (before === none) list.head = after;
	else put(arena, before, next, after);
	if (after === none) list.tail = before;
	else put(arena, after, previous, before);
	list.messages -= messagesOf(arena, row);
	list.recipients -= recipientsOf(arena, row);
	free(arena, row);
}

/** Drops every bucket of that time or older. */
export function dropThrough(arena: Arena, list: BucketList, last: number): void {
	while (list.head !== none && timeOf(arena, list.head) <= last) unlink(arena, list, list.head);
}

/** What lies after `now` is taken as made now. */
export function restampList(arena: Arena, list: BucketList, now: number): void {
	let moved: { messages: number; recipients: number } | undefined;
	while (list.tail !== none && timeOf(arena, list.tail) > now) {
		moved ??= { messages: 0, recipients: 0 };
		moved.messages += messagesOf(arena, list.tail);
		moved.recipients += recipientsOf(arena, list.tail);
		unlink(arena, list, list.tail);
	}
	if (moved !== undefined) addToList(arena, list, now, moved);
}

/**
 * Takes back from the bucket of that time; what is not there (restamped by a clock step) from the oldest ones before it, so that
 * what is left never leaves earlier than it should.
 */
export function takeFromList(arena: Arena, list: BucketList, at: number, amount: Amount): void {
	let row = list.tail;
	while (row !== none && timeOf(arena, row) > at) row = previousOf(arena, row);
	let left = amount;
	if (row !== none && timeOf(arena, row) === at) left = takeFromBucket(arena, list, row, left);
	row = list.head;
	while (row !== none && (left.messages > 0 || left.recipients > 0) && timeOf(arena, row) < at) {
		const after = nextOf(arena, row);
		left = takeFromBucket(arena, list, row, left);
		row = after;
	}
}

/** What could not be taken. An empty bucket goes. */
function takeFromBucket(arena: Arena, list: BucketList, row: number, amount: Amount): Amount {
	const taken = {
		messages: Math.min(amount.messages, messagesOf(arena, row)),
		recipients: Math.min(amount.recipients, recipientsOf(arena, row)),
	};
	put(arena, row, messages, messagesOf(arena, row) - taken.messages);
	put(arena, row, recipients, recipientsOf(arena, row) - taken.recipients);
	list.messages -= taken.messages;
	list.recipients -= taken.recipients;
	if (messagesOf(arena, row) === 0 && recipientsOf(arena, row) === 0) unlink(arena, list, row);
	return { messages: amount.messages - taken.messages, recipients: amount.recipients - taken.recipients };
}
