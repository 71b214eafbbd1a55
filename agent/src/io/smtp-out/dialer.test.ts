import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialTarget } from '../../ports/smtp-out.ts';
import type { Peer } from './scripted-server.ts';
import { lab, messageTo, until } from './testing.ts';

/** Takes messages until the client says QUIT. */
async function sink(peer: Peer): Promise<void> {
	await peer.greet('PIPELINING');
	for (;;) {
		const command = await peer.expect('');
		if (command === 'QUIT') {
			peer.say('221 bye');
			peer.close();
			return;
		}
		for (const next of ['RCPT', 'DATA']) await peer.expect(next);
		peer.say('250 ok', '250 ok', '354 go');
		await peer.content();
		peer.say('250 ok');
	}
}

const message = messageTo(['a@two.test']);

test('a connection is used again, up to its number of transactions', async () => {
	const { connect, dialer, stop, server } = await lab(sink, { settings: { transactionsMax: 3 } });
	for (let index = 0; index < 7; index++) {
		const connection = await connect();
		assert.equal(connection.transactions, index % 3);
		assert.equal((await connection.transact(message)).end?.code, 250);
		dialer.giveBack(connection);
	}
	assert.equal(server.connections, 3);
	await until(() => dialer.connections === 1);
	await stop();
	assert.equal(dialer.connections, 0);
});

test('a connection is kept for the very same target only', async () => {
	const { dialer, stop, server, target } = await lab(sink);
	const others: DialTarget[] = [
		target,
		{ ...target, sourceAddress: '127.0.0.3' },
		{ ...target, helo: 'other.test' },
		{ ...target, tls: 'opportunistic' },
		{ ...target, tls: 'opportunistic', host: 'alias.test' },
		{ ...target, host: 'alias.test' },
	];
	const counts: number[] = [];
	for (const other of others) {
		const connected = await dialer.connect(other);
		assert.equal(connected.ok, true);
		if (connected.ok) dialer.giveBack(connected.value);
		counts.push(server.connections);
	}
	assert.deepEqual(counts, [1, 2, 3, 4, 4, 4]);
	await stop();
});

test('the source address is the one asked for', async () => {
	const seen: string[] = [];
	const { connect, dialer, stop } = await lab(
		async (peer) => {
			seen.push(peer.from);
			await sink(peer);
		},
		{ target: { sourceAddress: '127.0.0.3' } },
	);
	dialer.giveBack(await connect());
	await stop();
	assert.deepEqual(seen, ['127.0.0.3']);
});

test('what is idle too long is closed with QUIT', async () => {
	const { connect, dialer, stop } = await lab(sink, { settings: { idleMs: 30 } });
	dialer.giveBack(await connect());
	assert.equal(dialer.connections, 1);
	await until(() => dialer.connections === 0);
	await stop();
});

test('idle connections have bounds, for one target and in all', async () => {
	const settings = { idlePerTargetMax: 2, idleMax: 3 };
	const { connect, dialer, stop, target } = await lab(sink, { settings });
	const three = [await connect(), await connect(), await connect()];
	for (const connection of three) dialer.giveBack(connection);
	await until(() => dialer.connections === 2);
	for (const helo of ['x.test', 'y.test']) {
		const connected = await dialer.connect({ ...target, helo });
		assert.equal(connected.ok, true);
		if (connected.ok) dialer.giveBack(connected.value);
	}
	await until(() => dialer.connections === 3);
	// The longest idle went: one is left of the first target's two.
	const kept = await connect();
	assert.equal(kept, three[1]);
	assert.equal(dialer.connections, 3);
	dialer.giveBack(kept);
	await stop();
});

test('a connection that the server closed while idle is not given out', async () => {
	for (const farewell of ['421 4.4.2 idle too long', '']) {
		const { connect, dialer, stop, server } = await lab(async (peer, index) => {
			await peer.greet('PIPELINING');
			if (index === 0) {
				if (farewell !== '') peer.say(farewell);
				peer.close();
			}
			await peer.ended();
		});
		const first = await connect();
		dialer.giveBack(first);
		await until(() => !first.usable);
		const second = await connect();
		assert.notEqual(second, first);
		assert.equal(server.connections, 2);
		dialer.giveBack(second);
		await stop();
	}
});

test('a connection closed under a transaction shows it: lost in `mail`, no answer, not the first', async () => {
	const { connect, dialer, stop } = await lab(async (peer) => {
		await peer.greet('PIPELINING');
		for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('250 ok', '250 ok', '354 go');
		await peer.content();
		peer.say('250 ok');
		await peer.expect('MAIL');
		peer.close();
	});
	const connection = await connect();
	await connection.transact(message);
	const report = await connection.transact(message);
	assert.deepEqual(report, { recipients: [], lost: { stage: 'mail', error: 'closed by the server' } });
	assert.equal(connection.transactions, 2);
	dialer.giveBack(connection);
	await stop();
});

test('close says QUIT, and a server that does not answer it is not waited for', async () => {
	const { connect, dialer, stop } = await lab(
		async (peer) => {
			await peer.greet();
			await peer.expect('QUIT');
			await assert.rejects(peer.bytes(1), /ended/);
		},
		{ timeouts: { quitMs: 40 } },
	);
	(await connect()).close();
	await until(() => dialer.connections === 0);
	await stop();
});

test('stop waits for what is in use, then cuts it; nothing new is dialled', async () => {
	const { connect, dialer, stop, target } = await lab(
		async (peer) => {
			await peer.greet('PIPELINING');
			await peer.expect('MAIL');
			await assert.rejects(peer.content(), /ended/);
		},
		{ settings: { stopWithinMs: 50 } },
	);
	const connection = await connect();
	const report = connection.transact(message);
	const stopped = dialer.stop();
	assert.deepEqual(await dialer.connect(target), { ok: false, error: { stage: 'connect', error: 'stopping' } });
	assert.equal(dialer.connections, 1);
	assert.equal((await report).lost?.stage, 'mail');
	await stopped;
	assert.equal(dialer.connections, 0);
	await stop();
});

test('one transaction at a time', async () => {
	const { connect, dialer, stop } = await lab(sink);
	const connection = await connect();
	const [first, second] = await Promise.all([connection.transact(message), connection.transact(message)]);
	assert.equal(first.end?.code, 250);
	assert.equal(second.lost?.stage, 'mail');
	assert.equal((await connection.transact(message)).end?.code, 250);
	dialer.giveBack(connection);
	await stop();
});
