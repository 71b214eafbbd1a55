/** `sluice lane list`: one line a lane, and beneath them what failed last and when. */
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
		{ title: 'DUE', align: 'right', text: ({ queued }) => numberText(queued) },
		{
			title: 'REOPENS',
			text: ({ reopens }) => (reopens === undefined ? '-' : relativeText(view, Date.parse(reopens))),
		},
		{ title: 'SOURCE', text: ({ source }) => source, columnsMin: 12 },
	];
	const failures = items.flatMap(({ destination, lastFailure, lastFailureAt }) => {
		if (lastFailure === undefined) return [];
		const when = lastFailureAt === undefined ? '' : ` (${relativeText(view, Date.parse(lastFailureAt))})`;
		return hanging(`${clean(destination)}${when}: `, clean(lastFailure), proseWidth(view));
	});
	const left = total - items.length;
	return [
		...table(columns, items, view),
		...(failures.length === 0 ? [] : ['', view.paint.strong('Last failures'), ...failures]),
		...(left > 0 ? ['', `${countText(left, 'lane')} more: --limit ${total}.`] : []),
	];
}
