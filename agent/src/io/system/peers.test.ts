import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPeerLookup } from './peers.ts';

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state: string, uid: number, inode: number): string =>
	`   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0000 20 0 0 10 -1\n`;

const ends = { address: '127.0.0.1', port: 40_000, localAddress: '127.0.0.1', localPort: 926 };
const CLIENT = '0100007F:9C40';
const SERVER = '0100007F:039E';
const MAPPED = '0000000000000000FFFF0000';

async function uidWith(
	tcp: string | undefined,
	tcp6: string | undefined,
	question = ends,
): Promise<number | undefined> {
	const directory = mkdtempSync(join(tmpdir(), 'peers-'));
	if (tcp !== undefined) writeFileSync(join(directory, 'tcp'), header + tcp);
	if (tcp6 !== undefined) writeFileSync(join(directory, 'tcp6'), header + tcp6);
	try {
		return await openPeerLookup(directory).uidOf(question);
	} finally {
		rmSync(directory, { recursive: true });
	}
}

const isLittleEndian = { skip: endianness() === 'BE' && 'rows are of a little-endian kernel' };

test('the uid is that of the peer, not of our own end of the connection', isLittleEndian, async () => {
	const own = row(SERVER, CLIENT, '01', 999, 11);
	assert.equal(await uidWith(own + row(CLIENT, SERVER, '01', 1_234, 12), ''), 1_234);
	assert.equal(await uidWith(own, ''), undefined);
});

test('an IPv4 peer may sit in an IPv6 socket', isLittleEndian, async () => {
	assert.equal(await uidWith('', row(`${MAPPED}${CLIENT}`, `${MAPPED}${SERVER}`, '01', 77, 12)), 77);
});

test('an IPv6 peer', isLittleEndian, async () => {
	const loopback = '00000000000000000000000001000000';
	const question = { ...ends, address: '::1', localAddress: '::1' };
	assert.equal(await uidWith('', row(`${loopback}:9C40`, `${loopback}:039E`, '01', 78, 12), question), 78);
});

test('a socket that its process has closed is nobody, although the kernel shows uid 0', isLittleEndian, async () => {
	for (const state of ['04', '05', '06', '08', '09']) {
		assert.equal(await uidWith(row(CLIENT, SERVER, state, 0, 0), ''), undefined, `state ${state}`);
	}
	assert.equal(await uidWith(row(CLIENT, SERVER, '01', 0, 0), ''), undefined, 'no inode');
	assert.equal(await uidWith(row(CLIENT, SERVER, '01', 0, 5), ''), 0, 'root');
});

test('without the tables nobody is known', async () => {
	assert.equal(await uidWith(undefined, undefined), undefined);
});

test('the running kernel names us as the owner of our own connection', {
	skip: process.platform !== 'linux',
}, async () => {
	const accepted = Promise.withResolvers<Socket>();
	const server = createServer((socket) => accepted.resolve(socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as { port: number };
	const client = connect(port, '127.0.0.1');
	const socket = await accepted.promise;
	const question = {
		address: socket.remoteAddress!,
		port: socket.remotePort!,
		localAddress: socket.localAddress!,
		localPort: socket.localPort!,
	};
	try {
		const lookup = openPeerLookup();
		const uids = await Promise.all(Array.from({ length: 20 }, () => lookup.uidOf(question)));
		assert.deepEqual(new Set(uids), new Set([process.getuid!()]));
		// What a process leaves behind that says everything and closes at once: the kernel shows it as root's.
		const closed = new Promise((resolve) => client.once('close', resolve));
		client.destroy();
		await closed;
		assert.equal(await lookup.uidOf(question), undefined);
	} finally {
		client.destroy();
		socket.destroy();
		server.close();
	}
});
