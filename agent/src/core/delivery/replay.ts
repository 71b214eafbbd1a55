/**
 * Replaying the log onto the slim messages of the queue: one step, one report, and whether a message is settled by now.
 *
 * The start (flow/recover) and the follower that keeps the queue index do the same thing with the same entries, so that what
 * the index leaves out is exactly what a replay of the whole log would leave out. Pure; it changes the message it is given.
 *
 * Not here: which steps there are (lifecycle.ts), when a report is due (core/dsn), where messages are kept.
 */
import type { Transition } from '@sluice/shared/words/message.ts';
import { isFinal } from '@sluice/shared/words/recipient.ts';
import { isReportDue } from '../dsn/owed.ts';
import type { QueuedMessage } from '../scheduling/queued.ts';
import { isSettled, replay } from './lifecycle.ts';

/** What of a report's log entry says whom it settles; see ports/spool `Reported`. */
type ReportedRecipients = { readonly kind: 'failed' | 'delayed' | 'relayed'; readonly recipients: readonly number[] };

/** Takes a step of the log. `illegal`: the table has no such step, nothing changed. `unknown`: no such recipient. */
export function replayStep(message: QueuedMessage, transition: Transition): 'taken' | 'illegal' | 'unknown' {
	const recipient = message.recipients[transition.recipient];
	if (recipient === undefined) return 'unknown';
	const taken = replay(recipient, transition);
	// The next hop reports a success itself, so nothing is owed about this one.
	if (transition.to === 'delivered' && transition.relayed !== true) recipient.reported = true;
	return taken.ok ? 'taken' : 'illegal';
}

/** A DSN about this message is in the log. */
export function replayReport(about: QueuedMessage, reported: ReportedRecipients): void {
	for (const index of reported.recipients) {
		const recipient = about.recipients[index];
		if (recipient === undefined) continue;
		if (reported.kind === 'delayed') recipient.delayNoticed = true;
		else recipient.reported = true;
	}
}

/** Notes for which ends nobody is owed a report. True: the message is settled, and the queue may forget it. */
export function settleReplayed(message: QueuedMessage): boolean {
	for (const recipient of message.recipients) {
		if (isFinal(recipient.state) && !recipient.reported && !isReportDue(message, recipient)) recipient.reported = true;
	}
	return isSettled(message);
}
