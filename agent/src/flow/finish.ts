/**
 * The end of a message: nothing is left to do, so the queue forgets it and its place in the log may go, unless it can be brought back.
 */
import { isSettled } from '../core/delivery/lifecycle.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import type { Flow } from './context.ts';
import { keepEnded } from './keep-ended.ts';

type Finishing = Pick<Flow, 'scheduler' | 'spool' | 'events' | 'clock' | 'ended' | 'forgetEnded' | 'settings'>;

/** Retires the message if it is settled. Called after every step that may have been the last; harmless otherwise. */
export function finish(flow: Finishing, message: QueuedMessage): void {
	if (!isSettled(message) || flow.scheduler.find(message.id) === undefined) return;
	if (!flow.scheduler.retire(message.id)) return;
	keepEnded(flow, message);
	const { id } = message;
	const atMs = flow.clock.now();
	const ends = new Map<string, number>();
	for (const { state } of message.recipients) ends.set(state, (ends.get(state) ?? 0) + 1);
	flow.events.emit({
		event: 'message.finished',
		atMs,
		message: id,
		account: message.account,
		ended: [...ends].map(([state, recipients]) => `${state}=${recipients}`),
		ageSeconds: Math.round((atMs - message.acceptedMs) / 100) / 10,
	});
}
