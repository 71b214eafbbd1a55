import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPostfixLine } from './postfix.ts';

const endMs = new Date(2026, 10, 24, 12, 0, 0).getTime();
const at = new Date(2026, 10, 24, 9, 0, 1).getTime();
const read = (text: string, stamp = 'Nov 24 09:00:01') => readPostfixLine(`${stamp} host ${text}`, endMs);

test('arrivals: by login, by user, by nobody', () => {
	const arrival = { kind: 'arrival', queueId: '4F2A1B3C5D', atMs: at };
	assert.deepEqual(
		read(
			'postfix/submission/smtpd[9]: 4F2A1B3C5D: client=pc.far.test[203.0.113.9], sasl_method=PLAIN, sasl_username=Info@Site1.test',
		),
		{ ...arrival, sender: { kind: 'mailbox', login: 'info@site1.test' } },
	);
	assert.deepEqual(read('postfix/pickup[9]: 4F2A1B3C5D: uid=10001 from=<alice>'), {
		...arrival,
		sender: { kind: 'unix', uid: 10001 },
		reversePath: 'alice',
	});
	assert.deepEqual(read('postfix/smtpd[9]: 4F2A1B3C5D: client=unknown[2001:db8::1]'), {
		...arrival,
		sender: { kind: 'relay', client: '2001:db8::1' },
	});
});

test('deliveries, filters, reports, ends', () => {
	const cases: readonly [string, unknown][] = [
		[
			'postfix/smtp[9]: 4F2A1B3C5D: to=<r@far.test>, relay=mx.far.test[203.0.113.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)',
			{ kind: 'recipient', queueId: '4F2A1B3C5D', address: 'r@far.test', isRemote: true, outcome: 'sent' },
		],
		[
			'postfix/smtp[9]: 4F2A1B3C5D: to=<r@far.test>, orig_to=<alias>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to mx: refused)',
			{ kind: 'recipient', queueId: '4F2A1B3C5D', address: 'r@far.test', isRemote: true, outcome: 'deferred' },
		],
		[
			'postfix/smtp[9]: 4F2A1B3C5D: to=<r@far.test>, relay=mx.far.test[203.0.113.7]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host said: status=sent queued as 4F2A1B3C5E)',
			{ kind: 'recipient', queueId: '4F2A1B3C5D', address: 'r@far.test', isRemote: true, outcome: 'failed' },
		],
		[
			'postfix/smtp[9]: 4F2A1B3C5D: to=<r@far.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F2A1B3C5E)',
			{ kind: 'passedOn', queueId: '4F2A1B3C5D', as: '4F2A1B3C5E' },
		],
		[
			'postfix/lmtp[9]: 4F2A1B3C5D: to=<info@site1.test>, relay=host[private/dovecot-lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)',
			{ kind: 'recipient', queueId: '4F2A1B3C5D', address: 'info@site1.test', isRemote: false, outcome: 'sent' },
		],
		[
			'postfix/bounce[9]: 4F2A1B3C5D: sender non-delivery notification: 4F2A1B3C5F',
			{ kind: 'report', queueId: '4F2A1B3C5F' },
		],
		['postfix/qmgr[9]: 3xKzWq5Tn9zQ: removed', { kind: 'end', queueId: '3xKzWq5Tn9zQ' }],
		[
			'postfix/qmgr[9]: 4F2A1B3C5D: from=<a@site1.test>, size=400, nrcpt=2 (queue active)',
			{ kind: 'about', queueId: '4F2A1B3C5D', reversePath: 'a@site1.test' },
		],
	];
	for (const [line, expected] of cases) assert.deepEqual(read(line), expected, line);
});

test('other programs, other lines, and what is no line of such a log', () => {
	const cases: readonly [string, string][] = [
		['dovecot: imap-login: Login: user=<a>, rip=1.2.3.4', 'foreign'],
		['postfix/smtpd[9]: connect from unknown[203.0.113.9]', 'other'],
		['postfix/cleanup[9]: 4F2A1B3C5D: message-id=<x@y>', 'other'],
		['postfix/smtpd[9]: NOQUEUE: reject: RCPT from x[1.2.3.4]: 554 5.7.1', 'other'],
		['postfix/smtp[9]: 4F2A1B3C5D: to=<r@far.test>, cut off', 'unknown'],
	];
	for (const [line, expected] of cases) assert.equal(read(line), expected, line);
	assert.equal(readPostfixLine('2026-11-24 09:00:01 1abcDE-000123-Ab Completed', endMs), 'unknown');
	assert.equal(readPostfixLine('\u0000\u0001', endMs), 'unknown');
});

test('times: RFC 3339 as it says, the old form in the year before the file ends', () => {
	const timeIn = (stamp: string) => {
		const found = read('postfix/pickup[9]: 4F2A1B3C5D: uid=1 from=<a>', stamp);
		return typeof found === 'object' && found.kind === 'arrival' ? found.atMs : found;
	};
	assert.equal(timeIn('2026-11-24T09:00:01.500000+01:00'), Date.UTC(2026, 10, 24, 8, 0, 1, 500));
	assert.equal(timeIn('Dec  3 09:00:01'), new Date(2025, 11, 3, 9, 0, 1).getTime());
	assert.equal(timeIn('Nov 24 23:00:01'), new Date(2026, 10, 24, 23, 0, 1).getTime());
});
