/**
 * A delivery status notification as a message of its own: multipart/report with a text for people, fields for programs, and the
 * message or its header.
 *
 * The null reverse-path and NOTIFY=NEVER keep it from being answered by another report (RFC 3461 §6.1, RFC 5321 §4.5.5);
 * Auto-Submitted keeps autoresponders quiet (RFC 3834 §5). Content is as the spool stores it: CRLF, dot-stuffed, without the
 * dot line. Bounded by the constants of report.ts, whatever the message was.
 *
 * Pure: date, id and boundary come from the arguments. Not here: whether a report is due (due.ts), its own Received line.
 * RFC 3462/6522 (multipart/report), RFC 3464, RFC 6533.
 */

import { needsUtf8 } from '@sluice/shared/words/address.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { headerDate } from '../header/date.ts';
import { humanPart, subjects } from './human-part.ts';
import { type OriginalPart, originalPart } from './original-part.ts';
import { addressCharsMax, type Report } from './report.ts';
import { statusPart } from './status-part.ts';
import { bytesOf, isBeyondAscii, printable, readable, utf8Bytes, wireLines } from './text.ts';

export type ComposedDsn = {
	readonly envelope: Envelope;
	readonly content: Uint8Array;
	/** Facts for the record of the report. */
	readonly subject: string;
	readonly headerFrom: string;
	readonly headerId: string;
};

/** The report about the recipients given, to the message's reverse-path (which must not be null). */
export function composeDsn(report: Report): ComposedDsn {
	const { record, kind } = report;
	const to = record.envelope.reversePath;
	const boundary = `=_sluice_${report.id}_${token(report.random, boundaryTokenChars)}`;
	const headerFrom = `Mail Delivery System <${printable(report.from, addressCharsMax)}>`;
	const headerId = `<${report.id}.dsn@${printable(report.reportingMta, 255)}>`;
	const human = humanPart(report);
	const status = statusPart(report);
	const original = originalPart(report);
	const reply = record.headerId?.trim();
	const isGlobal = status.some(isBeyondAscii);
	const humanIsBeyond = human.some(isBeyondAscii);
	const top = [
		`From: ${headerFrom}`,
		`To: <${readable(to, addressCharsMax)}>`,
		`Subject: ${subjects[kind]}`,
		`Date: ${headerDate(report.nowMs)}`,
		`Message-ID: ${headerId}`,
		// An id with anything odd in it is not repeated in our header.
		...(reply !== undefined && /^<[!-;=?-~]{1,250}>$/.test(reply)
			? [`In-Reply-To: ${reply}`, `References: ${reply}`]
			: []),
		'Auto-Submitted: auto-replied',
		'MIME-Version: 1.0',
		// A multipart is at least what its parts are (RFC 2045 §6.4).
		...encoding(humanIsBeyond || isGlobal || original?.has8bit === true),
		'Content-Type: multipart/report; report-type=delivery-status;',
		`\tboundary="${boundary}"`,
		'',
		'This is a report in MIME format (RFC 3464).',
		'',
	];
	const head = utf8Bytes(
		wireLines([
			...top,
			`--${boundary}`,
			`Content-Type: text/plain; charset=${humanIsBeyond ? 'utf-8' : 'us-ascii'}`,
			...encoding(humanIsBeyond),
			'Content-Description: What happened',
			'',
			...human,
			'',
			`--${boundary}`,
			`Content-Type: message/${isGlobal ? 'global-delivery-status' : 'delivery-status'}`,
			...encoding(isGlobal),
			'Content-Description: Delivery report',
			'',
			...status,
			'',
		]),
	);
	const text =
		head + (original === undefined ? '' : originalBlock(boundary, original)) + wireLines([`--${boundary}--`]);
	return {
		envelope: {
			reversePath: '',
			recipients: [{ address: to, notify: ['NEVER'] }],
			has8bit: isBeyondAscii(text),
			// Only what stands in the envelope or in the report's own header needs it (RFC 6531 §3.2).
			smtpUtf8: needsUtf8(to),
		},
		content: bytesOf(text),
		subject: subjects[kind],
		headerFrom,
		headerId,
	};
}

function originalBlock(boundary: string, original: OriginalPart): string {
	const isWhole = original.type === 'message/rfc822' || original.type === 'message/global';
	const head = wireLines([
		`--${boundary}`,
		`Content-Type: ${original.type}`,
		...encoding(original.has8bit),
		`Content-Description: ${isWhole ? 'Your message' : 'Header of your message'}`,
		'',
	]);
	return `${head}${original.content}\r\n`;
}

/** 7bit is the default and is not said (RFC 2045 §6.1). */
const encoding = (has8bit: boolean): readonly string[] => (has8bit ? ['Content-Transfer-Encoding: 8bit'] : []);

const boundaryTokenChars = 16;
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Not to be guessed by who wrote the message, so that nothing in it can end a part. */
function token(random: () => number, chars: number): string {
	return Array.from({ length: chars }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}
