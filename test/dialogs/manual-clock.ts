/**
 * Time that stands still until a test moves it.
 */
import type { Clock } from '@sluice/agent/ports/clock.ts';

export type ManualClock = Clock & {
	/** Moves time and fires what became due, in order of time. */
	advance(ms: number): void;
};

export function manualClock(): ManualClock {
	const start = Date.UTC(2026, 0, 1);
	let now = 0;
	let timers: { at: number; fire: () => void }[] = [];
	return {
		now: () => start + now,
		monotonic: () => now,
		after(delayMs, fire) {
			const timer = { at: now + delayMs, fire };
			timers.push(timer);
			return {
				cancel: () => {
					timers = timers.filter((other) => other !== timer);
				},
			};
		},
		advance(ms) {
			const end = now + ms;
			for (;;) {
				const due = timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
				if (due === undefined) break;
				timers = timers.filter((timer) => timer !== due);
				now = due.at;
				due.fire();
			}
			now = end;
		},
	};
}
