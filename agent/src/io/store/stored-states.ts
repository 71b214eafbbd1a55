/**
 * States of a recipient as numbers: the order is part of the format of queue.db and of every day of history. A change of it needs a new
 * version of both.
 */
import type { RecipientState } from '@sluice/shared/words/recipient.ts';

export const storedStates = [
	'queued',
	'waiting',
	'held',
	'sending',
	'delivered',
	'bounced',
	'expired',
	'discarded',
	'suppressed',
] as const satisfies readonly RecipientState[];

export const numberOfState: ReadonlyMap<RecipientState, number> = new Map(
	storedStates.map((state, number) => [state, number]),
);

export const deliveredNumber = storedStates.indexOf('delivered');
