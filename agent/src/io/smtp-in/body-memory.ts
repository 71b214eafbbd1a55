/**
 * Memory for content, shared by all connections of a listener.
 *
 * When the budget is spent, connections in DATA are kept from reading: the MTA's own bytes wait in the kernel, nothing is refused.
 * The one that began first always reads on, or all could wait for each other for ever; so the budget is exceeded by one message
 * at most. A connection that has waited too long is told so by its sweep (connection.ts) and answers 451.
 *
 * Bytes count until the message is durable (`release`), not only until its end.
 */
export type BodyHolder = {
	/** Read on: there is room again. Called at most once per `false` of `mayRead`. */
	resumeReading(): void;
};

export class BodyMemory {
	#usedBytes = 0;
	readonly #maxBytes: number;
	/** Connections in DATA, the oldest first (a Set keeps the order of insertion). */
	readonly #receiving = new Set<BodyHolder>();
	readonly #waiting = new Set<BodyHolder>();

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	get usedBytes(): number {
		return this.#usedBytes;
	}

	begin(holder: BodyHolder): void {
		this.#receiving.add(holder);
	}

	/** Counts bytes that the holder now holds more (or fewer, when negative). */
	grow(bytes: number): void {
		this.#usedBytes += bytes;
	}

	/** Whether the holder may read on. If not, it is told when it may. */
	mayRead(holder: BodyHolder): boolean {
		if (this.#usedBytes < this.#maxBytes || this.#isOldest(holder)) return true;
		this.#waiting.add(holder);
		return false;
	}

	/** The holder receives no more: its message is whole, refused or lost. What it holds stays counted. */
	end(holder: BodyHolder): void {
		this.#receiving.delete(holder);
		this.#waiting.delete(holder);
		this.#wake();
	}

	/** Content of this size is no longer held. */
	release(bytes: number): void {
		this.#usedBytes -= bytes;
		this.#wake();
	}

	#isOldest(holder: BodyHolder): boolean {
		const first = this.#receiving.values().next();
		return !first.done && first.value === holder;
	}

	#wake(): void {
		if (this.#waiting.size === 0) return;
		for (const holder of this.#receiving) {
			if (!this.#waiting.has(holder)) continue;
			if (this.#usedBytes >= this.#maxBytes && !this.#isOldest(holder)) return;
			this.#waiting.delete(holder);
			holder.resumeReading();
		}
	}
}
