/**
 * What an account used over time, against its limit and against what is usual for it.
 *
 * Usual is the range of the same hours on the days before, from steps of four hours, which is what is kept for a week; below four days
 * of counts nothing is called usual. A limit is drawn where a step is as long as its window; far above the drawing it is only told.
 */
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { VolumeDto, VolumeSpan } from '../../contract/view-operations.ts';
import type { LimitRule } from '../../words/limits.ts';
import { count } from '../text/numbers.ts';
import { type LegendItem, type Numbers, type Plot, type Series, stepText, ticksOf } from './chart.ts';
import { effectiveFor } from './rule-words.ts';
import type { Words } from './words.ts';

export const useSpans = ['day', 'week', 'month'] as const;
export type UseSpan = (typeof useSpans)[number];

const daysNeeded = 4;
/** A limit so many times above the highest step would press the line flat. */
const drawnRatioMax = 10;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const slotMs = 4 * hourMs;

export type Usual = { readonly low: number; readonly high: number };

/** For each begin of an hour: the range of the same four hours on the days before it, an hour's share of them. Undefined: too few. */
export function usualOf(
	week: VolumeDto,
	hours: readonly number[],
): { readonly days: number; readonly at: readonly (Usual | undefined)[] } | undefined {
	const sinceMs = Date.parse(week.since);
	const slots = week.items.map((row) => ({ fromMs: Date.parse(row.at), value: row.charged }));
	let days = 0;
	const at = hours.map((hour) => {
		const same = slots.filter(
			({ fromMs }) => fromMs >= sinceMs && hour - fromMs >= dayMs && (hour - fromMs) % dayMs < slotMs,
		);
		days = Math.max(days, same.length);
		if (same.length < daysNeeded) return undefined;
		const shares = same.map(({ value }) => value / (slotMs / hourMs));
		return { low: Math.floor(Math.min(...shares)), high: Math.ceil(Math.max(...shares)) };
	});
	return at.some((one) => one !== undefined) ? { days, at } : undefined;
}

export type UseChart = {
	readonly plot: Plot;
	readonly label: string;
	readonly legend: readonly LegendItem[];
	readonly numbers: Numbers;
	readonly notes: readonly string[];
	readonly isEmpty: boolean;
};

/** The rule whose window is as long as a step. */
const ruleOf: { readonly [S in VolumeSpan]: LimitRule | undefined } = {
	hour: undefined,
	day: 'hour.recipients',
	week: undefined,
	month: 'day.recipients',
};

/** What stands in the table of numbers, column by column. */
const numbered = ['charged', 'waited', 'held', 'delivered', 'bounced'] as const;
const countsOf = (row: VolumeDto['total']): readonly string[] => numbered.map((name) => count(row[name]));

export function useChartOf(
	{
		volume,
		week,
		view,
	}: { readonly volume: VolumeDto; readonly week: VolumeDto | undefined; readonly view: LimitsView },
	span: UseSpan,
	words: Words,
): UseChart {
	const { t, zoned, nowMs } = words;
	const { step } = t.spans[span];
	const used = volume.items.map(({ charged }) => charged);
	const starts = volume.items.map((row) => Date.parse(row.at));
	const at = starts.map((ms) => stepText(zoned, span, ms, nowMs));
	const highest = Math.max(0, ...used);
	const rule = ruleOf[span];
	const limit = rule === undefined ? undefined : effectiveFor(view, rule);
	const isDrawn = limit !== undefined && limit.value <= Math.max(1, highest) * drawnRatioMax;
	const usual = span === 'day' && week !== undefined ? usualOf(week, starts) : undefined;
	const series: readonly Series[] = [
		{ label: t.useCounted, ink: 'a', as: 'line', data: used },
		...(isDrawn
			? [{ label: t.useLimit(''), ink: 'off', as: 'line', data: used.map(() => limit.value), dash: [5, 4] } as const]
			: []),
		...(usual === undefined
			? []
			: ([
					{ label: 'low', ink: 'band', as: 'edge', data: usual.at.map((one) => one?.low ?? null) },
					{ label: 'high', ink: 'band', as: 'edge', data: usual.at.map((one) => one?.high ?? null) },
				] as const)),
	];
	const last = usual?.at.at(-1);
	return {
		plot: {
			at,
			ticks: ticksOf(at.length),
			series,
			isStacked: false,
			...(usual === undefined ? {} : { band: [series.length - 2, series.length - 1] as const }),
		},
		label: t.useLabel(step, highest, at[used.indexOf(highest)] ?? ''),
		legend: [
			{ ink: 'a', text: t.useCounted, value: count(volume.total.charged), isLine: true },
			...(isDrawn && rule !== undefined
				? [
						{
							ink: 'off',
							text: t.useLimit(''),
							value: `${count(limit.value)} ${t.rules[rule].span}`,
							isLine: true,
						} as const,
					]
				: []),
			...(last === undefined
				? []
				: [{ ink: 'band', text: t.useUsual, value: `${count(last.low)}–${count(last.high)}`, isLine: false } as const]),
		],
		numbers: {
			columns: numbered.map((name) => t.outcomes[name]),
			rows: volume.items.map((row, index) => ({ at: at[index] as string, values: countsOf(row) })),
			all: countsOf(volume.total),
		},
		notes: [
			...(limit !== undefined && !isDrawn ? [t.useLimitAbove(limit.text)] : []),
			...(span !== 'day' ? [] : [usual === undefined ? t.useUsualNot : t.useUsualFrom(usual.days)]),
		],
		isEmpty: highest === 0,
	};
}
