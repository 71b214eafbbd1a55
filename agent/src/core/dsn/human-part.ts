/**
 * The part of a report that people read: what happened, to whom, why, what to do next, what the server said, our id.
 *
 * Recipients with the same fate share a paragraph, so that a list of fifty typing mistakes stays readable. Plain ASCII but for
 * addresses.
 */
import { replyText } from '@sluice/shared/words/reply.ts';
import { isOwnReply } from '../delivery/own-replies.ts';
import { headerDate } from '../header/date.ts';
import { type Advice, advice } from './advice.ts';
import type { DsnKind } from './due.ts';
import {
	addressCharsMax,
	causeOf,
	type Report,
	type ReportedRecipient,
	recipientsExplainedMax,
	replyCharsMax,
} from './report.ts';
import { printable, readable, wrap } from './text.ts';

const openings: Readonly<Record<DsnKind, string>> = {
	failed: 'Your message could not be delivered to the recipients below. They did not get it, and we do not try again.',
	delayed:
		'Your message has not been delivered to the recipients below yet. You need not do anything: we keep it and keep trying.',
	relayed:
		'Your message was handed to the mail server of the recipients below, which does not send confirmations. You will hear no more of it unless it fails there.',
};

export const subjects: Readonly<Record<DsnKind, string>> = {
	failed: 'Your message was not delivered',
	delayed: 'Your message is delayed',
	relayed: 'Your message was handed on',
};

const subjectCharsMax = 120;

/** Lines without line ends; may hold characters beyond ASCII in addresses. */
export function humanPart(report: Report): readonly string[] {
	const { kind, record, recipients } = report;
	const shown = recipients.slice(0, recipientsExplainedMax);
	const lines = [...wrap(openings[kind], '', ''), ''];
	if (record.subject !== undefined && /^[ -~]+$/.test(record.subject) && !record.subject.includes('=?'))
		lines.push(`    Subject:    ${printable(record.subject, subjectCharsMax)}`);
	lines.push(`    Sent:       ${headerDate(record.acceptedMs)}`);
	const until = kind === 'delayed' ? recipients.find((one) => one.retryUntilMs !== undefined)?.retryUntilMs : undefined;
	if (until !== undefined) lines.push(`    Tries end:  ${headerDate(until)}`);
	for (const alike of groups(shown)) lines.push('', ...explained(kind, alike));
	if (recipients.length > shown.length)
		lines.push('', `... and ${recipients.length - shown.length} more recipients with the same message.`);
	lines.push(
		'',
		...wrap(
			`This report was written by the mail server ${printable(report.reportingMta, 255)}. If you ask your hosting provider for help, quote the id ${record.id}; you can also look it up under "Outgoing mail".`,
			'',
			'',
		),
	);
	return lines;
}

/** Recipients with the same cause, answer and reasons, in the order of their first. */
function groups(recipients: readonly ReportedRecipient[]): readonly (readonly ReportedRecipient[])[] {
	const found = new Map<string, ReportedRecipient[]>();
	for (const one of recipients) {
		const key = JSON.stringify([one.cause, one.reply, one.host, one.reasons]);
		const alike = found.get(key);
		if (alike === undefined) found.set(key, [one]);
		else alike.push(one);
	}
	return [...found.values()];
}

function explained(kind: DsnKind, alike: readonly ReportedRecipient[]): readonly string[] {
	const one = alike[0] as ReportedRecipient;
	const lines = alike.map((each) => `<${readable(each.recipient.address, addressCharsMax)}>`);
	if (kind === 'relayed')
		return one.host === undefined ? lines : [...lines, `    Handed to ${printable(one.host, 300)}.`];
	const { what, next } = adviceFor(one);
	lines.push(...wrap(kind === 'delayed' ? `Reason so far: ${what}` : what, '    ', '    '));
	for (const reason of one.reasons ?? []) lines.push(...wrap(printable(reason, replyCharsMax), '    ', '    '));
	if (kind === 'failed') lines.push(...wrap(next, '    ', '    '));
	if (one.reply !== undefined && !isOwnReply(one.reply)) {
		const host = one.host === undefined ? 'the receiving server' : printable(one.host, 300);
		lines.push(...wrap(`Answer of ${host}:`, '    ', '    '));
		lines.push(...wrap(printable(replyText(one.reply), replyCharsMax), '        ', '        '));
	}
	return lines;
}

/** Our own sentences are more exact than the cause they stand for; mail that ended on this server has reasons of its own. */
function adviceFor(one: ReportedRecipient): Advice {
	const general = advice[causeOf(one)];
	if (one.reply === undefined && one.reasons !== undefined && one.reasons.length > 0) return endedHere;
	const own = one.reply !== undefined && isOwnReply(one.reply) ? one.reply.lines[0] : undefined;
	if (own === undefined) return general;
	return { what: one.cause === 'expired' ? `${general.what} ${own}.` : `${own}.`, next: general.next };
}

const endedHere: Advice = {
	what: 'The message did not leave this server:',
	next: 'Ask your hosting provider about it soon, with the id below: for a few days the message can still be sent.',
};
