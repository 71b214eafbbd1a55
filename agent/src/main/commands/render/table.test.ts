import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, table } from './table.ts';
import { widthOf } from './text.ts';
import { plain } from './view.ts';

type Row = { readonly name: string; readonly note: string; readonly count: number };
const columns: readonly Column<Row>[] = [
	{ title: 'NAME', text: ({ name }) => name, columnsMin: 6 },
	{ title: 'COUNT', align: 'right', text: ({ count }) => String(count) },
	{ title: 'NOTE', text: ({ note }) => note, columnsMin: 4 },
];
const rows: readonly Row[] = [
	{ name: 'a', note: 'short', count: 1 },
	{ name: 'a.very.long.name.indeed', note: 'and a note that goes on and on and on', count: 12_345_678 },
];
const view = (width: number) => ({ nowMs: 0, zone: 'UTC', width, paint: plain });

test('columns are as wide as they need to be where there is room', () => {
	assert.deepEqual(table(columns, rows, view(Number.POSITIVE_INFINITY)), [
		'NAME                        COUNT  NOTE',
		'a                               1  short',
		'a.very.long.name.indeed  12345678  and a note that goes on and on and on',
	]);
});

test('where there is not, the widest give way first, down to their least; numbers are never cut', () => {
	for (const width of [60, 40, 30]) {
		const lines = table(columns, rows, view(width));
		assert.ok(
			lines.every((line) => widthOf(line) <= width),
			lines.join('\n'),
		);
		assert.match(lines[2] ?? '', / 12345678 /);
	}
	assert.deepEqual(table(columns, rows, view(10))[2], 'a.ver…  12345678  and…', 'less room than the least is overrun');
});
