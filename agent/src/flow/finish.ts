/**
 * The end of a message: nothing is left to do, so the queue forgets it and its place in the log may go.
 */
import { isSettled } from '../core/delivery/lifecycle.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import type { Flow } from './context.ts';

/** Retires the message if it is settled. Called after every step that may have been the last; harmless otherwise. */
export function finish(flow: Pick<Flow, 'scheduler' | 'spool' | 'events' | 'clock'>, message: QueuedMessage): void {
	if (!isSettled(message) || flow.scheduler.find(message.id) === undefined) return;
	if (!flow.scheduler.retire(message.id)) return;
	const { id, segment, offset, recordBytes } = message;
	flow.spool.release(id, { segment, offset, bytes: recordBytes });
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
