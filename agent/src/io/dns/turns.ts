/**
 * So many at once, the others in the order they came.
 *
 * Who waits is bounded by who asks: one delivery asks a few questions. There is no time-out here, since each turn has one.
 */
export type Turns = { readonly take: <T>(work: () => Promise<T>) => Promise<T> };

export function createTurns(atOnceMax: number): Turns {
	let underWay = 0;
	const waiting: (() => void)[] = [];
	return {
		async take(work) {
			if (underWay >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
			else underWay++;
			try {
				return await work();
			} finally {
				// The turn passes on to the next, or ends.
				const next = waiting.shift();
				if (next === undefined) underWay--;
				else next();
			}
		},
	};
}
