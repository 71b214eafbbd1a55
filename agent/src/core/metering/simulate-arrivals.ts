/**
 * Arrivals of some minutes or hours, in the order of time. Senders come in random order, and their rings lie wherever there was room:
 * one by one, nearly each would wait for the memory.
 */

/** Arrivals looked at together. */
export const arrivalsMax = 1 << 17;

export function createArrivals(portion: number) {
	const chainOf = new Uint32Array(portion);
	const secondOf = new Uint32Array(portion);
	const recipientsOf = new Uint32Array(portion);
	const arrivals = {
		size: 0,
		chainOf,
		secondOf,
		recipientsOf,
		add(chain: number, second: number, recipients: number): void {
			const at = arrivals.size++;
			chainOf[at] = chain;
			secondOf[at] = second;
			recipientsOf[at] = recipients;
		},
		/** Their numbers, by the place of their chain (below the number of chains), then in the order of time. */
		sortedBy(places: Uint32Array): Uint32Array {
			const { size } = arrivals;
			const starts = new Uint32Array(places.length + 1);
			for (let index = 0; index < size; index++) {
				const behind = (places[chainOf[index] as number] as number) + 1;
				starts[behind] = (starts[behind] as number) + 1;
			}
			for (let place = 0; place < places.length; place++)
				starts[place + 1] = (starts[place + 1] as number) + (starts[place] as number);
			const order = new Uint32Array(size);
			for (let index = 0; index < size; index++) {
				const place = places[chainOf[index] as number] as number;
				const at = starts[place] as number;
				order[at] = index;
				starts[place] = at + 1;
			}
			return order;
		},
	};
	return arrivals;
}
