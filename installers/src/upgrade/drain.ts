/**
 * Waiting for the queue to empty, once no new mail comes: for who takes the product out.
 *
 * Mail that was put off goes when it is due. What waits for a limit or is held may not leave by itself in time;
 * when nothing else is left, waiting ends.
 */

import type { StateCounts } from '@sluice/agent/main/export/queue-export.ts';
import type { Client } from '@sluice/shared/client/client.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';

export type DrainInput = {
	readonly client: Client;
	readonly limitMs: number;
	readonly now: () => number;
	readonly pause: (ms: number) => Promise<void>;
	/** At each change. */
	readonly progress: (left: StateCounts) => void;
};

const pollMs = 500;
/** An agent that is just being restarted answers again soon. */
const silentMsMax = 30_000;

/** What is left: nothing, what nobody has decided about, or what could not be sent in time. An error: the agent does not answer. */
export async function drain({
	client,
	limitMs,
	now,
	pause,
	progress,
}: DrainInput): Promise<Result<StateCounts, string>> {
	const deadlineMs = now() + limitMs;
	let heardMs = now();
	let told = '';
	for (;;) {
		const health = await client.call('health');
		if (health.ok) {
			heardMs = now();
			const { queued, sending, waiting, held } = health.value.queue;
			const left = { queued: queued + sending, waiting, held };
			if (told !== JSON.stringify(left)) progress(left);
			told = JSON.stringify(left);
			if (left.queued === 0 || now() >= deadlineMs) return ok(left);
		} else if (now() - heardMs > silentMsMax) return failed('the agent does not answer');
		await pause(pollMs);
	}
}

export const isEmpty = ({ queued, waiting, held }: StateCounts): boolean => queued + waiting + held === 0;
