/** What stands in the way of an installation is said all at once, and nothing is changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf, type MemoryMachine } from '../facts/memory-machine.fixture.ts';
import { type Differences, memoryServer } from './server.fixture.ts';

type Case = {
	readonly name: string;
	readonly says: RegExp;
	readonly differences?: Differences;
	readonly change?: (memory: MemoryMachine) => void;
};

const put =
	(path: string, content: string, rest = {}) =>
	(memory: MemoryMachine): void =>
		void memory.files.set(path, fileOf(path, content, rest));
const answering = (wanted: string, output: string, exitCode = 0): Differences => ({
	answers: (line) => (line === wanted ? { exitCode, output } : undefined),
});

const cases: readonly Case[] = [
	{ name: 'not root', says: /only root may install/, differences: { ports: { isRoot: false } } },
	{ name: 'a checkout', says: /is no release/, differences: { ports: { release: () => undefined } } },
	{
		name: 'another processor',
		says: /aarch64; releases are for x86_64/,
		differences: answering('uname -m', 'aarch64'),
	},
	{
		name: 'old glibc',
		says: /glibc 2\.17.* needs glibc 2\.28/,
		differences: answering('getconf GNU_LIBC_VERSION', 'glibc 2.17'),
	},
	{ name: 'no systemd', says: /Process 1 of this server is not systemd/, change: put('/proc/1/comm', 'init\n') },
	{
		name: 'old systemd',
		says: /systemd 219 is here; 239/,
		differences: answering('systemctl --version', 'systemd 219'),
	},
	{ name: 'Plesk', says: /Plesk server/, change: (memory) => void memory.folders.add('/usr/local/psa') },
	{ name: 'no MTA', says: /Neither Exim/, change: (memory) => void memory.files.delete('/usr/sbin/exim4') },
	{ name: 'two MTAs', says: /Both Exim and Postfix/, change: put('/usr/sbin/postconf', '') },
	{
		name: 'a broken MTA',
		says: /cannot read its configuration/,
		differences: answering('/usr/sbin/exim4 -bV', 'line 7: boo', 1),
	},
	{
		name: 'a configuration of somebody else',
		says: /belongs to user 1000/,
		change: (memory) => {
			const path = '/etc/exim4/exim4.conf.template';
			memory.files.set(path, { ...(memory.files.get(path) ?? assert.fail()), uid: 1000 });
		},
	},
	{
		name: 'an account of our name',
		says: /A user sluice is here already/,
		change: put('/etc/passwd', 'Debian-exim:x:104:110::/:/bin/false\nsluice:x:1004:1004::/home/sluice:/bin/bash\n'),
	},
	{ name: 'a command of our name', says: /is not Sluice's/, change: put('/usr/local/bin/sluice', '#!/bin/sh\n') },
	{
		name: 'a record of the future',
		says: /another version of Sluice/,
		change: put('/var/lib/sluice-install/state.json', '{"version":9}'),
	},
	{
		name: 'a record that is damaged',
		says: /sluice-install\/state\.json is damaged/,
		change: put('/var/lib/sluice-install/state.json', '{"version":'),
	},
	{
		name: 'no room',
		says: /has 97 MB left/,
		change: (memory) => void memory.folders.add('/opt'),
		differences: {
			answers: (line) => (line === 'df -Pk /opt' ? { exitCode: 0, output: 'f\n/dev/x 1 1 99999 99% /\n' } : undefined),
		},
	},
	{
		name: 'all ports taken',
		says: /Port 926 is in use \(stunnel\)/,
		change: put(
			'/proc/net/tcp',
			Array.from(
				{ length: 98 },
				(_, at) => `  0: 0100007F:${(926 + at).toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A 0`,
			).join('\n'),
		),
		differences: answering('ss -Hltnp sport = :926', 'LISTEN 0 1 users:(("stunnel",pid=1,fd=1))'),
	},
];

for (const { name, says, differences, change } of cases)
	test(`refused: ${name}`, async () => {
		const server = memoryServer(differences);
		change?.(server.memory);
		const before = server.standing();
		const { ok, text } = await server.install();
		assert.equal(ok, false);
		assert.match(text, says);
		assert.deepEqual(server.standing(), before);
	});

test('several reasons at once, each with what mends it', async () => {
	const server = memoryServer({ ports: { isRoot: false }, ...answering('uname -m', 'aarch64') });
	const { text } = await server.install();
	assert.match(text, /for the 2 reasons above/);
});

test('a taken port is passed by for the next one that is nobody’s', async () => {
	const server = memoryServer();
	put('/proc/net/tcp', '  0: 0100007F:039E 00000000:0000 0A 0')(server.memory);
	put('/etc/services', 'somebody\t927/tcp\n')(server.memory);
	const installed = await server.install();
	assert.ok(installed.ok, installed.text);
	assert.match(server.memory.files.get('/etc/sluice/agent.yaml')?.content ?? '', /127\.0\.0\.1:928"/);
	assert.match(server.memory.files.get('/etc/systemd/system/sluice-smtp.socket')?.content ?? '', /:928\n/);
});
