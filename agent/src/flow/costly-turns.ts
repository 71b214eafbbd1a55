/**
 * Turns at something costly: a few at once, the rest one after the other, fair between those who ask.
 *
 * Whoever comes with a hundred waits behind himself and not in front of everybody: the askers (client addresses) take turns. Who would
 * wait behind too many is told so at once.
 */
export type CostlyTurns = {
	/** Resolves with true when it is the asker's turn, with false at once when too many wait. After true `done` is owed. */
	take(asker: string): Promise<boolean>;
	done(): void;
};

export function createCostlyTurns({ atOnceMax, waitingMax }: { atOnceMax: number; waitingMax: number }): CostlyTurns {
	const waiting = new Map<string, (() => void)[]>();
	let waitingCount = 0;
	let running = 0;
	return {
		take(asker) {
			if (running < atOnceMax) {
				running++;
				return Promise.resolve(true);
			}
			if (waitingCount >= waitingMax) return Promise.resolve(false);
			waitingCount++;
			return new Promise((resolve) => {
				const own = waiting.get(asker) ?? [];
				own.push(() => resolve(true));
				waiting.set(asker, own);
			});
		},
		done() {
			const next = waiting.entries().next().value;
			if (next === undefined) {
				running--;
				return;
			}
			const [asker, own] = next;
			const begin = own.shift() as () => void;
			waitingCount--;
			waiting.delete(asker);
			// Behind the others.
			if (own.length > 0) waiting.set(asker, own);
			begin();
		},
	};
}
