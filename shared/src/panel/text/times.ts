/**
 * Times for people, in the zone of the server and never in the browser's: two people who speak about 09:42 mean the same moment.
 */

import { clockText, dayText, partsOfMoment, type Zoned } from '../../words/moment.ts';

/** `09:42:10`. */
const clockSeconds = (zoned: Zoned, ms: number): string => `${clockText(zoned, ms)}:${partsOfMoment(zoned, ms).second}`;

/** `Tue 24 Nov 2026, 09:42:10`. */
export const moment = (zoned: Zoned, ms: number): string =>
	`${partsOfMoment(zoned, ms).weekday} ${dayText(zoned, ms)}, ${clockSeconds(zoned, ms)}`;

const dayMs = 86_400_000;

/** `09:42` today, `tomorrow, 09:42`, `yesterday, 09:42`, else `Wed 25 Nov, 09:42` with the year where it is another. */
export function near(zoned: Zoned, ms: number, nowMs: number, hasSeconds = false): string {
	const on = dayText(zoned, ms);
	const time = hasSeconds ? clockSeconds(zoned, ms) : clockText(zoned, ms);
	if (on === dayText(zoned, nowMs)) return time;
	if (on === dayText(zoned, nowMs + dayMs)) return `tomorrow, ${time}`;
	if (on === dayText(zoned, nowMs - dayMs)) return `yesterday, ${time}`;
	const { weekday, day: date, month, year } = partsOfMoment(zoned, ms);
	const shown = year === partsOfMoment(zoned, nowMs).year ? `${date} ${month}` : `${date} ${month} ${year}`;
	return `${weekday} ${shown}, ${time}`;
}

/** Minutes east of UTC at that moment. */
function offsetMinutes(zoned: Zoned, ms: number): number {
	const name = new Intl.DateTimeFormat('en', { timeZone: zoned.zone, timeZoneName: 'longOffset' })
		.formatToParts(ms)
		.find(({ type }) => type === 'timeZoneName')?.value;
	const found = /([+-])(\d\d):(\d\d)/.exec(name ?? '');
	if (found === null) return 0;
	const [, sign, hours, minutes] = found;
	return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** `Europe/Berlin (UTC+1)`. */
export function zoneText(zoned: Zoned, ms: number): string {
	const minutes = offsetMinutes(zoned, ms);
	const hours = Math.trunc(Math.abs(minutes) / 60);
	const rest = Math.abs(minutes) % 60;
	const offset =
		minutes === 0
			? 'UTC'
			: `UTC${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
	return zoned.zone === 'UTC' ? 'UTC' : `${zoned.zone} (${offset})`;
}

/** The same time of the clock one day later, whatever the clocks do meanwhile; in whole minutes, so that the words are the moment. */
export function tomorrowMs(zoned: Zoned, nowMs: number): number {
	const later = nowMs + dayMs;
	const shiftMs = (offsetMinutes(zoned, nowMs) - offsetMinutes(zoned, later)) * 60_000;
	return Math.floor((later + shiftMs) / 60_000) * 60_000;
}

/** Begin of a day (`2026-11-24`) by the clock of the server; undefined: no such day. */
export function dayStartMs(zoned: Zoned, day: string): number | undefined {
	const utcMs = Date.parse(`${day}T00:00:00Z`);
	if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(utcMs)) return undefined;
	// Twice, for the day on which the clocks change.
	const firstMs = utcMs - offsetMinutes(zoned, utcMs) * 60_000;
	return utcMs - offsetMinutes(zoned, firstMs) * 60_000;
}

/** `2026-11-24`: the day of the server in which a moment lies, as fields for dates have it. */
export const dayOf = (zoned: Zoned, ms: number): string =>
	new Date(ms + offsetMinutes(zoned, ms) * 60_000).toISOString().slice(0, 10);
