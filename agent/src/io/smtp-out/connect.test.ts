import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import type { DialFailure, DialTarget } from '../../ports/smtp-out.ts';
import type { Peer } from './scripted-server.ts';
import type { StageTimeouts } from './settings.ts';
import { lab, messageTo, serverCertificate, targetAt, testAuthority } from './testing.ts';
import { credentialsMayBeSeen } from './tls-policy.ts';

const trust = { tls: { ca: testAuthority() } };
const auth = { user: 'me', password: 'secret' };
/** base64 of `\0me\0secret`. */
const plain = 'AUTH PLAIN AG1lAHNlY3JldA==';

/** Dials once and gives the failure. */
async function failureOf(
	script: (peer: Peer, index: number) => Promise<void>,
	target: Partial<DialTarget> = {},
	timeouts: Partial<StageTimeouts> = {},
): Promise<DialFailure> {
	const { dialer, stop, ...rest } = await lab(script, { target, timeouts, settings: trust });
	const connected = await dialer.connect(rest.target);
	await stop();
	assert.equal(connected.ok, false);
	assert.equal(dialer.connections, 0);
	return connected.ok ? { stage: 'connect' } : connected.error;
}

test('connect: refused, a source address that is not here, no answer', async () => {
	const listener = net.createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => listener.once('listening', resolve));
	const { port } = listener.address() as net.AddressInfo;
	await new Promise((resolve) => listener.close(resolve));
	const { dialer, stop } = await lab(async () => {});
	assert.deepEqual(await dialer.connect(targetAt(port)), {
		ok: false,
		error: { stage: 'connect', error: 'connect ECONNREFUSED' },
	});
	assert.deepEqual(await dialer.connect(targetAt(port, { sourceAddress: '192.0.2.1' })), {
		ok: false,
		error: { stage: 'connect', error: 'bind EADDRNOTAVAIL' },
	});
	await stop();
});

test('greeting: refused, closed, cut short, silent, no SMTP, endless', async () => {
	assert.deepEqual(
		await failureOf(async (peer) => {
			peer.say('554-5.7.1 you are', '554 5.7.1 on a list');
			await peer.ended();
		}),
		{ stage: 'greeting', reply: { code: 554, status: '5.7.1', lines: ['you are', 'on a list'] } },
	);
	assert.deepEqual(
		await failureOf(async (peer) => {
			peer.say('421 too busy');
			peer.close();
		}),
		{ stage: 'greeting', reply: { code: 421, lines: ['too busy'] } },
	);
	assert.equal((await failureOf(async (peer) => peer.close())).error, 'Connection closed unexpectedly');
	assert.deepEqual(
		await failureOf(async (peer) => {
			peer.write('554 no CRLF');
			peer.close();
		}),
		{ stage: 'greeting', reply: { code: 554, lines: ['no CRLF'] } },
	);
	assert.deepEqual(await failureOf((peer) => peer.ended(), {}, { greetingMs: 40 }), {
		stage: 'greeting',
		error: 'time-out',
	});
	const http = await failureOf(async (peer) => peer.say('HTTP/1.1 400 Bad Request'));
	assert.equal(http.stage, 'greeting');
	assert.equal(http.reply, undefined);
	const endless = await failureOf(async (peer) => peer.write(`220-${'x'.repeat(80_000)}`));
	assert.equal(endless.stage, 'greeting');
	assert.match(endless.error ?? '', /exceeds/);
});

test('EHLO: HELO where it is not known, refused both, closed, silent', async () => {
	const { connect, dialer, stop } = await lab(async (peer) => {
		peer.say('220 old.test ready');
		await peer.expect('EHLO client.test');
		peer.say('502 what');
		await peer.expect('HELO client.test');
		peer.say('250-old.test', '250 PIPELINING');
		await peer.ended();
	});
	const connection = await connect();
	assert.equal(connection.greetingName, 'old.test');
	assert.equal(connection.extensions.pipelining, false);
	dialer.giveBack(connection);
	await stop();

	assert.deepEqual(
		await failureOf(async (peer) => {
			peer.say('220 mx.test');
			await peer.expect('EHLO');
			peer.say('550 bad name');
			await peer.expect('HELO');
			peer.say('550 5.7.1 bad name');
			await peer.ended();
		}),
		{ stage: 'ehlo', reply: { code: 550, status: '5.7.1', lines: ['bad name'] } },
	);
	const closed = await failureOf(async (peer) => {
		peer.say('220 mx.test');
		await peer.expect('EHLO');
		peer.close();
	});
	assert.equal(closed.stage, 'ehlo');
	const silent = await failureOf(
		async (peer) => {
			peer.say('220 mx.test');
			await peer.expect('EHLO');
			await peer.ended();
		},
		{},
		{ ehloMs: 40 },
	);
	assert.deepEqual(silent, { stage: 'ehlo', error: 'time-out' });
});

/** Up to the handshake of STARTTLS, and one message after it. */
async function securedSink(peer: Peer, kind: 'good' | 'bad'): Promise<void> {
	await peer.greet('PIPELINING', 'STARTTLS');
	await peer.expect('STARTTLS');
	peer.say('220 go');
	await peer.startTls(serverCertificate(kind));
	await peer.expect('EHLO');
	peer.offer('PIPELINING', 'DSN');
	for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
	peer.say('250 ok', '250 ok', '354 go');
	await peer.content();
	peer.say('250 ok');
	await peer.ended();
}

test('STARTTLS: required and verified; the offer under TLS is the one that counts', async () => {
	for (const policy of ['required', 'opportunistic'] as const) {
		const { connect, dialer, stop } = await lab((peer) => securedSink(peer, 'good'), {
			target: { tls: policy },
			settings: trust,
		});
		const connection = await connect();
		assert.equal(connection.tls, 'TLSv1.3');
		assert.equal(connection.extensions.dsn, true);
		assert.equal((await connection.transact(messageTo(['a@two.test']))).end?.code, 250);
		dialer.giveBack(connection);
		await stop();
	}
});

test('STARTTLS with a bad certificate: taken where opportunistic, refused where required', async () => {
	const { connect, dialer, stop } = await lab((peer) => securedSink(peer, 'bad'), {
		target: { tls: 'opportunistic' },
		settings: trust,
	});
	const connection = await connect();
	assert.equal(connection.tls, 'TLSv1.3');
	await connection.transact(messageTo(['a@two.test']));
	dialer.giveBack(connection);
	await stop();

	const refused = async (kind: 'good' | 'bad', host: string): Promise<DialFailure> =>
		await failureOf(
			async (peer) => {
				await peer.greet('STARTTLS');
				await peer.expect('STARTTLS');
				peer.say('220 go');
				await peer.startTls(serverCertificate(kind)).catch(() => {});
				await peer.ended().catch(() => {});
			},
			{ tls: 'required', host },
		);
	assert.deepEqual(await refused('bad', 'mx.sink.test'), { stage: 'tls', error: 'CERT_HAS_EXPIRED' });
	assert.deepEqual(await refused('good', 'mx.other.example'), { stage: 'tls', error: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('STARTTLS required and refused or not offered', async () => {
	assert.deepEqual(
		await failureOf(
			async (peer) => {
				await peer.greet('STARTTLS');
				await peer.expect('STARTTLS');
				peer.say('454 4.7.0 no key');
				await peer.ended();
			},
			{ tls: 'required' },
		),
		{ stage: 'tls', reply: { code: 454, status: '4.7.0', lines: ['no key'] } },
	);
	assert.deepEqual(
		await failureOf(
			async (peer) => {
				await peer.greet();
				await peer.expect('STARTTLS');
				peer.say('502 what');
				await peer.ended();
			},
			{ tls: 'required' },
		),
		{ stage: 'tls', reply: { code: 502, lines: ['what'] } },
	);
});

const breakages: readonly [string, (peer: Peer) => Promise<void>][] = [
	['refused', async (peer) => peer.say('454 4.7.0 not now')],
	[
		'refused with 421',
		async (peer) => {
			peer.say('421 not now');
			peer.close();
		},
	],
	[
		'garbage in the handshake',
		async (peer) => {
			peer.say('220 go');
			await peer.bytes(1);
			peer.say('this is no TLS');
		},
	],
	[
		'closed in the handshake',
		async (peer) => {
			peer.say('220 go');
			peer.close();
		},
	],
	[
		'reset in the handshake',
		async (peer) => {
			peer.say('220 go');
			peer.reset();
		},
	],
	['silent in the handshake', async (peer) => peer.say('220 go')],
];

for (const [what, act] of breakages) {
	test(`opportunistic TLS, ${what}: a second connection in the clear, the third at once`, async () => {
		const { connect, stop, server } = await lab(
			async (peer, index) => {
				await peer.greet('PIPELINING', 'STARTTLS');
				if (index === 0) {
					await peer.expect('STARTTLS');
					await act(peer);
					await peer.ended().catch(() => {});
				} else {
					await peer.ended();
				}
			},
			{ target: { tls: 'opportunistic' }, timeouts: { tlsMs: 100 }, settings: trust },
		);
		const connection = await connect();
		assert.equal(connection.tls, undefined);
		assert.equal(connection.usable, true);
		assert.equal(server.connections, 2);
		connection.close();
		(await connect()).close();
		assert.equal(server.connections, 3);
		await stop();
	});
}

test('a connection verified for one name is not used for another', async () => {
	const { dialer, stop, server, target } = await lab(
		async (peer) => {
			await peer.greet('STARTTLS');
			await peer.expect('STARTTLS');
			peer.say('220 go');
			await peer.startTls(serverCertificate('good'));
			await peer.expect('EHLO');
			peer.offer();
			await peer.ended();
		},
		{ target: { tls: 'required' }, settings: trust },
	);
	for (const host of ['mx.sink.test', 'mx2.sink.test', 'mx.sink.test']) {
		const connected = await dialer.connect({ ...target, host });
		assert.equal(connected.ok, true);
		if (connected.ok) dialer.giveBack(connected.value);
	}
	assert.equal(server.connections, 2);
	await stop();
});

test('what a stranger slips in before the handshake is not believed (RFC 3207 §6)', async () => {
	const { connect, dialer, stop } = await lab(
		async (peer) => {
			await peer.greet('STARTTLS');
			await peer.expect('STARTTLS');
			peer.say('220 go', '250-evil.test', '250 DSN');
			await peer.startTls(serverCertificate('good'));
			await peer.expect('EHLO');
			peer.offer('PIPELINING');
			await peer.ended();
		},
		{ target: { tls: 'required' }, settings: trust },
	);
	const connection = await connect();
	assert.equal(connection.extensions.dsn, false);
	assert.equal(connection.extensions.pipelining, true);
	dialer.giveBack(connection);
	await stop();
});

test('credentials go in the clear to this machine only, or by policy', () => {
	assert.equal(credentialsMayBeSeen(targetAt(25, { auth })), true);
	assert.equal(credentialsMayBeSeen(targetAt(25, { auth, address: '::1' })), true);
	assert.equal(credentialsMayBeSeen(targetAt(25, { auth, address: '192.0.2.1' })), false);
	assert.equal(credentialsMayBeSeen(targetAt(25, { address: '192.0.2.1' })), true);
});

test('implicit TLS: verified where required, never in the clear', async () => {
	const script = async (peer: Peer): Promise<void> => {
		await peer.startTls(serverCertificate('good'));
		await peer.greet('PIPELINING');
		await peer.ended();
	};
	for (const tls of ['required', 'opportunistic', 'none'] as const) {
		const { connect, dialer, stop } = await lab(script, { target: { tls, implicitTls: true }, settings: trust });
		const connection = await connect();
		assert.equal(connection.tls, 'TLSv1.3');
		assert.equal(connection.greetingName, 'mx.test');
		dialer.giveBack(connection);
		await stop();
	}
	const clear = await failureOf(
		async (peer) => {
			peer.say('220 mx.test in the clear');
			await peer.ended().catch(() => {});
		},
		{ tls: 'opportunistic', implicitTls: true },
	);
	assert.equal(clear.stage, 'tls');
	const silent = await failureOf((peer) => peer.ended().catch(() => {}), { implicitTls: true }, { tlsMs: 40 });
	assert.deepEqual(silent, { stage: 'tls', error: 'time-out' });
});

test('AUTH: accepted, refused, not offered, silent', async () => {
	const { connect, dialer, stop } = await lab(
		async (peer) => {
			await peer.greet('AUTH PLAIN LOGIN', 'PIPELINING');
			await peer.expect(plain);
			peer.say('235 2.7.0 welcome');
			await peer.ended();
		},
		{ target: { auth } },
	);
	const connection = await connect();
	assert.equal(connection.extensions.pipelining, true);
	dialer.giveBack(connection);
	await stop();

	const refused = async (peer: Peer): Promise<void> => {
		await peer.greet('AUTH LOGIN');
		await peer.expect('AUTH LOGIN');
		peer.say('334 VXNlcm5hbWU6');
		await peer.expect('bWU=');
		peer.say('334 UGFzc3dvcmQ6');
		await peer.expect('c2VjcmV0');
		peer.say('535-5.7.8 bad', '535 5.7.8 password');
		await peer.ended();
	};
	assert.deepEqual(await failureOf(refused, { auth }), {
		stage: 'auth',
		reply: { code: 535, status: '5.7.8', lines: ['bad', 'password'] },
	});
	const notOffered = await failureOf(
		async (peer) => {
			await peer.greet();
			await peer.ended();
		},
		{ auth },
	);
	assert.deepEqual(notOffered, { stage: 'auth', error: 'the server offers no authentication' });
	const silent = await failureOf(
		async (peer) => {
			await peer.greet('AUTH PLAIN');
			await peer.expect('AUTH');
			await peer.ended();
		},
		{ auth },
		{ authMs: 40 },
	);
	assert.deepEqual(silent, { stage: 'auth', error: 'time-out' });
});

test('a server that says more than it was asked is dropped, not believed', async () => {
	const { connect, dialer, stop } = await lab(async (peer) => {
		peer.say('220 mx.test');
		await peer.expect('EHLO');
		peer.say('250-mx.test', '250 PIPELINING', '250 ok', '250 ok', '354 go', '250 queued');
		await peer.ended().catch(() => {});
	});
	const connection = await connect();
	const report = await connection.transact(messageTo(['a@two.test']));
	assert.equal(report.end, undefined);
	assert.equal(report.lost?.stage, 'mail');
	dialer.giveBack(connection);
	await stop();
});
