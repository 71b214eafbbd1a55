/** Telling systemd how we are, against a receiver of datagrams as it is one; and the sockets it passes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openServiceManager } from './service-manager.ts';

/** Node has no unix datagrams: Perl receives and prints each, newlines as `|`. */
const receiver = `use Socket; $| = 1;
my $at = $ARGV[0]; $at =~ s/^@/\\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die; bind($socket, pack_sockaddr_un($at)) or die;
print "bound\\n";
while (defined recv($socket, my $text, 4096, 0)) { $text =~ tr/\\n/|/; print "$text\\n"; }`;

type Receiver = { next(): Promise<string>; stop(): void };

async function receive(address: string): Promise<Receiver> {
	const child: ChildProcess = spawn('/usr/bin/perl', ['-e', receiver, address], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
	const next = async (): Promise<string> => (await lines.next()).value as string;
	assert.equal(await next(), 'bound');
	return { next, stop: () => void child.kill('SIGKILL') };
}

const skip = !existsSync('/usr/bin/perl') && 'no Perl here';

test('states arrive in order, with status; a sign of life twice in the time asked for', {
	skip,
	timeout: 10_000,
}, async () => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-notify-'));
	const address = join(folder, 'notify');
	const received = await receive(address);
	const manager = openServiceManager({ NOTIFY_SOCKET: address, WATCHDOG_USEC: '400000' }, process.pid);
	manager.tell('READY=1', 'Relay port 127.0.0.1:2526\nAPI');
	assert.equal(await received.next(), 'READY=1|STATUS=Relay port 127.0.0.1:2526 API');
	assert.equal(await received.next(), 'WATCHDOG=1');
	manager.tell('RELOADING=1');
	let line = await received.next();
	while (line === 'WATCHDOG=1') line = await received.next();
	assert.match(line, /^RELOADING=1\|MONOTONIC_USEC=\d+$/);
	manager.tell('STOPPING=1');
	await manager.stop();
	line = await received.next();
	while (line === 'WATCHDOG=1') line = await received.next();
	assert.equal(line, 'STOPPING=1', 'told although the sender was ended at once');
	received.stop();
	rmSync(folder, { recursive: true });
});

test('an abstract socket is one too', { skip, timeout: 10_000 }, async () => {
	const address = `@sluice-notify-${process.pid}`;
	const received = await receive(address);
	const manager = openServiceManager({ NOTIFY_SOCKET: address }, process.pid);
	manager.tell('READY=1');
	assert.equal(await received.next(), 'READY=1');
	await manager.stop();
	received.stop();
});

test('where no manager listens nothing is started and nothing fails', async () => {
	const manager = openServiceManager({}, process.pid);
	manager.tell('READY=1');
	await manager.stop();
	const gone = openServiceManager({ NOTIFY_SOCKET: '/nonexistent/notify', WATCHDOG_USEC: '100000' }, process.pid);
	gone.tell('READY=1');
	await gone.stop();
});
