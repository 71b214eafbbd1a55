/**
 * Messages kept in memory, least recently used first out: what was just accepted is delivered without touching the disk.
 *
 * Bounded by bytes. A message over a quarter of the bound is not kept: it would push out everything else.
 */
import type { BodyRef, StoredMessage } from '../../ports/spool.ts';

export type BodyCache = {
	put(ref: BodyRef, message: StoredMessage): void;
	get(ref: BodyRef): StoredMessage | undefined;
	drop(ref: BodyRef): void;
	readonly bytes: number;
};

/** A record's objects, beside its bytes: a judgement from heap snapshots, not exact. */
const recordObjectBytes = 1500;
const shareOfOneMessage = 0.25;

export function bodyCache(bytesMax: number): BodyCache {
	const kept = new Map<string, { readonly message: StoredMessage; readonly bytes: number }>();
	let total = 0;

	function drop(key: string): void {
		const entry = kept.get(key);
		if (entry === undefined) return;
		kept.delete(key);
		total -= entry.bytes;
	}

	return {
		put(ref, message) {
			const bytes = ref.bytes + recordObjectBytes;
			if (bytes > bytesMax * shareOfOneMessage) return;
			const key = keyOf(ref);
			drop(key);
			kept.set(key, { message, bytes });
			total += bytes;
			for (const oldest of kept.keys()) {
				if (total <= bytesMax) break;
				drop(oldest);
			}
		},
		get(ref) {
			const key = keyOf(ref);
			const entry = kept.get(key);
			if (entry === undefined) return undefined;
			kept.delete(key);
			kept.set(key, entry);
			return entry.message;
		},
		drop: (ref) => drop(keyOf(ref)),
		get bytes() {
			return total;
		},
	};
}

const keyOf = (ref: BodyRef): string => `${ref.segment}:${ref.offset}`;
