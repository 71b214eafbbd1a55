/** `sluice audit`: one line an act. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Column, table } from './table.ts';
import { shortTimeText, zoneText } from './time.ts';
import type { View } from './view.ts';

type Entry = OperationOutput<'audit'>['items'][number];

export function auditLines({ items, next }: OperationOutput<'audit'>, view: View): readonly string[] {
	if (items.length === 0) return ['Nobody has intervened yet. Acts such as `sluice queue hold` appear here.'];
	const columns: readonly Column<Entry>[] = [
		{ title: `TIME ${zoneText(view, view.nowMs)}`, text: ({ at }) => shortTimeText(view, Date.parse(at)) },
		{ title: 'WHO', text: ({ actor }) => actor, columnsMin: 10 },
		{ title: 'ACT', text: ({ act }) => act },
		{ title: 'ABOUT', text: ({ subject }) => subject, columnsMin: 14 },
		{ title: 'WHY', text: ({ detail }) => detail, columnsMin: 12 },
	];
	return [...table(columns, items, view), ...(next === undefined ? [] : ['', `There is more: --cursor ${next}.`])];
}
