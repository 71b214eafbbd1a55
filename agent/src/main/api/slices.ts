/**
 * Long looks at the queue in small pieces, so that nothing stands still meanwhile.
 */
import { setImmediate } from 'node:timers/promises';

/** Messages between two breaths: a millisecond or two. */
const perSlice = 2_000;

/** Every one of a collection; whoever iterates lets others run now and then. What changes meanwhile is seen or not. */
export async function* inSlices<T>(all: Iterable<T>): AsyncGenerator<T, void, undefined> {
	let count = 0;
	for (const one of all) {
		count += 1;
		if (count % perSlice === 0) await setImmediate();
		yield one;
	}
}
