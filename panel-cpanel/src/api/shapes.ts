/**
 * What we read of cPanel's answers: accounts, domains, packages, mailboxes. Only these fields; everything else in a row is never looked at.
 *
 * Source: the documented field lists of listaccts, accountsummary, get_domain_info, listpkgs (WHM API 1) and Email::list_pops (UAPI). Field
 * types are those that have been seen, not those that are promised (loose.ts).
 */
import { z } from 'zod';
import { looseBound, looseCount, looseFlag, looseText, textOf } from './loose.ts';

/** What cPanel lets a user be called, and names of older servers. */
export const userShape = /^[a-z_][a-z0-9_.-]{0,31}$/i;

const userName = looseText.refine((text): text is string => text !== undefined && userShape.test(text));

export const accountShape = z.looseObject({ user: userName }).transform((row) => ({
	user: row.user as string,
	uid: looseCount.parse(row.uid),
	domain: looseText.parse(row.domain)?.toLowerCase(),
	owner: looseText.parse(row.owner),
	plan: looseText.parse(row.plan),
	email: looseText.parse(row.email),
	isSuspended: looseFlag.parse(row.suspended),
	isOutgoingHeld: looseFlag.parse(row.outgoing_mail_hold),
	isOutgoingSuspended: looseFlag.parse(row.outgoing_mail_suspended),
	hourMessages: looseBound.parse(row.max_email_per_hour),
	failPercent: looseBound.parse(row.max_defer_fail_percentage),
	startMs: startOf(row.unix_startdate, row.startdate),
}));
export type CpanelAccount = z.output<typeof accountShape>;

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Epoch seconds, else `13 May 22 16:03` (year, month, day), which is in the server's zone and read as UTC. */
function startOf(seconds: unknown, written: unknown): number | undefined {
	const count = looseCount.parse(seconds);
	// Beyond 2100 it is no date, and the agent would refuse the list for it.
	if (count !== undefined && count > 0 && count < 4_102_444_800) return count * 1000;
	const found = /^(\d\d) ([a-z]{3}) (\d\d?)(?: (\d\d?):(\d\d))?$/i.exec(textOf(written) ?? '');
	const month = months.indexOf(found?.[2]?.toLowerCase() ?? '');
	if (found === null || month < 0) return undefined;
	const [, year, , day, hour = '0', minute = '0'] = found;
	return Date.UTC(2000 + Number(year), month, Number(day), Number(hour), Number(minute));
}

export const domainShape = z
	.looseObject({ domain: looseText.refine((text) => text !== undefined), user: userName })
	.transform((row) => ({
		domain: (row.domain as string).toLowerCase(),
		user: row.user as string,
		kind: looseText.parse(row.domain_type)?.toLowerCase(),
	}));
export type CpanelDomain = z.output<typeof domainShape>;

/** Keys of our package extension: `sluice_hour_recipients` and so on. */
const extensionPrefix = 'sluice_';

export const packageShape = z
	.looseObject({ name: looseText.refine((text) => text !== undefined) })
	.transform((row) => ({
		name: row.name as string,
		hourMessages: looseBound.parse(row.MAX_EMAIL_PER_HOUR),
		failPercent: looseBound.parse(row.MAX_DEFER_FAIL_PERCENTAGE),
		isExtended: (looseText.parse(row._PACKAGE_EXTENSIONS) ?? '').split(/[\s,]+/).includes('sluice'),
		extension: extensionOf(row),
	}));
export type CpanelPackage = z.output<typeof packageShape>;

/** Our keys of a row, lower case. */
export function extensionOf(row: { readonly [key: string]: unknown }): { readonly [key: string]: string } {
	return Object.fromEntries(
		Object.entries(row)
			.filter(([key]) => key.toLowerCase().startsWith(extensionPrefix))
			.map(([key, value]) => [key.toLowerCase(), textOf(value) ?? '']),
	);
}

/** An entry of list_pops; the account itself stands among them by its user name, without an @. */
export const mailboxShape = z
	.union([z.string().transform((email) => ({ email })), z.looseObject({ email: z.unknown() })])
	.transform(({ email }) => textOf(email)?.toLowerCase() ?? '');
