/**
 * Turns: work that must not meet itself, one after the other in the order it came.
 *
 * For what reads, waits and then writes: two panels that give their lists at once. A turn that fails does not stop the next.
 */

export type Turns = { take<T>(work: () => Promise<T>): Promise<T> };

export function createTurns(): Turns {
	let last: Promise<unknown> = Promise.resolve();
	return {
		take(work) {
			const turn = last.then(work);
			last = turn.catch(() => {
				// Whoever took the turn hears of it.
			});
			return turn;
		},
	};
}

/** Longest piece of work between two looks at what else there is to do. */
const sliceMs = 8;

/** A long computation in pieces: `breathe` resolves at once while the present piece is short, else when others have run. */
export function createSlices(clock: { monotonic(): number }): { breathe(): Promise<void> | undefined } {
	let beganMs = clock.monotonic();
	return {
		breathe() {
			if (clock.monotonic() - beganMs < sliceMs) return undefined;
			return new Promise((resolve) =>
				setImmediate(() => {
					beganMs = clock.monotonic();
					resolve();
				}),
			);
		},
	};
}
