/**
 * Start: from queue index and log to the open messages in memory.
 *
 * The index says what was open at a place in the log; the entries behind it are replayed over that. Without an index the whole
 * log is replayed. What was under way is queued again: that, and no more, may be delivered twice (invariant 1). Reports that are
 * owed but not in the log are made now.
 */
import type { MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import { isSettled, recover as recoverRecipient } from '../core/delivery/lifecycle.ts';
import { replayReport, replayStep, settleReplayed } from '../core/delivery/replay.ts';
import { endedMs, isRestorable } from '../core/delivery/restorable.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { queuedMessageOf, scopesOfText, scopesText } from '../core/scheduling/queued-message.ts';
import type { LogEntry, Reported } from '../ports/spool.ts';

/** The log gives each record a list of scopes of its own; in memory there is one for all of a sender. */
const recordOf = (record: MessageRecord): MessageRecord =>
	record.scopes === undefined ? record : { ...record, scopes: scopesOfText(scopesText(record.scopes)) };

export type Recovery = {
	/** Takes one open message of the index. */
	load(message: QueuedMessage): void;
	/** Takes one entry of the log, in order. */
	replay(entry: LogEntry): void;
	/** What is open now. Messages that owe only a report are open too. */
	open(): readonly QueuedMessage[];
	/** What is over and could be brought back, in the order of the ends. However long ago: a later step may have brought it back. */
	ended(): readonly QueuedMessage[];
	readonly stats: { readonly messages: number; readonly transitions: number; readonly illegal: number };
};

export function createRecovery(reportsHaveRoute: boolean): Recovery {
	const messages = new Map<string, QueuedMessage>();
	const stats = { messages: 0, transitions: 0, illegal: 0 };

	const settle = (message: QueuedMessage): void => {
		if (settleReplayed(message) && !isRestorable(message)) messages.delete(message.id);
	};

	const step = (transition: Transition): void => {
		stats.transitions += 1;
		const message = messages.get(transition.message);
		// Of a message that was settled before the index was written: nothing to do.
		if (message === undefined) return;
		if (replayStep(message, transition) === 'illegal') stats.illegal += 1;
		settle(message);
	};

	const report = (reported: Reported): void => {
		const about = messages.get(reported.message);
		if (about === undefined) return;
		replayReport(about, reported);
		settle(about);
	};

	return {
		load: (message) => void messages.set(message.id, message),
		replay(entry) {
			if (entry.kind === 'transitions') {
				for (const transition of entry.transitions) step(transition);
				return;
			}
			stats.messages += 1;
			const known = messages.get(entry.record.id);
			if (known !== undefined && entry.statuses !== undefined) {
				// Written anew by compaction: only the place is new, the steps have been replayed.
				known.segment = entry.ref.segment;
				known.offset = entry.ref.offset;
				known.recordBytes = entry.ref.bytes;
				return;
			}
			const message = queuedMessageOf(recordOf(entry.record), entry.ref, reportsHaveRoute, entry.statuses);
			messages.set(message.id, message);
			settle(message);
			if (entry.reported !== undefined) report(entry.reported);
		},
		open() {
			const open = [...messages.values()].filter((message) => !isSettled(message));
			for (const message of open) for (const recipient of message.recipients) recoverRecipient(recipient);
			return open.sort((one, other) => (one.id < other.id ? -1 : 1));
		},
		ended: () => [...messages.values()].filter(isSettled).sort((one, other) => endedMs(one) - endedMs(other)),
		stats,
	};
}
