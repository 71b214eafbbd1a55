/** `sluice lane list`: one line a lane, and beneath a closed one why. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging, numberText } from './text.ts';
import { relativeText } from './time.ts';
import { proseWidth, type View } from './view.ts';

type Lane = OperationOutput<'lanes'>['items'][number];

export function laneLines({ items, total }: OperationOutput<'lanes'>, view: View): readonly string[] {
	if (items.length === 0) return ['No lane: nothing is being delivered now. See `sluice queue`.'];
	const paints = { open: view.paint.good, probing: view.paint.warning, closed: view.paint.bad };
	const columns: readonly Column<Lane>[] = [
		{ title: 'DESTINATION', text: ({ destination }) => destination, columnsMin: 16 },
		{ title: 'STATE', text: ({ state }) => state, paint: ({ state }) => paints[state] },
		{ title: 'BUSY', align: 'right', text: ({ busy, window }) => `${busy}/${window}` },
		{ title: 'QUEUED', align: 'right', text: ({ queued }) => numberText(queued) },
		{
			title: 'REOPENS',
			text: ({ reopens }) => (reopens === undefined ? '-' : relativeText(view, Date.parse(reopens))),
		},
		{ title: 'SOURCE', text: ({ source }) => source, columnsMin: 12 },
	];
	const failures = items.flatMap(({ destination, state, lastFailure }) =>
		state === 'open' || lastFailure === undefined
			? []
			: hanging(`${clean(destination)}: `, clean(lastFailure), proseWidth(view)),
	);
	const left = total - items.length;
	return [
		...table(columns, items, view),
		...(failures.length === 0 ? [] : ['', view.paint.strong('Last failure of lanes that are not open'), ...failures]),
		...(left > 0 ? ['', `${countText(left, 'lane')} more: --limit ${total}.`] : []),
	];
}
