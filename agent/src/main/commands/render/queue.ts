/** `sluice queue`: open recipients counted by something. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { QueueRowDto } from '@sluice/shared/contract/shapes.ts';
import { spanText } from '../../../core/delivery/story.ts';
import { type Column, table } from './table.ts';
import { countText, numberText } from './text.ts';
import type { View } from './view.ts';

type By = 'account' | 'identity' | 'destination' | 'age' | 'state';
const titles = { account: 'ACCOUNT', identity: 'IDENTITY', destination: 'DESTINATION', age: 'AGE', state: 'STATE' };

function keyText(by: By, key: string): string {
	if (by === 'age') return key === '0' ? 'newer' : `over ${spanText(Number(key) * 1000)}`;
	return key === '' ? '(none)' : key;
}

function countColumn(title: string, of: (row: QueueRowDto) => number, paint?: (text: string) => string) {
	const column: Column<QueueRowDto> = {
		title,
		align: 'right',
		text: (row) => (of(row) === 0 ? '-' : numberText(of(row))),
		...(paint === undefined ? {} : { paint: (row) => (of(row) === 0 ? (text) => text : paint) }),
	};
	return column;
}

export function queueLines(by: By, { items, total }: OperationOutput<'queue'>, view: View): readonly string[] {
	// Rows of states and ages are there even when they count nothing.
	if (items.every((row) => row.recipients === 0))
		return ['The queue is empty: everything is delivered or decided. See `sluice message list`.'];
	const { warning } = view.paint;
	const states = [
		countColumn('QUEUED', (row) => row.queued),
		countColumn('WAITING', (row) => row.waiting, warning),
		countColumn('HELD', (row) => row.held, warning),
		countColumn('SENDING', (row) => row.sending),
	];
	const columns: readonly Column<QueueRowDto>[] = [
		{ title: titles[by], text: ({ key }) => keyText(by, key), columnsMin: 16 },
		countColumn('OPEN', (row) => row.recipients),
		...(by === 'state' ? [] : states),
	];
	const left = total - items.length;
	const more = left > 0 ? ['', `${countText(left, 'line')} more: --limit ${total}.`] : [];
	return [...table(columns, items, view), ...more];
}
