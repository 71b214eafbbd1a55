/**
 * What has been opened, to be closed in the opposite order: at a stop, and when a later part could not start.
 */

export type Closers = {
	/** Remembers how to close what has just been opened. */
	add(close: () => void | Promise<void>): void;
	/** Closes everything, the last opened first. One that fails does not keep the others; the first error is thrown at the end. */
	closeAll(): Promise<void>;
};

export function createClosers(): Closers {
	const stack: (() => void | Promise<void>)[] = [];
	return {
		add: (close) => void stack.push(close),
		async closeAll() {
			const errors: unknown[] = [];
			for (let close = stack.pop(); close !== undefined; close = stack.pop()) {
				try {
					await close();
				} catch (error) {
					errors.push(error);
				}
			}
			if (errors.length > 0) throw errors[0];
		},
	};
}
