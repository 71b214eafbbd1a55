/** `sluice volume`: a line for each step in which there was mail, and the sum; columns that count nothing are left out. */
import type { VolumeCount, VolumeDto } from '@sluice/shared/contract/view-operations.ts';
import { type Column, table } from './table.ts';
import { numberText } from './text.ts';
import { dayText, shortTimeText, zoneText } from './time.ts';
import type { View } from './view.ts';

type Row = { readonly title: string; readonly counts: VolumeDto['total'] };

const daySeconds = 86_400;
/** `charged` says what limits saw; whoever asks how much mail there was is not helped by it. */
const shown: readonly VolumeCount[] = [
	'accepted',
	'delivered',
	'deferred',
	'bounced',
	'expired',
	'discarded',
	'waited',
	'held',
	'refused',
];
/** Shown also when there was none. */
const always: ReadonlySet<VolumeCount> = new Set(['accepted', 'delivered', 'bounced']);

export function volumeLines(
	{ items, total, before, since, stepSeconds, from }: VolumeDto,
	view: View,
): readonly string[] {
	const isAny = (counts: VolumeDto['total']): boolean => shown.some((name) => counts[name] > 0);
	if (!isAny(total)) return [`No mail since ${shortTimeText(view, Date.parse(from))}.`];
	const titleOf = (at: string): string =>
		stepSeconds === daySeconds ? dayText(view, Date.parse(at)) : shortTimeText(view, Date.parse(at));
	const rows: readonly Row[] = [
		...items.filter(isAny).map((counts) => ({ title: titleOf(counts.at), counts })),
		{ title: 'in all', counts: total },
		...(before === undefined ? [] : [{ title: 'span before', counts: before }]),
	];
	const columns = shown
		.filter((name) => always.has(name) || total[name] > 0 || (before?.[name] ?? 0) > 0)
		.map((name) => columnOf(name, view));
	const title = { title: zoneText(view, Date.parse(from)), text: ({ title: text }: Row) => text };
	// Counts that began within the span would look like mail that began then.
	const began =
		Date.parse(since) > Date.parse(from) ? ['', `Counted since ${shortTimeText(view, Date.parse(since))}.`] : [];
	return [...table([title, ...columns], rows, view), ...began];
}

function columnOf(name: VolumeCount, { paint }: View): Column<Row> {
	const isTrouble = name === 'bounced' || name === 'expired' || name === 'refused';
	return {
		title: name.toUpperCase(),
		align: 'right',
		text: ({ counts }) => (counts[name] === 0 ? '-' : numberText(counts[name])),
		paint: ({ counts }) => (isTrouble && counts[name] > 0 ? paint.warning : (text) => text),
	};
}
