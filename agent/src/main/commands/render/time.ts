/**
 * Times for people: the local zone and its name, and how long ago. And back: what a person types after `--since`.
 */

import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { spanText } from '../../../core/delivery/story.ts';
import type { View } from './view.ts';

type Zoned = Pick<View, 'zone'>;

function partsOf({ zone }: Zoned, ms: number): { readonly [part: string]: string } {
	const format = new Intl.DateTimeFormat('en-GB', {
		timeZone: zone,
		hourCycle: 'h23',
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
	});
	return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
}

/** `2026-11-24`. */
export function dayText(view: Zoned, ms: number): string {
	const { year, month, day } = partsOf(view, ms);
	return `${year}-${month}-${day}`;
}

/** `07:20:11`. */
export function clockText(view: Zoned, ms: number): string {
	const { hour, minute, second } = partsOf(view, ms);
	return `${hour}:${minute}:${second}`;
}

/** `11-24 07:20`, for tables whose title names the zone. */
export function shortTimeText(view: Zoned, ms: number): string {
	const { month, day, hour, minute } = partsOf(view, ms);
	return `${month}-${day} ${hour}:${minute}`;
}

/** Each knows the names that are usual at home: CET is British English, EST American. */
const localesWithNames = ['en-US', 'en-GB', 'en-CA', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA'];

/** `CET`, `EST`, else `GMT+9`; the name in force at `ms`, since clocks change. */
export function zoneText({ zone }: Zoned, ms: number): string {
	const names = localesWithNames.map(
		(locale) =>
			new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' })
				.formatToParts(ms)
				.find(({ type }) => type === 'timeZoneName')?.value ?? zone,
	);
	return names.find((name) => !/^(GMT|UTC)[+-]/.test(name)) ?? (names[0] as string);
}

/** `2026-11-24 07:20:11 CET`. */
export const timeText = (view: Zoned, ms: number): string =>
	`${dayText(view, ms)} ${clockText(view, ms)} ${zoneText(view, ms)}`;

/** `5 min ago`, `in 2.5 h`. */
export function relativeText(view: Pick<View, 'nowMs'>, ms: number): string {
	const apart = view.nowMs - ms;
	if (Math.abs(apart) < 1000) return 'now';
	return apart >= 0 ? `${spanText(apart)} ago` : `in ${spanText(-apart)}`;
}

/** `2026-11-24 07:20:11 CET (5 min ago)`. */
export const timeAndAgeText = (view: View, ms: number): string => `${timeText(view, ms)} (${relativeText(view, ms)})`;

const unitSeconds: { readonly [unit: string]: number } = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };
const span = /^(\d{1,6})\s?(s|m|min|h|d|w)$/;
const spanHint = 'such as 90s, 30m, 12h, 7d';

/** Seconds of `90s`, `30m`, `12h`, `7d`, `2w`. */
export function parseSpan(text: string): Result<number, string> {
	const found = span.exec(text.trim());
	if (found === null) return failed(`A duration ${spanHint}.`);
	return ok(Number(found[1]) * (unitSeconds[found[2] as string] as number));
}

const localTime = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/;
const zonedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** Offset of the zone at `ms`: what its clock shows, read as if it were UTC, less `ms`. */
function offsetMs(view: Zoned, ms: number): number {
	return Date.parse(`${dayText(view, ms)}T${clockText(view, ms)}Z`) - Math.floor(ms / 1000) * 1000;
}

/**
 * Epoch ms of what a person typed: how long ago (`2h`), a time in the local zone (`2026-11-24`, `2026-11-24 07:20`), or RFC 3339.
 * An hour that the zone has twice is taken as the first of the two.
 */
export function parseTime(text: string, view: Pick<View, 'nowMs' | 'zone'>): Result<number, string> {
	const trimmed = text.trim();
	const ago = parseSpan(trimmed);
	if (ago.ok) return ok(view.nowMs - ago.value * 1000);
	if (zonedTime.test(trimmed) && !Number.isNaN(Date.parse(trimmed))) return ok(Date.parse(trimmed));
	const found = localTime.exec(trimmed);
	if (found !== null) {
		const [, year, month, day, hour = '00', minute = '00', second = '00'] = found;
		const asUtc = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
		if (!Number.isNaN(asUtc)) {
			const before = asUtc - offsetMs(view, asUtc - 86_400_000);
			return ok(offsetMs(view, before) === asUtc - before ? before : asUtc - offsetMs(view, asUtc));
		}
	}
	return failed(`A time such as 2026-11-24, "2026-11-24 07:20", 2026-11-24T07:20:00Z, or how long ago, ${spanHint}.`);
}
