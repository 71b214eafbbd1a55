/** Waiting for a condition of the outside world: polled, with a deadline, never a blind sleep. */

import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves once `holds` does. After `waitMs` throws what `otherwise` says. */
export async function until(
	holds: () => boolean | Promise<boolean>,
	options: { readonly waitMs: number; readonly otherwise: () => string | Promise<string> },
): Promise<void> {
	const deadline = performance.now() + options.waitMs;
	while (!(await holds())) {
		if (performance.now() > deadline) throw new Error(`not within ${options.waitMs} ms: ${await options.otherwise()}`);
		await pause(POLL_MS);
	}
}
