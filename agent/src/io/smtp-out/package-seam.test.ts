/**
 * What handshake.ts relies on in nodemailer beyond its documented interface. When an upgrade breaks one of these,
 * read docs/adr/0004 before mending it here.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { handshake, PACKAGE_LISTENERS } from './handshake.ts';
import { type Peer, ScriptedServer } from './scripted-server.ts';
import { dialerDefaults } from './settings.ts';
import { serverCertificate, targetAt, testAuthority } from './testing.ts';

async function secureScript(peer: Peer): Promise<void> {
	await peer.greet('STARTTLS');
	await peer.expect('STARTTLS');
	peer.say('220 go');
	await peer.startTls(serverCertificate('good'));
	await peer.expect('EHLO');
	peer.offer('PIPELINING');
	await assert.rejects(peer.bytes(1), /ended/);
}

test('the listeners have the names by which they are taken off', () => {
	const connection = new SMTPConnection() as unknown as Record<string, unknown>;
	for (const name of Object.values(PACKAGE_LISTENERS)) assert.equal(typeof connection[name], 'function', name);
	assert.ok('_socket' in connection);
});

test('the transaction log shows each command and reply, in order, with replies as they came', async () => {
	const server = await ScriptedServer.start(secureScript);
	const socket = net.connect(server.port, '127.0.0.1');
	await once(socket, 'connect');
	const seen: string[] = [];
	const connection = new SMTPConnection({
		connection: socket,
		host: 'mx.sink.test',
		name: 'client.test',
		requireTLS: true,
		tls: { ca: testAuthority() },
		transactionLog: true,
		logger: {
			debug: (entry: { tnx?: string }, line: string) => {
				if (entry.tnx === 'client' || entry.tnx === 'server') seen.push(`${entry.tnx} ${line}`);
			},
			info() {},
			warn() {},
			error() {},
		},
	});
	await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
	assert.equal((connection._socket as TLSSocket).encrypted, true);
	connection.close();
	await server.stop();
	assert.deepEqual(seen, [
		'server 220 mx.test ESMTP ready',
		'client EHLO client.test',
		'server 250-mx.test hello\n250 STARTTLS',
		'client STARTTLS',
		'server 220 go',
		'client EHLO client.test',
		'server 250-mx.test hello\n250 PIPELINING',
	]);
});

test('after the handshake the socket carries our listeners only, and no time-out', async () => {
	for (const tls of ['none', 'required'] as const) {
		const server = await ScriptedServer.start(
			tls === 'required'
				? secureScript
				: async (peer) => {
						await peer.greet();
						await assert.rejects(peer.bytes(1), /ended/);
					},
		);
		const plain = net.connect(server.port, '127.0.0.1');
		await once(plain, 'connect');
		const before = plain.listenerCount('end');
		const greeted = await handshake(plain, targetAt(server.port, { tls }), {
			...dialerDefaults,
			tls: { ca: testAuthority() },
		});
		assert.equal(greeted.ok, true);
		if (!greeted.ok) return;
		assert.equal(greeted.value.wire.tls, tls === 'none' ? undefined : 'TLSv1.3');
		if (tls === 'none') {
			assert.equal(plain.listenerCount('data'), 1);
			assert.equal(plain.listenerCount('error'), 1);
			assert.equal(plain.listenerCount('end'), before + 1);
			assert.equal(plain.listenerCount('close'), 1);
		}
		assert.equal(plain.listenerCount('timeout'), 0);
		assert.equal(plain.timeout, 0);
		greeted.value.wire.destroy();
		await server.stop();
	}
});
