/**
 * Fixed inputs for the tests of reports: one message, one clock, one order of chance.
 */
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { accepted } from '@sluice/shared/words/verdict.ts';
import type { Report, ReportedRecipient } from './report.ts';
import { bytesOf } from './text.ts';

const acceptedMs = Date.UTC(2026, 10, 24, 6, 35, 0);
export const attemptMs = acceptedMs + 90_000;
export const retryUntilMs = acceptedMs + 4 * 86_400_000;

export const wiring = 'X-Sluice-Sender: v=1; s=0123456789abcdef; id=1tABC-1; auth=\r\n';
const headerFields = [
	'Received: from site1 by host.test with local id 1tABC-1; Tue, 24 Nov 2026 06:34:59 +0000\r\n',
	'From: Ann <ann@site1.test>\r\n',
	'To: bob@example.net\r\n',
	'Subject: Offer for\r\n\tnext week\r\n',
	'Message-ID: <1@site1.test>\r\n',
];
export const storedHeader = headerFields.join('') + wiring;
export const storedBody = '\r\nHello Bob,\r\n..a line that began with a dot\r\nAnn\r\n';

export function recordOf(changes: Partial<MessageRecord> = {}): MessageRecord {
	const start = storedHeader.length - wiring.length;
	return {
		id: '01kbtest00001',
		acceptedMs,
		envelope: {
			reversePath: 'ann@site1.test',
			recipients: [{ address: 'bob@example.net' }],
			has8bit: false,
			smtpUtf8: false,
		},
		origin: { peerAddress: '127.0.0.1', helo: 'host.test', protocol: 'esmtp' },
		attribution: {
			account: 'site1',
			class: 'mailbox',
			certainty: 'proved',
			from: 'exim header',
			hint: { domain: 'site1.test', address: 'ann@site1.test' },
			alarms: [],
		},
		verdict: accepted,
		initial: 'queued',
		bodyBytes: storedHeader.length + storedBody.length,
		cuts: [[start, start + wiring.length]],
		subject: 'Offer for next week',
		headerFrom: 'Ann <ann@site1.test>',
		headerId: '<1@site1.test>',
		hops: 1,
		...changes,
	};
}

export const gone: ReportedRecipient = {
	recipient: { address: 'bob@example.net', orcpt: 'rfc822;robert+2Bsales@example.org' },
	reply: { code: 550, status: '5.1.1', lines: ['<bob@example.net>: Recipient address rejected:', 'User unknown'] },
	host: 'mx1.example.net [203.0.113.5]',
	cause: 'recipient-gone',
	lastAttemptMs: attemptMs,
};

/** A fixed draw: the same report every time. */
export function fixedRandom(): () => number {
	let state = 1;
	return () => {
		state = (state * 16_807) % 2_147_483_647;
		return state / 2_147_483_647;
	};
}

export function reportOf(changes: Partial<Report> = {}): Report {
	return {
		kind: 'failed',
		record: recordOf(),
		recipients: [gone],
		original: bytesOf(storedHeader + storedBody),
		reportingMta: 'host.test',
		from: 'mailer-daemon@host.test',
		id: '01kbtest00002',
		nowMs: attemptMs + 1_000,
		random: fixedRandom(),
		...changes,
	};
}
