/** One number of many accounts for people: what it would change, what was done, what is as before. */
import type { LimitChangeDto } from '@sluice/shared/contract/change-operations.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging, numberText } from './text.ts';
import { timeText } from './time.ts';
import { proseWidth, type View } from './view.ts';

type Item = LimitChangeDto['items'][number];

function factsText({ accounts, changed, capped, over, kept }: LimitChangeDto): string {
	return [
		`${numberText(changed)} of ${countText(accounts, 'account')} would change.`,
		...(capped === 0 ? [] : [`${numberText(capped)} of them capped: something above allows less.`]),
		...(over === 0 ? [] : [`${numberText(over)} of them have used more already: their next mail waits.`]),
		...(kept === 0 ? [] : [`${numberText(kept)} stay: somebody with more rights has set their numbers.`]),
	].join(' ');
}

/** Before it is done. */
export function changeLines(change: LimitChangeDto, view: View): readonly string[] {
	const columns: readonly Column<Item>[] = [
		{ title: 'ACCOUNT', text: ({ account }) => account, columnsMin: 8 },
		{ title: 'NOW', text: ({ from }) => (from === '' ? 'no limit' : from), columnsMin: 16 },
		{ title: 'THEN', text: ({ to }) => (to === '' ? 'no limit' : to), columnsMin: 16 },
		{ title: 'USED', align: 'right', text: ({ used }) => numberText(used) },
	];
	const more = change.changed - change.items.length;
	return [
		...hanging('', factsText(change), proseWidth(view)),
		...(change.items.length === 0 ? [] : ['', ...table(columns, change.items, view)]),
		...(more > 0 ? [`and ${numberText(more)} more.`] : []),
		...(change.items.length === 0 ? [] : ['']),
	];
}

/** After it. */
export function changedLines({ changed, id, undoUntil }: LimitChangeDto, view: View): readonly string[] {
	if (id === undefined || undoUntil === undefined) return ['Nothing was changed.'];
	return [
		`${countText(changed, 'account')} changed.`,
		...hanging(
			'',
			`Until ${timeText(view, Date.parse(undoUntil))}: \`sluice account change-limits undo ${clean(id)}\`.`,
			proseWidth(view),
		),
	];
}

export function undoneLines({ restored, kept }: OperationOutput<'undoLimitChange'>, view: View): readonly string[] {
	const since = kept === 0 ? '' : ` ${countText(kept, 'account')} changed by somebody since; they stay as they are.`;
	return hanging('', `${countText(restored, 'account')} as before.${since}`, proseWidth(view));
}
