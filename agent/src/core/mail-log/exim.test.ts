import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEximLine } from './exim.ts';

const at = new Date(2026, 10, 24, 9, 0, 1).getTime();
const id = '1vNabc-00000001Abc-0dEf';

test('arrivals: who handed it in, by login, by user, by nobody, by Exim itself', () => {
	const said = (text: string) => readEximLine(`2026-11-24 09:00:01 ${id} <= ${text}`);
	const arrival = { kind: 'arrival', queueId: id, atMs: at };
	assert.deepEqual(
		said(
			'info@site1.test H=(pc) [203.0.113.9]:5005 P=esmtpsa X=TLS1.3:x:256 CV=no A=dovecot_login:Info@Site1.test S=812 id=1@pc',
		),
		{ ...arrival, sender: { kind: 'mailbox', login: 'info@site1.test' }, reversePath: 'info@site1.test' },
	);
	assert.deepEqual(said('alice@host.test U=alice P=local S=400'), {
		...arrival,
		sender: { kind: 'unix', user: 'alice' },
		reversePath: 'alice@host.test',
	});
	assert.deepEqual(said('x@far.test H=mx.far.test [203.0.113.7]:25 P=esmtps S=1'), {
		...arrival,
		sender: { kind: 'relay', client: '203.0.113.7' },
		reversePath: 'x@far.test',
	});
	assert.deepEqual(said('<> R=1vNabc-000000019zz-1abc U=Debian-exim P=local S=1500'), {
		...arrival,
		sender: { kind: 'report' },
		reversePath: '',
	});
});

test('what a stranger wrote is never a field: subject, HELO, Message-ID', () => {
	const senderIn = (text: string) => {
		const found = readEximLine(`2026-11-24 09:00:01 ${id} <= x@y.test ${text}`);
		return typeof found === 'object' && found.kind === 'arrival' ? found.sender : found;
	};
	for (const text of [
		'H=(A=plain:victim@v.test) [203.0.113.7] P=esmtp S=1',
		'H=(a b A=plain:victim@v.test U=root) [203.0.113.7] P=esmtp S=1',
		'H=mx.test [203.0.113.7] P=esmtp S=1 id=a T="x A=plain:victim@v.test" for b@c.test',
		'H=mx.test [203.0.113.7] P=esmtp S=1 T="\\" A=plain:victim@v.test P=local U=root" for b@c.test',
		'H=mx.test [203.0.113.7] P=esmtp S=1 for A=plain:victim@v.test',
	])
		assert.deepEqual(senderIn(text), { kind: 'relay', client: '203.0.113.7' }, text);
});

test('deliveries: to another machine or not, and how they ended', () => {
	const said = (text: string) => {
		const found = readEximLine(`2026-11-24 09:00:02 ${id} ${text}`);
		return typeof found === 'object' && found.kind === 'recipient'
			? `${found.address} ${found.isRemote ? 'remote' : 'local'} ${found.outcome}`
			: found;
	};
	const cases = [
		['=> r@far.test R=lookuphost T=remote_smtp H=mx.far.test [203.0.113.7] C="250 ok"', 'r@far.test remote sent'],
		['-> s@far.test R=lookuphost T=remote_smtp H=mx.far.test [203.0.113.7]', 's@far.test remote sent'],
		[
			'=> info <info@site1.test> R=virtual_user T=dovecot_virtual_delivery C="250 2.0.0 ok"',
			'info@site1.test local sent',
		],
		['=> |/usr/bin/vacation <bob@site1.test> R=central_filter T=virtual_address_pipe', 'bob@site1.test local sent'],
		[
			'** r@far.test R=dnslookup T=remote_smtp H=mx.far.test [203.0.113.7]: SMTP error 550 no',
			'r@far.test remote failed',
		],
		['** gone@nowhere.test: Unrouteable address', 'gone@nowhere.test local failed'],
		['== r@far.test R=dnslookup T=remote_smtp defer (-44): 451 later', 'r@far.test remote deferred'],
		['=> r@far.test R=content T=scan_smtp H=localhost [127.0.0.1] C="250 ok"', 'r@far.test local sent'],
	] as const;
	for (const [line, expected] of cases) assert.equal(said(line), expected, line);
});

test('other lines, other times, and what is no line of this log', () => {
	const cases: readonly [string, unknown][] = [
		[`2026-11-24 09:00:03 ${id} Completed`, { kind: 'end', queueId: id }],
		['2026-11-24 09:00:03 1abcDE-000123-Ab Completed QT=1s', { kind: 'end', queueId: '1abcDE-000123-Ab' }],
		[
			`2026-11-24 09:00:03 [321] cwd=/home/alice/public_html 4 args: /usr/sbin/sendmail -t -i`,
			{ kind: 'directory', directory: '/home/alice/public_html', atMs: at + 2000, processId: '321' },
		],
		['2026-11-24 09:00:03 cwd=/var/spool/exim4 3 args: /usr/sbin/exim4 -Mc 1abcDE-000123-Ab', 'other'],
		['2026-11-24 09:00:03 cwd=/ 2 args: /usr/sbin/exim4 -qf', 'other'],
		['2026-11-24 09:00:03 cwd=/root 2 args: /usr/sbin/exim4 -bpc', 'other'],
		[
			`2026-11-24 09:00:03 ${id} Sender identification U=alice D=site1.test S=info@site1.test`,
			{ kind: 'about', queueId: id, account: 'alice' },
		],
		[`2026-11-24 09:00:03 ${id} SMTP error from remote mail server`, 'other'],
		['2026-11-24 09:00:03 Start queue run: pid=77', 'other'],
		['   continued', 'unknown'],
		['Nov 24 09:00:01 host postfix/qmgr[1]: ABC: removed', 'unknown'],
		['2026-13-41 09:00:03 Start queue run', 'unknown'],
		[`2026-11-24 09:00:03 ${id} <= `, 'unknown'],
	];
	for (const [line, expected] of cases) assert.deepEqual(readEximLine(line), expected, line);
	const zoned = readEximLine(`2026-11-24 09:00:01.250 +0130 [9] ${id} <= a@b.test U=a P=local S=1`);
	assert.equal(
		typeof zoned === 'object' && zoned.kind === 'arrival' && zoned.atMs,
		Date.UTC(2026, 10, 24, 7, 30, 1, 250),
	);
});
