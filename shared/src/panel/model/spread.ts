/**
 * A message to many: how many of its recipients are in which state, so that one refusal among forty does not read like forty.
 *
 * A summary tells of the first recipients only (`recipientCount` is of all): then the numbers are a floor, and say so.
 */
import type { MessageSummaryDto } from '../../contract/shapes.ts';
import { markOf, mostUrgent, type Recipient, type Side, type StateMark, urgency } from './state-mark.ts';
import type { Words } from './words.ts';

export type Spread = {
	/** `1 of 40 refused`: of the state that stands for the message. */
	readonly first: string;
	/** `2 queued, 37 delivered`; empty where all share one state, or where not all are told of. */
	readonly others: string;
};

/** `shown` stands for the message; undefined: there is nothing to tell apart. */
export function spreadOf(
	{ recipients, recipientCount }: MessageSummaryDto,
	shown: Recipient | undefined,
	{ t }: Pick<Words, 't'>,
	side: Side,
): Spread | undefined {
	if (shown === undefined || recipientCount < 2) return undefined;
	const nameOf = (state: Recipient['state']): string =>
		(side === 'staff' ? t.states[state] : t.ownStates[state]).toLowerCase();
	const own = nameOf(shown.state);
	const totals = new Map(urgency.map((state) => [nameOf(state), 0]));
	for (const { state } of recipients) totals.set(nameOf(state), (totals.get(nameOf(state)) ?? 0) + 1);
	const isAll = recipients.length === recipientCount;
	const others = [...totals].filter(([name, total]) => name !== own && total > 0);
	return {
		first: t.spreadFirst(totals.get(own) ?? 0, recipientCount, own, isAll),
		others: isAll ? others.map(([name, total]) => t.spreadPart(total, name)).join(', ') : '',
	};
}

/** The mark of a message in a list: the state of whoever stands for it, with how many share it. */
export function messageMark(
	message: MessageSummaryDto,
	shown: Recipient | undefined = mostUrgent(message),
	words: Pick<Words, 't'>,
	side: Side,
): StateMark {
	const mark = markOf(shown?.state ?? 'queued', words, side);
	const spread = spreadOf(message, shown, words, side);
	return spread === undefined ? mark : { ...mark, text: spread.first };
}
