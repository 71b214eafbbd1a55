/**
 * Rows as aligned columns that fit the terminal.
 *
 * Each column is as wide as its widest cell. Where that is too much, the columns that say how narrow they may become give way, the
 * widest first; the others are never cut. Into a pipe nothing is cut at all.
 */
import { clean, cut, padEnd, padStart, widthOf } from './text.ts';
import type { View } from './view.ts';

export type Column<Row> = {
	readonly title: string;
	readonly text: (row: Row) => string;
	readonly align?: 'right';
	/** May be cut, but not below this many columns. Left out: never cut. */
	readonly columnsMin?: number;
	readonly paint?: (row: Row) => (text: string) => string;
};

const gap = '  ';

function fit(widths: number[], columns: readonly Column<never>[], room: number): void {
	const total = (): number => widths.reduce((sum, width) => sum + width, (widths.length - 1) * gap.length);
	for (let over = total() - room; over > 0; over = total() - room) {
		let widest: number | undefined;
		for (const [index, { columnsMin }] of columns.entries()) {
			const width = widths[index] as number;
			if (columnsMin !== undefined && width > columnsMin && width > (widest === undefined ? 0 : (widths[widest] ?? 0)))
				widest = index;
		}
		if (widest === undefined) return;
		widths[widest] = (widths[widest] as number) - 1;
	}
}

export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], view: View): readonly string[] {
	const cells = rows.map((row) => columns.map((column) => clean(column.text(row))));
	const widths = columns.map((column, index) =>
		cells.reduce((most, row) => Math.max(most, widthOf(row[index] as string)), widthOf(column.title)),
	);
	fit(widths, columns as readonly Column<never>[], view.width);
	const lineOf = (texts: readonly string[], painted: (index: number) => (text: string) => string): string =>
		texts
			.map((text, index) => {
				const width = widths[index] as number;
				const short = cut(text, width);
				const isLast = index === columns.length - 1;
				const padded =
					columns[index]?.align === 'right' ? padStart(short, width) : isLast ? short : padEnd(short, width);
				return painted(index)(padded);
			})
			.join(gap)
			.trimEnd();
	return [
		lineOf(
			columns.map(({ title }) => title),
			() => view.paint.faint,
		),
		...rows.map((row, at) =>
			lineOf(cells[at] as string[], (index) => columns[index]?.paint?.(row) ?? ((text) => text)),
		),
	];
}
