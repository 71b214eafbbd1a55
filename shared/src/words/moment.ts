/**
 * A moment in the zone of the server, for pages and letters: two people who speak about 09:42 mean the same one.
 */

/** IANA name of the server's zone. */
export type Zoned = { readonly zone: string };

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
	const known = formats.get(zone);
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
	formats.set(zone, made);
	return made;
}

/** `weekday`, `day`, `month`, `year`, `hour`, `minute`, `second`, as people read them. */
export function partsOfMoment({ zone }: Zoned, ms: number): { readonly [part: string]: string } {
	return Object.fromEntries(
		formatOf(zone)
			.formatToParts(ms)
			.map(({ type, value }) => [type, value]),
	);
}

/** `24 Nov 2026`. */
export function dayText(zoned: Zoned, ms: number): string {
	const { day, month, year } = partsOfMoment(zoned, ms);
	return `${day} ${month} ${year}`;
}

/** `09:42`. */
export function clockText(zoned: Zoned, ms: number): string {
	const { hour, minute } = partsOfMoment(zoned, ms);
	return `${hour}:${minute}`;
}
