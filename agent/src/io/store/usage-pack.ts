/**
 * Usage as bytes: about ten for a message with one recipient, and quick to read, since `simulate` reads millions.
 *
 * An entry is a head, the number of its chain of scopes, how many recipients, and four bytes for the key of each. The head holds the
 * step in seconds from the entry before it (zigzag, so that a clock set back is no harm) and one of four kinds in its lowest bits.
 * Numbers are base 128, lowest first, the highest bit says that more follows.
 *
 *     head chain charged [waiting held] key*      waiting and held only for the kind `accepted, not all charged`
 *
 * Pure. Not here: which row the bytes stand in (usage-database.ts), what an entry of the log means (usage-of-entry.ts).
 */
import type { Usage } from '../../ports/usage.ts';
import { DamagedFile } from './own-database.ts';

/** Kinds, part of the format. */
const acceptedAll = 0;
const acceptedSome = 1;
const chargedMore = 2;
const chargedFirst = 3;

const keyBytes = 4;
/** Head, chain and three counts, at most. */
const entryBytesMax = 40;
const capacityMin = 1024;

export type UsagePacker = {
	/** Bytes packed so far. */
	readonly size: number;
	add(chain: number, usage: Usage): void;
	/** A view, valid until the next `add`. */
	bytes(): Buffer;
	/** Begins anew: entries count from `second`. */
	restart(second: number): void;
};

export function usagePacker(): UsagePacker {
	let buffer = Buffer.allocUnsafe(capacityMin);
	let size = 0;
	let before = 0;

	function reserve(bytes: number): void {
		if (size + bytes <= buffer.length) return;
		const larger = Buffer.allocUnsafe(Math.max(2 * buffer.length, size + bytes));
		buffer.copy(larger, 0, 0, size);
		buffer = larger;
	}

	function put(value: number): void {
		let rest = value;
		while (rest > 0x7f) {
			buffer[size++] = (rest % 0x80) | 0x80;
			rest = Math.floor(rest / 0x80);
		}
		buffer[size++] = rest;
	}

	return {
		get size() {
			return size;
		},
		add(chain, usage) {
			const { second, recipients, waiting, held, keys } = usage;
			reserve(entryBytesMax + keyBytes * keys.length);
			const step = second - before;
			before = second;
			const kind = kindOf(usage);
			put((step < 0 ? -2 * step - 1 : 2 * step) * 4 + kind);
			put(chain);
			put(recipients);
			if (kind === acceptedSome) {
				put(waiting);
				put(held);
			}
			for (const key of keys) size = buffer.writeUInt32LE(key, size);
		},
		bytes: () => buffer.subarray(0, size),
		restart(second) {
			size = 0;
			before = second;
		},
	};
}

function kindOf({ kind, messages, waiting, held }: Usage): number {
	if (kind === 'charged') return messages === 0 ? chargedMore : chargedFirst;
	return waiting === 0 && held === 0 ? acceptedAll : acceptedSome;
}

/** The one entry that is filled anew for each visit: five million objects would be more work than all the rest. */
type Slot = { -readonly [Name in keyof Usage]: Usage[Name] };

/** Numbers below 2^28 are read with whole numbers of the processor: nearly all are. */
const shiftMax = 28;
/** Lists of keys that are kept to be filled again, by length. */
const keyListsMax = 256;

/** Visits the entries of one row in order. Throws DamagedFile; what was visited until then is true. */
export function unpackUsage(
	bytes: Uint8Array,
	firstSecond: number,
	visit: (chain: number, usage: Usage) => void,
): void {
	const slot: Slot = {
		kind: 'accepted',
		second: firstSecond,
		messages: 0,
		recipients: 0,
		waiting: 0,
		held: 0,
		keys: [],
	};
	const keyLists: number[][] = [];
	const { length } = bytes;
	let at = 0;

	function take(): number {
		const first = bytes[at++] as number;
		if (first < 0x80) return first;
		let value = first & 0x7f;
		let shift = 7;
		for (; at < length && shift < shiftMax; shift += 7) {
			const byte = bytes[at++] as number;
			value |= (byte & 0x7f) << shift;
			if (byte < 0x80) return value;
		}
		for (let scale = 2 ** shift; at < length; scale *= 0x80) {
			const byte = bytes[at++] as number;
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) return value;
		}
		throw new DamagedFile('a number of usage is cut off');
	}

	function listOf(count: number): number[] {
		if (count >= keyListsMax) return new Array<number>(count);
		keyLists[count] ??= new Array<number>(count).fill(0);
		return keyLists[count] as number[];
	}

	function takeKeys(count: number): number[] {
		if (at + keyBytes * count > length) throw new DamagedFile('keys of usage are cut off');
		const keys = listOf(count);
		for (let index = 0; index < count; index++, at += keyBytes)
			keys[index] =
				((bytes[at] as number) |
					((bytes[at + 1] as number) << 8) |
					((bytes[at + 2] as number) << 16) |
					((bytes[at + 3] as number) << 24)) >>>
				0;
		return keys;
	}

	while (at < length) {
		const head = take();
		const kind = head % 4;
		const step = Math.floor(head / 4);
		slot.second += step % 2 === 0 ? step / 2 : -(step + 1) / 2;
		const chain = take();
		slot.kind = kind === acceptedAll || kind === acceptedSome ? 'accepted' : 'charged';
		slot.recipients = take();
		slot.waiting = kind === acceptedSome ? take() : 0;
		slot.held = kind === acceptedSome ? take() : 0;
		slot.messages = kind === chargedFirst || (slot.kind === 'accepted' && slot.recipients > 0) ? 1 : 0;
		slot.keys = takeKeys(slot.recipients + slot.waiting);
		visit(chain, slot);
	}
}
