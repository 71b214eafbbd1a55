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
const sliceMs = 5;

/** A long computation in pieces. */
export type Slices = {
	/** Resolves at once (undefined) while the present piece is short, else when others have run. */
	breathe(): Promise<void> | undefined;
	/** Between two parts of it: others run in any case, since nobody knows how long the part was. */
	rest(): Promise<void>;
};

export function createSlices(clock: { monotonic(): number }): Slices {
	let beganMs = clock.monotonic();
	const rest = (): Promise<void> =>
		new Promise((resolve) =>
			setImmediate(() => {
				beganMs = clock.monotonic();
				resolve();
			}),
		);
	return { breathe: () => (clock.monotonic() - beganMs < sliceMs ? undefined : rest()), rest };
}
