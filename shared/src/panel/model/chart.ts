/**
 * Numbers over time as a drawing: a small line beside a number (SVG, drawn by the server), and the data of a chart that uPlot draws,
 * each with a table of the same numbers for whoever does not see it.
 *
 * Times are shifted to the zone of the server here, so that the browser's own zone never shows. At most `pointsMax` points a series.
 */
import type { VolumeCount, VolumeDto, VolumeRowDto, VolumeSpan } from '../../contract/view-operations.ts';
import { clockText, type Zoned } from '../../words/moment.ts';
import { count } from '../text/numbers.ts';
import { near } from '../text/times.ts';
import type { Words } from './words.ts';

const pointsMax = 400;

export type Ink = 'ok' | 'wait' | 'hold' | 'bad' | 'off' | 'a' | 'b' | 'band';

export type Series = {
	readonly label: string;
	readonly ink: Ink;
	readonly as: 'bars' | 'line' | 'edge';
	readonly data: readonly (number | null)[];
	readonly dash?: readonly number[];
};

/** What `charts.js` reads from `data-chart`. */
export type Plot = {
	/** Texts under the axis and of each step; none is made in the browser. */
	readonly at: readonly string[];
	readonly ticks: readonly number[];
	readonly series: readonly Series[];
	readonly isStacked: boolean;
	/** Two series between which the band of what is usual lies, by their place. */
	readonly band?: readonly [number, number];
	/** Plots with one cursor. */
	readonly sync?: string;
};

export type LegendItem = { readonly ink: Ink; readonly text: string; readonly value: string; readonly isLine: boolean };

const sparkHeight = 24;
const top = 2;

/** `M0 20L50 2…` in a box of 100 by 26; undefined with fewer than two points. */
export function sparkPath(values: readonly number[]): string | undefined {
	if (values.length < 2) return undefined;
	const highest = Math.max(1, ...values);
	return values
		.map((value, index) => {
			const x = (index / (values.length - 1)) * 100;
			const y = sparkHeight - (value / highest) * (sparkHeight - top);
			return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
		})
		.join('');
}

/** `09:00`, `Tue 24 Nov`: when a step begins, as short as its span allows. */
export function stepText(zoned: Zoned, span: VolumeSpan, ms: number, nowMs: number): string {
	if (span === 'hour' || span === 'day') return clockText(zoned, ms);
	const text = near(zoned, ms, nowMs);
	if (span === 'week') return text;
	return text.replace(/,? ?\d\d:\d\d$/, '') || near(zoned, ms, nowMs + 3 * 86_400_000).replace(/, \d\d:\d\d$/, '');
}

/** About six places along the axis that have a text. */
export function ticksOf(points: number): readonly number[] {
	const step = Math.max(1, Math.ceil(points / 6));
	return Array.from({ length: Math.floor((points - 1) / step) + 1 }, (_, index) => index * step);
}

const seriesOf = (rows: readonly VolumeRowDto[], name: VolumeCount): readonly number[] => rows.map((row) => row[name]);

/** Those not delivered, most harmful last, so that it lies on top. */
const restCounts = ['held', 'waited', 'bounced', 'refused', 'expired', 'discarded'] as const;
const restInks: { readonly [C in (typeof restCounts)[number]]: Ink } = {
	held: 'hold',
	waited: 'wait',
	bounced: 'bad',
	refused: 'off',
	expired: 'b',
	discarded: 'a',
};

export type Numbers = {
	readonly columns: readonly string[];
	readonly rows: readonly { readonly at: string; readonly values: readonly string[] }[];
	readonly all: readonly string[];
};

export type VolumeChart = {
	readonly taken: Plot;
	readonly rest?: Plot;
	readonly takenLabel: string;
	readonly legend: readonly LegendItem[];
	readonly numbers: Numbers;
};

const numberColumns = [
	'accepted',
	'delivered',
	'held',
	'waited',
	'deferred',
	'bounced',
	'refused',
	'expired',
	'discarded',
] as const;

export function volumeChartOf(volume: VolumeDto, span: VolumeSpan, words: Words): VolumeChart {
	const { t, zoned, nowMs } = words;
	const rows = volume.items.slice(-pointsMax);
	const at = rows.map((row) => stepText(zoned, span, Date.parse(row.at), nowMs));
	const plot = { at, ticks: ticksOf(at.length), sync: 'volume' };
	const delivered = seriesOf(rows, 'delivered');
	const shown = restCounts.filter((name) => volume.total[name] > 0);
	const highest = Math.max(0, ...delivered);
	const columns = numberColumns.filter((name) => volume.total[name] > 0 || name === 'accepted' || name === 'delivered');
	return {
		taken: {
			...plot,
			isStacked: false,
			series: [{ label: t.outcomes.delivered, ink: 'ok', as: 'bars', data: delivered }],
		},
		...(shown.length === 0
			? {}
			: {
					rest: {
						...plot,
						isStacked: true,
						series: shown.map((name) => ({
							label: t.outcomes[name],
							ink: restInks[name],
							as: 'bars',
							data: seriesOf(rows, name),
						})),
					} as const,
				}),
		takenLabel: t.volumeLabel(t.spans[span].step, highest, at[delivered.indexOf(highest)] ?? ''),
		legend: (['delivered', ...shown] as const).map((name) => ({
			ink: name === 'delivered' ? 'ok' : restInks[name],
			text: t.outcomes[name],
			value: count(volume.total[name]),
			isLine: false,
		})),
		numbers: {
			columns: columns.map((name) => t.outcomes[name]),
			rows: rows.map((row, index) => ({
				at: at[index] as string,
				values: columns.map((name) => count(row[name])),
			})),
			all: columns.map((name) => count(volume.total[name])),
		},
	};
}
