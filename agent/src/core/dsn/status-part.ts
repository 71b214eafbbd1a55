/**
 * The part of a report that programs read: one block about the message, one for each recipient. RFC 3464 §2.
 *
 * Addresses beyond ASCII have the address type `utf-8` and make the whole part message/global-delivery-status (RFC 6533 §3, §4).
 */
import { isPermanent, type Reply, replyText } from '@sluice/shared/words/reply.ts';
import type { Cause } from '@sluice/shared/words/response.ts';
import { isOwnReply } from '../delivery/own-replies.ts';
import { statusOf } from '../delivery/reply-text.ts';
import { headerDate } from '../header/date.ts';
import type { DsnKind } from './due.ts';
import {
	addressCharsMax,
	causeOf,
	type Report,
	type ReportedRecipient,
	recipientsReportedMax,
	replyCharsMax,
} from './report.ts';
import { field, isBeyondAscii, printable, readable, xtextDecoded } from './text.ts';

/** Lines without line ends; characters beyond ASCII only in addresses. */
export function statusPart(report: Report): readonly string[] {
	const { record } = report;
	const lines: string[] = [];
	// RFC 3464 §2.2.1: as the sender gave it, decoded.
	if (record.envelope.envid !== undefined)
		lines.push(...field('Original-Envelope-Id', printable(xtextDecoded(record.envelope.envid), addressCharsMax)));
	lines.push(...field('Reporting-MTA', `dns; ${printable(report.reportingMta, 255)}`));
	if (record.origin.helo !== '')
		lines.push(...field('Received-From-MTA', `dns; ${printable(record.origin.helo, 255)}`));
	lines.push(`Arrival-Date: ${headerDate(record.acceptedMs)}`);
	for (const one of report.recipients.slice(0, recipientsReportedMax))
		lines.push('', ...recipientBlock(report.kind, one));
	return lines;
}

function recipientBlock(kind: DsnKind, one: ReportedRecipient): readonly string[] {
	const { address, orcpt } = one.recipient;
	const lines: string[] = [];
	if (orcpt !== undefined) lines.push(...field('Original-Recipient', originalRecipient(orcpt)));
	const type = isBeyondAscii(address) ? 'utf-8' : 'rfc822';
	lines.push(...field('Final-Recipient', `${type}; ${readable(address, addressCharsMax)}`));
	lines.push(`Action: ${kind}`, `Status: ${dsnStatus(kind, one)}`);
	if (one.host !== undefined)
		lines.push(...field('Remote-MTA', `dns; ${printable(one.host.split(' ')[0] ?? '', 255)}`));
	if (one.reply !== undefined && kind !== 'relayed')
		lines.push(...field('Diagnostic-Code', `${isOwnReply(one.reply) ? 'x-sluice' : 'smtp'}; ${diagnostic(one.reply)}`));
	if (one.lastAttemptMs !== undefined) lines.push(`Last-Attempt-Date: ${headerDate(one.lastAttemptMs)}`);
	// RFC 3464 §2.3.9: of delays only.
	if (kind === 'delayed' && one.retryUntilMs !== undefined)
		lines.push(`Will-Retry-Until: ${headerDate(one.retryUntilMs)}`);
	return lines;
}

const diagnostic = (reply: Reply): string =>
	printable(isOwnReply(reply) ? (reply.lines[0] ?? '') : replyText(reply), replyCharsMax);

/** `rfc822;user+2Bx@host` as given, decoded (RFC 3461 §4.2); bytes that make no field become `?`. */
function originalRecipient(orcpt: string): string {
	const semicolon = orcpt.indexOf(';');
	if (semicolon <= 0) return `rfc822; ${readable(xtextDecoded(orcpt), addressCharsMax)}`;
	const type = printable(orcpt.slice(0, semicolon), 40);
	const value = orcpt.slice(semicolon + 1);
	// What stood as characters may stay; what hides in hex pairs must be ASCII.
	const decoded = value.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => {
		const byte = Number.parseInt(hex, 16);
		return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
	});
	return `${type}; ${readable(decoded, addressCharsMax)}`;
}

const statusByCause: Readonly<Record<Cause, string>> = {
	'recipient-gone': '1.1',
	'mailbox-full': '2.2',
	content: '6.0',
	'sender-auth': '7.1',
	'our-ip': '7.1',
	'our-domain': '7.1',
	rate: '7.28',
	greylist: '7.1',
	'destination-down': '4.1',
	policy: '7.1',
	size: '3.4',
	protocol: '5.0',
	expired: '4.7',
	unknown: '0.0',
};

/**
 * The status field: the server's where it gave one, else one that says what we know. Its class is that of the action, except that
 * expired mail is 4.4.7 by its definition (RFC 3463 §3.5) although the action is `failed`.
 */
export function dsnStatus(kind: DsnKind, one: ReportedRecipient): string {
	if (kind === 'relayed') return '2.0.0';
	if (one.cause === 'expired') return '4.4.7';
	const said = one.reply === undefined ? undefined : statusOf(one.reply);
	const wanted = kind === 'failed' ? '5' : '4';
	if (said !== undefined) {
		// A 5yz that we take for temporary, or the other way round, keeps subject and detail.
		const isSame =
			said.startsWith(wanted) || (one.reply !== undefined && isPermanent(one.reply) !== (kind === 'failed'));
		if (isSame) return `${wanted}${said.slice(1)}`;
	}
	return `${wanted}.${statusByCause[causeOf(one)]}`;
}
