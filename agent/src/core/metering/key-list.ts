/**
 * The different recipients of one scope in the last hour: one record for each recipient charged, and how often each key is among them.
 *
 * Records (16 bytes: second, key, next, previous) stand in the order of time, so that a refund or a clock step leaves exactly what a
 * recount would. Beyond `keyRecordsMax` records every further recipient counts as a new one, whoever it is: a bound on memory that
 * errs towards "more different recipients", never towards fewer. Those are counted in one record a second.
 */
import { type Arena, blockBits, blockMask, free, none, take } from './arena.ts';

export const keyStride = 4;
/** Records of one scope in one hour: 10,000 different recipients with one record each. */
export const keyRecordsMax = 10_000;

const second = 0;
const key = 1;
const next = 2;
const previous = 3;

export type KeyList = {
	head: number;
	tail: number;
	/** Records with a key of their own. */
	records: number;
	/** Recipients that were only counted. */
	uncounted: number;
	/** How many records a key has. */
	readonly times: Map<number, number>;
};

export const emptyKeys = (): KeyList => ({ head: none, tail: none, records: 0, uncounted: 0, times: new Map() });

const cell = ({ blocks }: Arena, row: number, name: number): number =>
	(blocks[row >> blockBits] as Int32Array)[(row & blockMask) * keyStride + name] as number;

function put({ blocks }: Arena, row: number, name: number, value: number): void {
	(blocks[row >> blockBits] as Int32Array)[(row & blockMask) * keyStride + name] = value;
}

export const distinct = (list: KeyList): number => list.times.size + list.uncounted;

/** Of these, those not seen in the window; each counts once. */
export function countNew(list: KeyList | undefined, keys: readonly number[]): number {
	if (keys.length === 1) return list?.times.has(keys[0] as number) ? 0 : 1;
	const unseen = new Set<number>();
	for (const each of keys) if (!list?.times.has(each)) unseen.add(each);
	return unseen.size;
}

export function addKeys(arena: Arena, list: KeyList, at: number, keys: readonly number[]): void {
	for (const each of keys) {
		if (list.records < keyRecordsMax) addRecord(arena, list, at, each);
		else addUncounted(arena, list, at, 1);
	}
}

function addRecord(arena: Arena, list: KeyList, at: number, value: number): void {
	insert(arena, list, at, value);
	list.records += 1;
	list.times.set(value, (list.times.get(value) ?? 0) + 1);
}

/** Its record has the count, negative, in the place of a key. */
function addUncounted(arena: Arena, list: KeyList, at: number, count: number): void {
	list.uncounted += count;
	const row = lastThrough(arena, list, at);
	if (row !== none && cell(arena, row, second) === at && cell(arena, row, key) < 0)
		put(arena, row, key, cell(arena, row, key) - count);
	else insert(arena, list, at, -count);
}

function lastThrough(arena: Arena, list: KeyList, at: number): number {
	let row = list.tail;
	while (row !== none && cell(arena, row, second) > at) row = cell(arena, row, previous);
	return row;
}

function insert(arena: Arena, list: KeyList, at: number, value: number): void {
	const before = lastThrough(arena, list, at);
	const row = take(arena);
	const after = before === none ? list.head : cell(arena, before, next);
	put(arena, row, second, at);
	put(arena, row, key, value);
	put(arena, row, next, after);
	put(arena, row, previous, before);
	if (before === none) list.head = row;
	else put(arena, before, next, row);
	if (after === none) list.tail = row;
	else put(arena, after, previous, row);
}

function unlink(arena: Arena, list: KeyList, row: number): void {
	const before = cell(arena, row, previous);
	const after = cell(arena, row, next);
	if (before === none) list.head = after;
	else put(arena, before, next, after);
	if (after === none) list.tail = before;
	else put(arena, after, previous, before);
	const value = cell(arena, row, key);
	free(arena, row);
	if (value < 0) {
		list.uncounted += value;
		return;
	}
	list.records -= 1;
	const times = list.times.get(value) as number;
	if (times === 1) list.times.delete(value);
	else list.times.set(value, times - 1);
}

export function dropKeysThrough(arena: Arena, list: KeyList, last: number): void {
	while (list.head !== none && cell(arena, list.head, second) <= last) unlink(arena, list, list.head);
}

/** What lies after `now` is taken as made now. Order among the moved does not matter. */
export function restampKeys(arena: Arena, list: KeyList, now: number): void {
	for (let row = list.tail; row !== none && cell(arena, row, second) > now; row = cell(arena, row, previous))
		put(arena, row, second, now);
}

/** Takes back one record of each key: that of the second if it is there, else the oldest before it. */
export function takeKeys(arena: Arena, list: KeyList, at: number, keys: readonly number[]): void {
	for (const each of keys) {
		const row = recordOf(arena, list, at, each);
		if (row !== none) unlink(arena, list, row);
		else if (list.uncounted > 0) takeUncounted(arena, list, at);
	}
}

function recordOf(arena: Arena, list: KeyList, at: number, value: number): number {
	if (!list.times.has(value)) return none;
	let row = lastThrough(arena, list, at);
	for (; row !== none && cell(arena, row, second) === at; row = cell(arena, row, previous))
		if (cell(arena, row, key) === value) return row;
	for (row = list.head; row !== none && cell(arena, row, second) < at; row = cell(arena, row, next))
		if (cell(arena, row, key) === value) return row;
	return none;
}

function takeUncounted(arena: Arena, list: KeyList, at: number): void {
	for (let row = lastThrough(arena, list, at); row !== none; row = cell(arena, row, previous)) {
		if (cell(arena, row, key) >= 0) continue;
		if (cell(arena, row, key) === -1) unlink(arena, list, row);
		else {
			put(arena, row, key, cell(arena, row, key) + 1);
			list.uncounted -= 1;
		}
		return;
	}
}

/** Second of the record with whose end `excess` different recipients fewer are counted; undefined: there are not so many. */
export function secondThatFrees(arena: Arena, list: KeyList, excess: number): number | undefined {
	const gone = new Map<number, number>();
	let freed = 0;
	for (let row = list.head; row !== none; row = cell(arena, row, next)) {
		const value = cell(arena, row, key);
		if (value < 0) freed -= value;
		else {
			const times = (gone.get(value) ?? 0) + 1;
			gone.set(value, times);
			if (times === list.times.get(value)) freed += 1;
		}
		if (freed >= excess) return cell(arena, row, second);
	}
	return undefined;
}
