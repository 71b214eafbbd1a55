import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerDate } from './date.ts';
import { receivedLine, receivedToken } from './received.ts';

const hop = {
	origin: { peerAddress: '127.0.0.1', helo: 'host.test', protocol: 'esmtp' },
	name: 'relay.host.test',
	key: '3f9c0a',
	id: '01kbtest00001',
	nowMs: Date.UTC(2026, 10, 24, 6, 5, 4, 999),
} as const;

test('our Received line (RFC 5321 §4.4)', () => {
	assert.equal(
		receivedLine(hop),
		'Received: from host.test ([127.0.0.1])\r\n\tby relay.host.test (Sluice 3f9c0a)\r\n\twith ESMTP id 01kbtest00001; Tue, 24 Nov 2026 06:05:04 +0000\r\n',
	);
	assert.match(
		receivedLine({ ...hop, origin: { ...hop.origin, peerAddress: '2001:db8::1' } }),
		/\(\[IPv6:2001:db8::1\]\)/,
	);
});

test('it bears the mark by which we know it', () => {
	assert.ok(receivedLine(hop).includes(receivedToken(hop.key)));
	assert.equal(receivedToken('a)\r\nb'), '(Sluice ab)');
	assert.notEqual(receivedToken('3f9c0a'), receivedToken('3f9c0b'));
});

test('nothing a peer says adds a line, a comment or length', () => {
	const origin = {
		peerAddress: 'x'.repeat(5_000),
		helo: `a\r\nX-Evil: (1) jörg${'y'.repeat(5_000)}`,
		protocol: 'ESMTP\r\nX: 1',
	};
	const line = receivedLine({ ...hop, origin });
	assert.equal(line.split('\r\n').length, 4);
	assert.doesNotMatch(line, /^X-Evil|[^\t\r\n -~]/m);
	assert.match(line, /with SMTP id/);
	assert.ok(Math.max(...line.split('\r\n').map((one) => one.length)) < 998);
	assert.match(receivedLine({ ...hop, origin: { ...origin, helo: '' } }), /^Received: from unknown \(/);
});

test('dates in UTC, two digits for the time, one or two for the day (RFC 5322 §3.3)', () => {
	assert.equal(headerDate(0), 'Thu, 1 Jan 1970 00:00:00 +0000');
	assert.equal(headerDate(Date.UTC(2024, 1, 29, 23, 59, 59)), 'Thu, 29 Feb 2024 23:59:59 +0000');
});
