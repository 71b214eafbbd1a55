/**
 * Keeping what is over and can be brought back: discarded and expired messages, with their place in the log, for a while.
 *
 * Their records stay as those of open messages do, and the queue index keeps their rows, so that a restart finds them as they were.
 * Bounded in time (`queue.restoreSeconds`), in number, and by the disk: when it is short of space they give way to mail. Whoever gives a
 * message up here can no longer bring it back, and only then the index is told to forget it: no step of it can come any more.
 *
 * Not here: bringing back (restore.ts), who may (core/policy/rights.ts).
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { endedMs, isRestorable } from '../core/delivery/restorable.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import type { Flow } from './context.ts';

/** Recipients of messages that are kept; beyond, whoever has most of them gives up those that ended first. About 60 MB. */
export const keptRecipientsMax = 200_000;

/** At the end of a message, when the queue has forgotten it: keeps it if something of it can be brought back, else lets go its record. */
export function keepEnded(
	flow: Pick<Flow, 'ended' | 'spool' | 'forgetEnded' | 'settings'>,
	message: QueuedMessage,
): void {
	if (!isRestorable(message)) {
		releaseRecord(flow, message);
		return;
	}
	if (flow.settings().restoreMs === 0) {
		giveUp(flow, [message]);
		return;
	}
	flow.ended.add(message);
	if (flow.ended.recipients <= keptRecipientsMax) return;
	const surplus: QueuedMessage[] = [];
	while (flow.ended.recipients > keptRecipientsMax) {
		// One account that discards without end pushes out its own.
		const one = flow.ended.firstOfLargest() as QueuedMessage;
		flow.ended.remove(one.id);
		surplus.push(one);
	}
	giveUp(flow, surplus);
}

/** In each sweep: what ended too long ago; all, while the disk is short of space. */
export function sweepEnded(flow: Flow): void {
	if (flow.ended.messages === 0 || flow.acts.underWay > 0) return;
	const isShort = flow.health.has('disk-low');
	const untilMs = flow.clock.now() - flow.settings().restoreMs;
	const over: QueuedMessage[] = [];
	for (const message of flow.ended.all()) if (isShort || endedMs(message) <= untilMs) over.push(message);
	if (over.length === 0) return;
	giveUp(flow, over);
	if (!isShort) return;
	const atMs = flow.clock.now();
	flow.events.emit({ event: 'restore.dropped', atMs, messages: over.length, why: 'The disk is short of space.' });
}

/** Of an account that is forgotten. */
export function giveUpOf(flow: Flow, account: AccountKey): void {
	giveUp(
		flow,
		[...flow.ended.all()].filter((message) => message.account === account),
	);
}

function giveUp(flow: Pick<Flow, 'ended' | 'spool' | 'forgetEnded'>, messages: readonly QueuedMessage[]): void {
	for (const message of messages) {
		flow.ended.remove(message.id);
		releaseRecord(flow, message);
	}
	flow.forgetEnded(messages.map(({ id }) => id));
}

const releaseRecord = ({ spool }: Pick<Flow, 'spool'>, { id, segment, offset, recordBytes }: QueuedMessage): void =>
	spool.release(id, { segment, offset, bytes: recordBytes });
