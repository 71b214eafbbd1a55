/**
 * What can be brought back: recipients that were discarded or have expired, for a while after their end.
 *
 * Pure. Not here: who may (core/policy/rights.ts), keeping the message meanwhile (flow/ended.ts).
 */
import { isProbeDomain } from '@sluice/shared/words/probe.ts';
import type { QueuedMessage, QueuedRecipient } from '../scheduling/queued.ts';

export const hasEndedOpen = ({ state }: Pick<QueuedRecipient, 'state'>): boolean =>
	state === 'discarded' || state === 'expired';

/** Something of the message can be brought back, if it is not too late. A probe message is nobody's to miss. */
export const isRestorable = ({ recipients }: Pick<QueuedMessage, 'recipients'>): boolean =>
	recipients.some((one) => hasEndedOpen(one) && !isProbeDomain(one.destination));

/** Epoch ms of the last of such ends. */
export const endedMs = ({ recipients }: Pick<QueuedMessage, 'recipients'>): number =>
	recipients.reduce((latest, one) => (hasEndedOpen(one) ? Math.max(latest, one.sinceMs) : latest), 0);
