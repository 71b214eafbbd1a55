/**
 * Guessing is slowed down: after a few wrong passwords each further one costs twice the wait, up to a minute.
 *
 * Counted for everybody together: on loopback all come from one address. Who knows the password waits a minute at most; who guesses
 * gets some thousand tries a day at 80 bits. One check at a time, since each takes 32 MB.
 */
const freeAttempts = 5;
const firstWaitMs = 1_000;
const waitMaxMs = 60_000;
/** Wrong passwords are forgotten after that time without one. */
const forgetMs = 15 * 60_000;

export type Attempts = {
	/** Milliseconds until the next one is looked at; 0: now. Counts the attempt as begun. */
	begin(): number;
	end(isRight: boolean): void;
};

export function createAttempts(now: () => number): Attempts {
	let wrong = 0;
	let lastMs = 0;
	let isChecking = false;
	const waitMs = (): number =>
		wrong < freeAttempts ? 0 : Math.min(waitMaxMs, firstWaitMs * 2 ** (wrong - freeAttempts)) - (now() - lastMs);
	return {
		begin() {
			if (now() - lastMs > forgetMs) wrong = 0;
			if (isChecking) return firstWaitMs;
			const wait = Math.max(0, waitMs());
			if (wait === 0) isChecking = true;
			return wait;
		},
		end(isRight) {
			isChecking = false;
			lastMs = now();
			wrong = isRight ? 0 : wrong + 1;
		},
	};
}
