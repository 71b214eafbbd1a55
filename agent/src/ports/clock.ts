/**
 * Time, timers and chance as arguments, so that a test or the simulation can drive them (invariant 13).
 */

export type Timer = { cancel(): void };

export type Clock = {
	/** Epoch milliseconds. May step; never use a difference of two readings to bound a wait. */
	now(): number;
	/** Milliseconds that only grow, for durations. */
	monotonic(): number;
	/** Calls `fire` once, not before `delayMs` from now. The owner cancels it in its own `stop()`. */
	after(delayMs: number, fire: () => void): Timer;
};

/** Uniform in [0, 1). */
export type Random = () => number;
