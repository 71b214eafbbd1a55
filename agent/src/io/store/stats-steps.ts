/**
 * Where the steps of stats.db begin. Moments and hours by the world's clock; days by the calendar of the server's zone, so that
 * "yesterday" is what whoever reads it calls so: 23 or 25 hours where the clocks change.
 */
import type { StepSize } from '../../ports/stats.ts';

export const momentSeconds = 300;
export const hourSeconds = 3600;

/** Epoch seconds of the midnight before. */
export function dayBegin(second: number): number {
	const date = new Date(second * 1000);
	return Math.floor(date.setHours(0, 0, 0, 0) / 1000);
}

/** Begin of the step that a second is in. */
export function stepBegin(size: StepSize, second: number): number {
	if (size === 'day') return dayBegin(second);
	const seconds = size === 'hour' ? hourSeconds : momentSeconds;
	return second - (second % seconds);
}
