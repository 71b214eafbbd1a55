/** `sluice message list`: one line a message. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import { spanText } from '../../../core/delivery/story.ts';
import { messageState, senderText, statePaint } from './states.ts';
import { type Column, table } from './table.ts';
import { shortTimeText, zoneText } from './time.ts';
import type { View } from './view.ts';

/** Below this there is no room for time and account beside sender and subject; the age is enough. */
const wideColumnsMin = 100;

function recipientsText({ recipients, recipientCount }: MessageSummaryDto): string {
	const first = recipients[0]?.address ?? '';
	return recipientCount > 1 ? `${first} +${recipientCount - 1}` : first;
}

function columnsFor(view: View): readonly Column<MessageSummaryDto>[] {
	const isWide = view.width >= wideColumnsMin;
	const account: Column<MessageSummaryDto> = { title: 'ACCOUNT', text: ({ account: id }) => id || '-', columnsMin: 7 };
	const time: Column<MessageSummaryDto> = {
		title: `TIME ${zoneText(view, view.nowMs)}`,
		text: ({ accepted }) => shortTimeText(view, Date.parse(accepted)),
	};
	return [
		...(isWide ? [time] : []),
		{ title: 'AGE', align: 'right', text: ({ accepted }) => spanText(view.nowMs - Date.parse(accepted)) },
		{ title: 'ID', text: ({ id }) => id },
		{
			title: 'STATE',
			text: (message) => messageState(message).text,
			paint: (message) => statePaint(messageState(message).state, view),
		},
		...(isWide ? [account] : []),
		{ title: 'FROM', text: ({ sender }) => senderText(sender), columnsMin: 8 },
		{ title: 'TO', text: recipientsText, columnsMin: 8 },
		{ title: 'SUBJECT', text: ({ subject }) => subject, columnsMin: 7 },
	];
}

export function messageListLines(
	{ items, next }: OperationOutput<'listMessages'>,
	view: View,
	isFiltered: boolean,
): readonly string[] {
	if (items.length === 0)
		return isFiltered
			? ['No message matches. Leave out a filter, or look further back with --since 30d.']
			: ['No message yet. Hand one to the relay port, then `sluice events` shows what becomes of it.'];
	const more = next === undefined ? [] : ['', `There is more: the same with --cursor ${next}, or a larger --limit.`];
	return [...table(columnsFor(view), items, view), ...more];
}
