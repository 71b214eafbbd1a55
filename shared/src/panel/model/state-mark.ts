/**
 * The state of a recipient as a mark: sign, word and colour. The word differs for those who run the server and those who write mail.
 */
import type { MessageSummaryDto } from '../../contract/shapes.ts';
import type { May } from './may.ts';
import type { Words } from './words.ts';

export type Recipient = MessageSummaryDto['recipients'][number];
type State = Recipient['state'];
export type Tone = 'ok' | 'wait' | 'hold' | 'bad' | 'off';
export type StateMark = { readonly tone: Tone; readonly sign: string; readonly text: string };

/** Whom a page speaks to: who runs the server, or who wrote the mail. */
export type Side = 'staff' | 'customer';
export const sideOf = ({ isStaff }: Pick<May, 'isStaff'>): Side => (isStaff ? 'staff' : 'customer');

export const stateSigns: { readonly [S in State]: { readonly tone: Tone; readonly sign: string } } = {
	queued: { tone: 'wait', sign: 'clock' },
	waiting: { tone: 'wait', sign: 'clock' },
	held: { tone: 'hold', sign: 'pause' },
	sending: { tone: 'wait', sign: 'clock' },
	delivered: { tone: 'ok', sign: 'check' },
	bounced: { tone: 'bad', sign: 'cross' },
	expired: { tone: 'off', sign: 'cross' },
	discarded: { tone: 'off', sign: 'cross' },
	suppressed: { tone: 'off', sign: 'stop' },
};

/** What of several recipients is told first: what a person may have to act on. */
export const urgency: readonly State[] = [
	'held',
	'bounced',
	'waiting',
	'queued',
	'sending',
	'expired',
	'suppressed',
	'discarded',
	'delivered',
];

export const markOf = (state: State, { t }: Pick<Words, 't'>, side: Side = 'staff'): StateMark => ({
	...stateSigns[state],
	text: side === 'staff' ? t.states[state] : t.ownStates[state],
});

/** The recipient whose state stands for the message. */
export const mostUrgent = ({ recipients }: MessageSummaryDto): Recipient | undefined =>
	[...recipients].sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state))[0];
