/**
 * The machine's clock, that a scenario can set ahead: what was to happen in an hour happens now.
 *
 * Time goes on by itself as well, so that sockets and disks are waited for as always. Set back with a negative number: timers keep
 * their distance, as the machine's do.
 */
import type { Clock, Timer } from '@sluice/agent/ports/clock.ts';

export type SteeredClock = Clock & {
	/** Lets so much time pass: what comes due by it is fired in its order, by and by. */
	advance(ms: number): void;
	/** Sets the time of day alone, as an operator does. */
	step(ms: number): void;
};

type Entry = { readonly atMs: number; readonly fire: () => void; timer: NodeJS.Timeout | undefined };

const delayMsMax = 2 ** 31 - 1;

export function steeredClock(): SteeredClock {
	let aheadMs = 0;
	let steppedMs = 0;
	const entries = new Set<Entry>();
	const monotonic = (): number => performance.now() + aheadMs;
	const arm = (entry: Entry): void => {
		clearTimeout(entry.timer);
		const delayMs = Math.max(0, entry.atMs - monotonic());
		entry.timer = setTimeout(() => run(entry), Math.min(delayMsMax, Math.ceil(delayMs)));
	};
	const run = (entry: Entry): void => {
		if (!entries.delete(entry)) return;
		entry.fire();
	};
	return {
		now: () => Math.trunc(Date.now() + aheadMs + steppedMs),
		monotonic,
		after(delayMs, fire): Timer {
			const entry: Entry = { atMs: monotonic() + delayMs, fire, timer: undefined };
			entries.add(entry);
			arm(entry);
			return {
				cancel() {
					clearTimeout(entry.timer);
					entries.delete(entry);
				},
			};
		},
		advance(ms) {
			aheadMs += ms;
			for (const entry of [...entries].sort((one, other) => one.atMs - other.atMs)) arm(entry);
		},
		step(ms) {
			steppedMs += ms;
		},
	};
}
