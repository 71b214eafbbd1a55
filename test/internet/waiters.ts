/**
 * Waiting for something to become true of a view that changes often.
 *
 * Predicates run at most once a turn of the event loop, and only while somebody waits, so that a busy sink pays
 * nothing for them.
 */
type Waiter<View> = {
	readonly predicate: (view: View) => boolean;
	readonly resolve: () => void;
	readonly reject: (error: Error) => void;
	readonly timer: NodeJS.Timeout;
};

export class Waiters<View> {
	readonly #view: View;
	readonly #describe: () => string;
	readonly #waiting = new Set<Waiter<View>>();
	#isScheduled = false;

	/** `describe` says how things stand, for the error of who has waited in vain. */
	constructor(view: View, describe: () => string) {
		this.#view = view;
		this.#describe = describe;
	}

	/** To be called whenever the view has changed. */
	wake(): void {
		if (this.#isScheduled || this.#waiting.size === 0) return;
		this.#isScheduled = true;
		setImmediate(() => {
			this.#isScheduled = false;
			for (const waiter of this.#waiting) this.#try(waiter);
		});
	}

	/** Resolves once the predicate holds; rejects after `timeoutMs`, or when it throws. */
	waitFor(predicate: (view: View) => boolean, timeoutMs: number): Promise<void> {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#waiting.delete(waiter);
				reject(new Error(`waited ${timeoutMs} ms in vain; now ${this.#describe()}`));
			}, timeoutMs);
			const waiter: Waiter<View> = { predicate, resolve, reject, timer };
			this.#waiting.add(waiter);
			this.#try(waiter);
		});
	}

	/** Rejects all who still wait. */
	stop(): void {
		for (const { reject, timer } of this.#waiting) {
			clearTimeout(timer);
			reject(new Error(`stopped while waiting; now ${this.#describe()}`));
		}
		this.#waiting.clear();
	}

	#try(waiter: Waiter<View>): void {
		try {
			if (!waiter.predicate(this.#view)) return;
			waiter.resolve();
		} catch (error) {
			waiter.reject(error as Error);
		}
		clearTimeout(waiter.timer);
		this.#waiting.delete(waiter);
	}
}
