/**
 * Times for people, in the zone of the server and never in the browser's: two people who speak about 09:42 mean the same moment.
 */

export type Zoned = { readonly zone: string };

const parts = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
	const known = parts.get(zone);
	if (known !== undefined) return known;
	const made = new Intl.DateTimeFormat('en-GB', {
		timeZone: zone,
		hourCycle: 'h23',
		weekday: 'short',
		day: 'numeric',
		month: 'short',
		year: 'numeric',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
	});
	parts.set(zone, made);
	return made;
}

function partsOf({ zone }: Zoned, ms: number): { readonly [part: string]: string } {
	return Object.fromEntries(
		formatOf(zone)
			.formatToParts(ms)
			.map(({ type, value }) => [type, value]),
	);
}

/** `09:42`. */
export function clock(zoned: Zoned, ms: number): string {
	const { hour, minute } = partsOf(zoned, ms);
	return `${hour}:${minute}`;
}

/** `09:42:10`. */
export const clockSeconds = (zoned: Zoned, ms: number): string => `${clock(zoned, ms)}:${partsOf(zoned, ms).second}`;

/** `24 Nov 2026`. */
export function day(zoned: Zoned, ms: number): string {
	const { day: date, month, year } = partsOf(zoned, ms);
	return `${date} ${month} ${year}`;
}

/** `Tue 24 Nov 2026, 09:42:10`. */
export const moment = (zoned: Zoned, ms: number): string =>
	`${partsOf(zoned, ms).weekday} ${day(zoned, ms)}, ${clockSeconds(zoned, ms)}`;

const dayMs = 86_400_000;

/** `09:42` today, `tomorrow, 09:42`, `yesterday, 09:42`, else `Wed 25 Nov, 09:42` with the year where it is another. */
export function near(zoned: Zoned, ms: number, nowMs: number, hasSeconds = false): string {
	const on = day(zoned, ms);
	const time = hasSeconds ? clockSeconds(zoned, ms) : clock(zoned, ms);
	if (on === day(zoned, nowMs)) return time;
	if (on === day(zoned, nowMs + dayMs)) return `tomorrow, ${time}`;
	if (on === day(zoned, nowMs - dayMs)) return `yesterday, ${time}`;
	const { weekday, day: date, month, year } = partsOf(zoned, ms);
	const shown = year === partsOf(zoned, nowMs).year ? `${date} ${month}` : `${date} ${month} ${year}`;
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
