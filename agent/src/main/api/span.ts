/**
 * The steps of a span of time, as charts have them: the present step last, as many before it as make the span, and once more as many.
 *
 * Hours and five minutes by the world's clock; four hours and days by that of the server's zone, since a day is what people there call
 * so. Where the clocks change a step is an hour longer or shorter.
 */
import type { VolumeSpan } from '@sluice/shared/contract/view-operations.ts';
import { dayBegin, hourSeconds, momentSeconds, stepBegin } from '../../io/store/stats-steps.ts';
import type { StepSize } from '../../ports/stats.ts';

export type Span = {
	readonly stepSeconds: number;
	/** Rows that the steps are made of. */
	readonly size: StepSize;
	/** Epoch seconds, ascending: begins of the steps. */
	readonly steps: readonly number[];
	readonly before: readonly number[];
	/** Where the last step ends. */
	readonly end: number;
};

const fourHours = 4 * hourSeconds;
const daySeconds = 24 * hourSeconds;

type Shape = {
	readonly stepSeconds: number;
	readonly count: number;
	readonly size: StepSize;
	readonly begin: (second: number) => number;
};

function quarterBegin(second: number): number {
	const date = new Date(second * 1000);
	return Math.floor(date.setHours(date.getHours() - (date.getHours() % 4), 0, 0, 0) / 1000);
}

const shapes: { readonly [S in VolumeSpan]: Shape } = {
	hour: { stepSeconds: momentSeconds, count: 12, size: 'moment', begin: (second) => stepBegin('moment', second) },
	day: { stepSeconds: hourSeconds, count: 24, size: 'hour', begin: (second) => stepBegin('hour', second) },
	week: { stepSeconds: fourHours, count: 42, size: 'hour', begin: quarterBegin },
	month: { stepSeconds: daySeconds, count: 30, size: 'day', begin: dayBegin },
};

export function spanOf(name: VolumeSpan, nowMs: number): Span {
	const { stepSeconds, count, size, begin } = shapes[name];
	const last = begin(Math.floor(nowMs / 1000));
	const steps = [last];
	while (steps.length < 2 * count) steps.push(begin((steps.at(-1) as number) - 1));
	steps.reverse();
	return {
		stepSeconds,
		size,
		steps: steps.slice(count),
		before: steps.slice(0, count),
		// The middle of the step behind it, however long this one is.
		end: begin(last + 1.5 * stepSeconds),
	};
}

/** Begins of the rows between two seconds. A row belongs to the step in which it begins. */
export function rowsBetween(size: StepSize, from: number, to: number): readonly number[] {
	const seconds = size === 'day' ? daySeconds : size === 'hour' ? hourSeconds : momentSeconds;
	const rows: number[] = [];
	const first = stepBegin(size, from);
	for (let row = first < from ? stepBegin(size, first + 1.5 * seconds) : first; row < to; ) {
		rows.push(row);
		row = stepBegin(size, row + 1.5 * seconds);
	}
	return rows;
}
