/**
 * Whether a final recipient still owes its sender a report, judged from what the queue keeps of it.
 *
 * Live, at recovery and by whoever follows the log the same question is asked, so that a message counts as settled in the same
 * place everywhere. Pure.
 */
import { isFinal } from '@sluice/shared/words/recipient.ts';
import type { QueuedMessage, QueuedRecipient } from '../scheduling/queued.ts';
import { dsnDue } from './due.ts';

/** True when a report about this final recipient is due, whether or not it has been made. */
export function isReportDue(message: QueuedMessage, recipient: QueuedRecipient): boolean {
	if (message.nullSender || !isFinal(recipient.state)) return false;
	return dsnDue({
		// Any path but the null one: only that is asked about.
		reversePath: message.hintAddress === '' ? '?' : message.hintAddress,
		class: message.class,
		notify: recipient.notify,
		event: recipient.state === 'delivered' ? 'relayed' : recipient.state,
	});
}
