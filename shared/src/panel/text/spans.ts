/**
 * Lengths of time for people: under an hour in seconds and minutes, then in hours and minutes, then in days and hours.
 */
import { counted } from './numbers.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const joined = (first: string, rest: number, unit: string): string => (rest === 0 ? first : `${first} ${rest} ${unit}`);

/** `2 s`, `31 min 47 s`, `3 h 30 min`, `2 days 2 h`; never less than a second. */
export function spanText(ms: number): string {
	const seconds = Math.max(1, Math.round(ms / 1000));
	if (seconds < 60) return `${seconds} s`;
	if (ms < hourMs) return joined(`${Math.floor(seconds / 60)} min`, seconds % 60, 's');
	if (ms < dayMs) return joined(`${Math.floor(ms / hourMs)} h`, Math.floor((ms % hourMs) / minuteMs), 'min');
	return joined(counted(Math.floor(ms / dayMs), 'day', 'days'), Math.floor((ms % dayMs) / hourMs), 'h');
}
