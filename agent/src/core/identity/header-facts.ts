/**
 * One walk over the fields: what people read (Subject, From), what the loop bound counts, what the header claims to be, which
 * fields are ours and are cut, and where Received and wiring fields stand.
 *
 * Nothing here decides who sent the message. RFC 5322 §3.6, RFC 3834 §5 (Auto-Submitted), RFC 2919 (List-Id).
 */

import { type Address, domainOf, localPartOf } from '@sluice/shared/words/address.ts';
import type { Cut } from '@sluice/shared/words/message.ts';
import { readableText } from '../header/bytes.ts';
import { beginsWith, type HeaderField, isNamed, rawValue, scanHeader } from '../header/scan.ts';
import type { Claim, HeaderFacts } from './facts.ts';

/** Characters of a header that are kept for people and search. */
export const headerFactCharsMax = 300;

const wiringPrefix = 'x-sluice';
const wiringName = 'x-sluice-sender';

export type HeaderReading = {
	readonly fields: readonly HeaderField[];
	readonly facts: HeaderFacts;
	readonly cuts: readonly Cut[];
	/** Received fields, topmost first. */
	readonly received: readonly HeaderField[];
	/** Fields whose name is the wiring header's to the byte (case apart). */
	readonly wiring: readonly HeaderField[];
	/** Fields whose name only begins like ours. */
	readonly lookAlikes: number;
	/** Script as PHP names it: a tenant writes what he likes. */
	readonly claimedScript?: string;
};

export function readHeader(text: string, ownReceivedToken: string | undefined): HeaderReading {
	const fields = scanHeader(text);
	const received: HeaderField[] = [];
	const wiring: HeaderField[] = [];
	const cuts: [number, number][] = [];
	const found: Found = {};
	let lookAlikes = 0;
	for (const field of fields) {
		const first = text.charCodeAt(field.start) | 0x20;
		if (first === 0x78 && beginsWith(text, field.start, wiringPrefix)) {
			addCut(cuts, field);
			if (isNamed(text, field, wiringName)) wiring.push(field);
			else lookAlikes++;
		} else if (first === 0x72 && isNamed(text, field, 'received')) received.push(field);
		else note(text, field, found);
	}
	return {
		fields,
		received,
		wiring,
		lookAlikes,
		cuts,
		facts: factsOf(found, received.length, ownReceived(text, received, ownReceivedToken)),
		...(found.script === undefined ? {} : { claimedScript: readableText(found.script, headerFactCharsMax) }),
	};
}

/** First occurrence of each name counts: it is what mail programs show. */
type Found = {
	subject?: string;
	from?: string;
	id?: string;
	autoSubmitted?: string;
	script?: string;
	isCron?: boolean;
	isList?: boolean;
	isReport?: boolean;
	isAutoreply?: boolean;
};

function note(text: string, field: HeaderField, found: Found): void {
	// The length of the name picks the few that can match; most fields end here after one comparison.
	switch (field.nameEnd - field.start) {
		case 4:
			if (found.from === undefined && isNamed(text, field, 'from')) found.from = rawValue(text, field);
			return;
		case 7:
			if (found.subject === undefined && isNamed(text, field, 'subject')) found.subject = rawValue(text, field);
			else if (isNamed(text, field, 'list-id')) found.isList = true;
			return;
		case 10:
			if (found.id === undefined && isNamed(text, field, 'message-id')) found.id = rawValue(text, field);
			else if (isNamed(text, field, 'x-cron-env')) found.isCron = true;
			else if (isNamed(text, field, 'precedence')) notePrecedence(rawValue(text, field), found);
			return;
		case 11:
			if (isNamed(text, field, 'x-autoreply')) found.isAutoreply = true;
			return;
		case 12:
			if (isNamed(text, field, 'content-type'))
				found.isReport ||= beginsWith(rawValue(text, field), 0, 'multipart/report');
			else if (found.script === undefined && isNamed(text, field, 'x-php-script')) found.script = rawValue(text, field);
			return;
		case 13:
			if (isNamed(text, field, 'x-autorespond')) found.isAutoreply = true;
			return;
		case 14:
			if (isNamed(text, field, 'auto-submitted')) found.autoSubmitted ??= rawValue(text, field);
			return;
		case 24:
			if (isNamed(text, field, 'x-php-originating-script')) found.script = rawValue(text, field);
			return;
	}
}

/** Not standard, but older than Auto-Submitted and still what autoresponders of panels write. */
function notePrecedence(value: string, found: Found): void {
	if (beginsWith(value, 0, 'list')) found.isList = true;
	else if (beginsWith(value, 0, 'auto_reply')) found.isAutoreply = true;
}

function factsOf(found: Found, hops: number, own: HeaderFacts['ownReceived']): HeaderFacts {
	const autoSubmitted = found.autoSubmitted === undefined ? undefined : keywordOf(found.autoSubmitted);
	const claims: Claim[] = [];
	if (found.isCron || isCronDaemon(found)) claims.push('cron');
	if (found.isList) claims.push('list');
	if (found.isAutoreply || (autoSubmitted !== undefined && autoSubmitted !== 'no')) claims.push('autoreply');
	if (found.isReport) claims.push('report');
	return {
		...(found.subject === undefined ? {} : { subject: readableText(found.subject, headerFactCharsMax) }),
		...(found.from === undefined ? {} : { headerFrom: readableText(found.from, headerFactCharsMax) }),
		...(found.id === undefined ? {} : { headerId: readableText(found.id, headerFactCharsMax) }),
		...(autoSubmitted === undefined ? {} : { autoSubmitted }),
		fromAddress: found.from === undefined ? '' : addressIn(found.from),
		hops,
		ownReceived: own,
		claims,
	};
}

/** `"(Cron Daemon)" <root@host>` with `Cron <root@host> command` as subject: cronie's and Vixie cron's way. */
const isCronDaemon = (found: Found): boolean =>
	found.subject?.startsWith('Cron <') === true &&
	found.from !== undefined &&
	/Cron ?Daemon/.test(found.from.slice(0, headerFactCharsMax));

/** `auto-replied; owner-email=…` → `auto-replied`. Anything unreadable is no keyword. */
function keywordOf(value: string): string | undefined {
	return /^[a-z-]{1,40}/.exec(value.slice(0, 40).toLowerCase())?.[0];
}

/**
 * The address in a From value, good enough for a name in reports: the last `<…>`, else the word around the last `@`.
 * `''` when there is none. The domain is lower-cased.
 */
function addressIn(value: string): Address {
	const bounded = value.slice(0, headerFactCharsMax * 4);
	const close = bounded.lastIndexOf('>');
	const open = close < 0 ? -1 : bounded.lastIndexOf('<', close);
	const inner = open >= 0 ? bounded.slice(open + 1, close) : (lastWordWithAt(bounded) ?? '');
	const domain = domainOf(inner);
	if (domain === '' || !/^[\x21-\x7e\x80-\xff]+$/.test(inner)) return '';
	return readableText(`${localPartOf(inner)}@${domain}`, headerFactCharsMax);
}

const lastWordWithAt = (value: string): string | undefined =>
	value.split(/[\s,;()]+/).findLast((word) => word.includes('@'));

/** The token is searched once through the block; only where it is found the fields are asked. */
function ownReceived(
	text: string,
	received: readonly HeaderField[],
	token: string | undefined,
): HeaderFacts['ownReceived'] {
	if (token === undefined || token === '' || !text.includes(token)) return { count: 0, isDirect: false };
	let count = 0;
	let isDirect = false;
	for (const [index, field] of received.entries()) {
		if (!text.slice(field.start, field.end).includes(token)) continue;
		count++;
		isDirect ||= index <= 1;
	}
	return { count, isDirect };
}

/** A message brings at most a handful of fields to cut. Beyond this what stands between two of them goes with them. */
export const cutsMax = 500;

/** Neighbours become one range. */
function addCut(cuts: [number, number][], field: HeaderField): void {
	const last = cuts.at(-1);
	if (last !== undefined && (last[1] === field.start || cuts.length === cutsMax)) last[1] = field.end;
	else cuts.push([field.start, field.end]);
}
