/** A clock that a test turns by hand. */
import type { Clock } from '../ports/clock.ts';

export type HandClock = Clock & {
	/** Turns the clock on and fires what is due. */
	pass(ms: number): void;
};

export function handClock(startMs: number): HandClock {
	let nowMs = startMs;
	const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();
	return {
		now: () => nowMs,
		monotonic: () => nowMs,
		after(delayMs, fire) {
			const timer = { atMs: nowMs + delayMs, fire };
			timers.add(timer);
			return { cancel: () => void timers.delete(timer) };
		},
		pass(ms) {
			nowMs += ms;
			for (const timer of [...timers]) if (timer.atMs <= nowMs && timers.delete(timer)) timer.fire();
		},
	};
}
