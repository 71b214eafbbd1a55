/**
 * A clock that stands still until told: timers fire in order of time, and between two of them everything that was promised happens.
 */
import type { Clock, Timer } from '@sluice/agent/ports/clock.ts';

type Entry = { readonly atMs: number; readonly order: number; readonly fire: () => void };

export type SimulatedClock = Clock & {
	/** Fires timers up to a time. Ends early when `until` says so. */
	run(untilMs: number, until?: () => boolean): Promise<void>;
	/** Forgets all timers: the process has died. */
	forget(): void;
	readonly fired: number;
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function simulatedClock(startMs: number): SimulatedClock {
	let nowMs = startMs;
	let order = 0;
	let fired = 0;
	let entries: Entry[] = [];
	const sift = (entry: Entry): void => {
		let low = 0;
		let high = entries.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			const other = entries[middle] as Entry;
			// The latest first, so that the next to fire is popped from the end.
			if (other.atMs > entry.atMs || (other.atMs === entry.atMs && other.order > entry.order)) low = middle + 1;
			else high = middle;
		}
		entries.splice(low, 0, entry);
	};
	return {
		now: () => Math.trunc(nowMs),
		monotonic: () => nowMs,
		after(delayMs, fire): Timer {
			const entry = { atMs: nowMs + Math.max(0, delayMs), order: order++, fire };
			sift(entry);
			return {
				cancel: () => {
					entries = entries.filter((other) => other !== entry);
				},
			};
		},
		async run(untilMs, until = () => false) {
			for (;;) {
				await turn();
				if (until()) return;
				const next = entries.at(-1);
				if (next === undefined || next.atMs > untilMs) break;
				// All that is due at one instant, then what follows from it.
				while (entries.at(-1)?.atMs === next.atMs) {
					const entry = entries.pop() as Entry;
					nowMs = entry.atMs;
					fired += 1;
					entry.fire();
				}
			}
			nowMs = Math.max(nowMs, untilMs);
		},
		forget() {
			entries = [];
		},
		get fired() {
			return fired;
		},
	};
}

/** Mulberry32: small, seedable, good enough to draw lots with. */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
