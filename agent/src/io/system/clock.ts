/**
 * The machine's clock and timers behind the port.
 */
import type { Clock } from '../../ports/clock.ts';

/** Node clamps longer timers to 1 ms; a longer wait is a mistake of the caller. */
const delayMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	after(delayMs, fire) {
		// Work that is due now goes behind what sockets have brought meanwhile, not in front of it.
		if (delayMs <= 0) {
			const immediate = setImmediate(fire);
			return { cancel: () => clearImmediate(immediate) };
		}
		const timeout = setTimeout(fire, Math.min(delayMs, delayMsMax));
		return { cancel: () => clearTimeout(timeout) };
	},
};
