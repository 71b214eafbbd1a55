/**
 * Reports against golden files (`UPDATE_GOLDEN=1` writes them anew; then read the diff), and read back by a MIME parser that is
 * not ours.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Reply } from '@sluice/shared/words/reply.ts';
import PostalMime from 'postal-mime';
import { ownReplies } from '../delivery/own-replies.ts';
import { composeDsn } from './compose.ts';
import type { Report, ReportedRecipient } from './report.ts';
import {
	recipientsExplainedMax,
	recipientsReportedMax,
	replyCharsMax,
	returnBytesMaxDefault,
	returnedHeaderBytesMax,
} from './report.ts';
import { attemptMs, gone, recordOf, reportOf, retryUntilMs, storedBody, storedHeader, wiring } from './testing.ts';
import { bytesOf, textOf } from './text.ts';

const utf8 = new TextDecoder();

/** What a receiver sees: the dots of transparency taken off (RFC 5321 §4.5.2). */
const unstuffed = (content: Uint8Array): Uint8Array => bytesOf(textOf(content).replace(/^\.\./gm, '.'));

const textFrom = (content: string | ArrayBuffer | Uint8Array): string =>
	typeof content === 'string' ? content : utf8.decode(content);

async function parts(report: Report) {
	const { content } = composeDsn(report);
	const mail = await PostalMime.parse(unstuffed(content), {
		attachmentEncoding: 'arraybuffer',
		forceRfc822Attachments: true,
	});
	const of = (...types: string[]) => {
		const found = mail.attachments.find((part) => types.includes(part.mimeType));
		return found === undefined ? undefined : textFrom(found.content);
	};
	return {
		mail,
		text: mail.text ?? '',
		status: of('message/delivery-status', 'message/global-delivery-status') ?? '',
		types: mail.attachments.map((part) => part.mimeType),
		original: of('text/rfc822-headers', 'message/rfc822', 'message/global-headers', 'message/global'),
	};
}

const delayed: ReportedRecipient = {
	recipient: { address: 'bob@example.net' },
	reply: { code: 451, status: '4.7.1', lines: ['Please come back later'] },
	host: 'mx1.example.net [203.0.113.5]',
	cause: 'policy',
	lastAttemptMs: attemptMs,
	retryUntilMs,
};

const fullRecord = recordOf({ envelope: { ...recordOf().envelope, ret: 'FULL', envid: 'order+2B17' } });

const goldens: Readonly<Record<string, Report>> = {
	failed: reportOf(),
	'failed-full': reportOf({ record: fullRecord }),
	'failed-many': reportOf({
		recipients: [
			gone,
			{ ...gone, recipient: { address: 'bo@example.net' } },
			{
				recipient: { address: 'eve@big.test' },
				reply: { code: 552, status: '5.2.2', lines: ['over quota'] },
				host: 'mx.big.test [203.0.113.9]',
				cause: 'mailbox-full',
				lastAttemptMs: attemptMs,
			},
			{
				recipient: { address: 'joe@null.test' },
				reply: ownReplies.nullMx,
				cause: 'recipient-gone',
				lastAttemptMs: attemptMs,
			},
		],
	}),
	expired: reportOf({
		recipients: [
			{ ...delayed, cause: 'expired' },
			{
				recipient: { address: 'kim@down.test' },
				reply: ownReplies.connectionTimedOut,
				cause: 'expired',
				lastAttemptMs: attemptMs,
			},
			{
				recipient: { address: 'leo@held.test' },
				cause: 'expired',
				reasons: ['The message was held for review for 7 days and nobody released it.'],
			},
		],
	}),
	delayed: reportOf({ kind: 'delayed', recipients: [delayed] }),
	relayed: reportOf({
		kind: 'relayed',
		recipients: [{ ...gone, reply: { code: 250, status: '2.0.0', lines: ['queued'] } }],
	}),
	international: reportOf({
		record: recordOf({
			envelope: {
				reversePath: 'jörg@bücher.test',
				recipients: [{ address: 'δοκιμή@παράδειγμα.test' }],
				has8bit: true,
				smtpUtf8: true,
			},
		}),
		recipients: [
			{ recipient: { address: 'δοκιμή@παράδειγμα.test' }, reply: ownReplies.utf8NotOffered, cause: 'protocol' },
		],
		original: new TextEncoder().encode(`From: Jörg <jörg@bücher.test>\r\n${storedBody}`),
	}),
};

for (const [name, report] of Object.entries(goldens))
	test(`golden report: ${name}`, () => {
		const path = `${import.meta.dirname}/golden/${name}.eml`;
		const { content } = composeDsn({ ...report, random: reportOf().random });
		if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, content);
		assert.equal(utf8.decode(content), readFileSync(path, 'utf8'));
	});

test('a report is never answered by a report: null reverse-path, NOTIFY=NEVER, Auto-Submitted', async () => {
	const { envelope } = composeDsn(reportOf());
	assert.deepEqual(envelope, {
		reversePath: '',
		recipients: [{ address: 'ann@site1.test', notify: ['NEVER'] }],
		has8bit: false,
		smtpUtf8: false,
	});
	const { mail } = await parts(reportOf());
	assert.equal(mail.headers.find(({ key }) => key === 'auto-submitted')?.value, 'auto-replied');
	assert.equal(mail.inReplyTo, '<1@site1.test>');
	assert.equal(mail.to?.[0]?.address, 'ann@site1.test');
});

test('parsed back: three parts, the fields of RFC 3464, the header without wiring lines', async () => {
	const { types, status, original, text } = await parts(
		reportOf({ record: recordOf({ envelope: fullRecord.envelope }), kind: 'delayed', recipients: [delayed] }),
	);
	assert.deepEqual(types, ['message/delivery-status', 'text/rfc822-headers']);
	assert.deepEqual(status.trim().split(/\r?\n/), [
		'Original-Envelope-Id: order+17',
		'Reporting-MTA: dns; host.test',
		'Received-From-MTA: dns; host.test',
		'Arrival-Date: Tue, 24 Nov 2026 06:35:00 +0000',
		'',
		'Final-Recipient: rfc822; bob@example.net',
		'Action: delayed',
		'Status: 4.7.1',
		'Remote-MTA: dns; mx1.example.net',
		'Diagnostic-Code: smtp; 451 4.7.1 Please come back later',
		'Last-Attempt-Date: Tue, 24 Nov 2026 06:36:30 +0000',
		'Will-Retry-Until: Sat, 28 Nov 2026 06:35:00 +0000',
	]);
	assert.equal(original?.replace(/\r/g, '').trimEnd(), storedHeader.replace(wiring, '').replace(/\r/g, '').trimEnd());
	assert.match(text, /451 4\.7\.1 Please come back later/);
});

test('RET=FULL returns the whole message, byte for byte but for the wiring lines; dots stay as they were', async () => {
	const { types, original } = await parts(goldens['failed-full'] as Report);
	assert.deepEqual(types, ['message/delivery-status', 'message/rfc822']);
	const sent = storedHeader.replace(wiring, '') + storedBody.replace('\n..', '\n.');
	assert.equal(original?.replace(/\r/g, '').trimEnd(), sent.replace(/\r/g, '').trimEnd());
});

test('RET=FULL is for failures only, and only up to the bound', async () => {
	const big = bytesOf(storedHeader + storedBody + 'x'.repeat(returnBytesMaxDefault));
	assert.deepEqual((await parts(reportOf({ record: fullRecord, original: big }))).types[1], 'text/rfc822-headers');
	assert.deepEqual((await parts(reportOf({ record: fullRecord, kind: 'delayed' }))).types[1], 'text/rfc822-headers');
	assert.deepEqual((await parts(reportOf({ record: fullRecord, returnBytesMax: 10 }))).types[1], 'text/rfc822-headers');
});

test('X-Sluice lines never leave, also when the record has no cut for them', async () => {
	const leaky = reportOf({ record: recordOf({ cuts: [], envelope: fullRecord.envelope }) });
	for (const report of [leaky, { ...leaky, kind: 'delayed' as const }])
		assert.doesNotMatch(textOf(composeDsn(report).content), /X-Sluice-Sender|0123456789abcdef/);
});

test('what the record cuts never leaves, whatever its name', async () => {
	const header = 'X-Mine: 1\r\nX-Local-Secret: 0123456789abcdef\r\nSubject: x\r\n';
	const record = recordOf({ cuts: [[11, 11 + 34]], envelope: fullRecord.envelope });
	const report = reportOf({ record, original: bytesOf(`${header}\r\nbody\r\n`) });
	for (const each of [report, { ...report, kind: 'delayed' as const }]) {
		const { original } = await parts(each);
		assert.match(original ?? '', /^X-Mine: 1\r?\nSubject: x/);
	}
});

test('what was cut from the content is not in a whole message that is returned', async () => {
	const text = 'Subject: x\r\n\r\nb\r\nX-Sluice-Sender: v=1; s=0123456789abcdef\r\n..c\r\n';
	const start = text.indexOf('X-Sluice');
	const record = recordOf({ cuts: [[start, text.indexOf('..c')]], envelope: fullRecord.envelope });
	const { original } = await parts(reportOf({ record, original: bytesOf(text) }));
	assert.equal(original?.replaceAll('\r\n', '\n').trimEnd(), 'Subject: x\n\nb\n.c');
});

test('a hostile answer, parameter or host adds no field, no part, no bare newline', async () => {
	const hostile: ReportedRecipient = {
		recipient: { address: 'bob@example.net', orcpt: 'rfc822;x+0D+0AAction:+20delivered+FF' },
		reply: {
			code: 550,
			lines: ['no\r\nAction: delivered\r\n\r\n--=_sluice', 'bell\u0007 and caf\u00e9', 'y'.repeat(5_000)],
		},
		host: 'mx\r\nX-Evil: 1 [203.0.113.5]',
		cause: 'unknown',
		lastAttemptMs: attemptMs,
	};
	const record = recordOf({
		subject: 'a\r\nBcc: x@y.test',
		headerId: '<1>\r\nBcc: x@y.test',
		envelope: { ...recordOf().envelope, envid: 'a+0D+0AX-Evil:+201' },
	});
	const report = reportOf({ record, recipients: [hostile] });
	const { status, mail, types } = await parts(report);
	assert.equal(
		mail.headers.find(({ key }) => key === 'bcc' || key === 'x-evil'),
		undefined,
	);
	assert.equal(types.length, 2);
	assert.deepEqual(status.match(/^Action: .*$/gm), ['Action: failed']);
	assert.doesNotMatch(status, /^X-Evil/m);
	const raw = textOf(composeDsn(report).content);
	assert.ok([...raw.replace(/\r\n/g, '')].every((char) => char >= ' ' || char === '\t'));
	assert.ok(Math.max(...raw.split('\r\n').map((line) => line.length)) < 999);
	assert.ok(status.length < 3 * replyCharsMax);
});

test('a report stays bounded whatever the message was', async () => {
	const many = Array.from({ length: 1_000 }, (_, index) => ({
		...gone,
		recipient: { address: `u${index}@example.net` },
	}));
	const header = `Subject: ${'x'.repeat(900)}\r\n`.repeat(1_000);
	const report = reportOf({
		recipients: many,
		original: bytesOf(`${header}\r\nbody\r\n`),
		record: recordOf({ cuts: [] }),
	});
	const { text, status, original } = await parts(report);
	assert.equal(text.match(/^<u\d+@/gm)?.length, recipientsExplainedMax);
	assert.match(text, new RegExp(`and ${1_000 - recipientsExplainedMax} more recipients`));
	assert.equal(status.match(/^Final-Recipient:/gm)?.length, recipientsReportedMax);
	assert.ok(original !== undefined && original.length <= returnedHeaderBytesMax);
	assert.ok(composeDsn(report).content.length < 200_000);
});

test('ten thousands of lines to cut are cut in one pass', () => {
	const pairs = 60_000;
	const header = 'X-Sluice-A: S\r\nX-B: b\r\n'.repeat(pairs);
	const pair = header.length / pairs;
	const cuts = Array.from({ length: pairs }, (_, index) => [index * pair, index * pair + 15] as const);
	const report = reportOf({ original: bytesOf(`${header}\r\nbody\r\n`), record: recordOf({ cuts }) });
	const began = performance.now();
	const text = textOf(composeDsn(report).content);
	assert.ok(performance.now() - began < 400);
	assert.ok(text.includes('X-B: b\r\nX-B: b\r\n') && !text.includes('Sluice-A'));
});

test('international addresses: utf-8 type, global parts, SMTPUTF8 only where envelope or header need it', async () => {
	const report = goldens.international as Report;
	const dsn = composeDsn(report);
	assert.deepEqual([dsn.envelope.smtpUtf8, dsn.envelope.has8bit], [true, true]);
	const { types, status } = await parts(report);
	assert.deepEqual(types, ['message/global-delivery-status', 'message/global-headers']);
	assert.match(status, /^Final-Recipient: utf-8; δοκιμή@παράδειγμα\.test$/m);
	const toAscii = reportOf({ recipients: report.recipients });
	assert.equal(composeDsn(toAscii).envelope.smtpUtf8, false);
});

test('a recipient without a cause is explained by its answer', async () => {
	const { cause: _, ...plain } = gone;
	const told = async (reply: Reply) => (await parts(reportOf({ recipients: [{ ...plain, reply }] }))).text;
	assert.match(await told(gone.reply as Reply), /does not exist/);
	assert.match(await told({ code: 552, lines: ['mailbox is full'] }), /mailbox is full\./);
	assert.match(await told(ownReplies.nullMx), /null MX/);
});

test('without the message at hand the report has two parts', async () => {
	const { original: _, ...rest } = reportOf();
	assert.deepEqual((await parts(rest)).types, ['message/delivery-status']);
});

test('the boundary cannot be known beforehand', () => {
	const one = textOf(composeDsn(reportOf()).content);
	const other = textOf(composeDsn({ ...reportOf(), random: Math.random }).content);
	assert.notEqual(one, other);
});
