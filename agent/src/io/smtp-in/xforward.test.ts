import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readXforward } from './xforward.ts';

test('what Postfix says of an SMTP client', () => {
	assert.deepEqual(
		readXforward(
			'NAME=spike.one.test ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=spike+20one IDENT=4bX2Q1 SOURCE=REMOTE',
			{},
		),
		{
			name: 'spike.one.test',
			addr: '192.0.2.7',
			port: '4711',
			proto: 'ESMTP',
			helo: 'spike one',
			ident: '4bX2Q1',
			source: 'REMOTE',
		},
	);
});

test('commands add up, and what Postfix does not know is absent', () => {
	const first = readXforward('ADDR=IPv6:2001:db8::1 NAME=[UNAVAILABLE]', { helo: 'x', name: 'old' });
	assert.deepEqual(first, { helo: 'x', addr: '2001:db8::1' });
	assert.deepEqual(readXforward('source=LOCAL helo=[TEMPUNAVAIL]', first!), { addr: '2001:db8::1', source: 'LOCAL' });
});

test('encoded control characters do not get through, UTF-8 does', () => {
	assert.deepEqual(readXforward('HELO=a+0D+0Ab+00 NAME=b+C3+BCcher', {}), { helo: 'a??b?', name: 'bücher' });
});

test('malformed commands are refused whole', () => {
	for (const args of ['', ' ', 'NAME', 'LOGIN=x', 'NAME=a+', 'NAME=a+4', 'NAME=a+GG', '=x']) {
		assert.equal(readXforward(args, {}), undefined, args);
	}
});
