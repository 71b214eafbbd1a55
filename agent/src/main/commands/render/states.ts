/**
 * Words and colours of recipients' states and of senders, used by lists and trace alike.
 */

import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import { clean } from './text.ts';
import type { View } from './view.ts';

/** What most needs a person's eye first: a list shows one state a message. */
const order: readonly RecipientState[] = [
	'held',
	'waiting',
	'queued',
	'sending',
	'bounced',
	'expired',
	'suppressed',
	'discarded',
	'delivered',
];

/** `delivered`, or `held 2/3` when recipients differ; `held 20+/50` when a list shows only the first ones. */
export function messageState({
	recipients,
	recipientCount,
}: Pick<MessageSummaryDto, 'recipients' | 'recipientCount'>): {
	readonly state: RecipientState;
	readonly text: string;
} {
	const state = order.find((one) => recipients.some((recipient) => recipient.state === one)) ?? 'queued';
	const count = recipients.filter((recipient) => recipient.state === state).length;
	const least = recipients.length < recipientCount ? '+' : '';
	return { state, text: count === recipientCount ? state : `${state} ${count}${least}/${recipientCount}` };
}

export function statePaint(state: RecipientState, { paint }: View): (text: string) => string {
	switch (state) {
		case 'held':
		case 'waiting':
			return paint.warning;
		case 'bounced':
		case 'expired':
			return paint.bad;
		case 'delivered':
			return paint.good;
		case 'queued':
		case 'sending':
		case 'discarded':
		case 'suppressed':
			return (text) => text;
	}
}

/** The null reverse-path is no missing value. */
export const senderText = (sender: string): string => (sender === '' ? '<>' : clean(sender));

export const classTexts: { readonly [name in SenderClass]: string } = {
	mailbox: 'a mailbox that logged in',
	script: 'a script or program',
	system: 'the system itself',
	cron: 'a cron job',
	forward: 'a forward of mail from elsewhere',
	autoreply: 'an automatic reply',
	list: 'a mailing list',
	dsn: 'a delivery report',
	unattributed: 'unknown',
};
