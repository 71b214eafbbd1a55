/**
 * What a test has started, to be stopped in the opposite order: at its end, or when the rest cannot be started.
 */
export type Stops = {
	push(stop: () => unknown): void;
	/** Each once, whoever calls. */
	all(): Promise<void>;
};

export function createStops(): Stops {
	const stops: (() => unknown)[] = [];
	return {
		push: (stop) => void stops.push(stop),
		async all() {
			for (const one of stops.splice(0).reverse()) await one();
		},
	};
}
