/** `sluice hold …`: standing holds and what setting or lifting one did. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging } from './text.ts';
import { relativeText, shortTimeText, timeAndAgeText, zoneText } from './time.ts';
import { proseWidth, type View } from './view.ts';

type Hold = OperationOutput<'listHolds'>['items'][number];

const whatText = ({ selector }: Hold): string => `${selector.kind} ${selector.id}`;

export function holdListLines({ items }: OperationOutput<'listHolds'>, view: View): readonly string[] {
	if (items.length === 0)
		return ['No standing hold. `sluice hold set --account X --reason …` sets one; `sluice queue` shows what is open.'];
	const columns: readonly Column<Hold>[] = [
		{ title: 'ID', text: ({ id }) => id },
		{ title: 'HOLDS', text: whatText, columnsMin: 14 },
		{ title: `UNTIL ${zoneText(view, view.nowMs)}`, text: ({ until }) => shortTimeText(view, Date.parse(until)) },
		{ title: 'ENDS', text: ({ until }) => relativeText(view, Date.parse(until)) },
		{
			title: 'BY',
			text: ({ author, ownerMayRelease }) => `${author}${ownerMayRelease ? ', owner may release' : ''}`,
			columnsMin: 10,
		},
		{ title: 'REASON', text: ({ reason }) => reason, columnsMin: 12 },
	];
	return table(columns, items, view);
}

export function holdSetLines(
	{ hold, recipients, messages }: OperationOutput<'putHold'>,
	view: View,
): readonly string[] {
	const now =
		recipients === 0
			? 'Nothing of it was queued'
			: `Held now: ${countText(recipients, 'recipient')} in ${countText(messages, 'message')}`;
	return [
		...hanging(
			'',
			`Mail of ${clean(whatText(hold))} is held until ${timeAndAgeText(view, Date.parse(hold.until))}.`,
			proseWidth(view),
		),
		...hanging('', `${now}. Undo: \`sluice hold lift ${hold.id} --release\`.`, proseWidth(view)),
	];
}

export function holdLiftedLines(
	id: string,
	isReleased: boolean,
	{ recipients, messages }: OperationOutput<'deleteHold'>,
): readonly string[] {
	const released = isReleased
		? `Released: ${countText(recipients, 'recipient')} in ${countText(messages, 'message')}.`
		: 'What it held stays held: `sluice message list --state held`.';
	return [`The hold ${id} is lifted; new mail passes. ${released}`];
}
