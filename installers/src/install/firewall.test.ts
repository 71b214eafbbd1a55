/** The way through a firewall on a server in memory: chosen, remembered, changed for another, and taken out of every half state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csfConf } from '../facts/csf.ts';
import { exemptScript, exemptTimer, type FirewallChoice, mailGroupDropIn } from '../facts/firewall.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { type MemoryServer, memoryServer } from './server.fixture.ts';
import { killedAt } from './troubled.fixture.ts';

const post = '/etc/csf/csfpost.sh';
const conf = 'SMTP_BLOCK = "1"\nSMTP_ALLOWUSER = "cpanel"\nSMTP_ALLOWGROUP = "mail"\nTCP_OUT = "25"\n';
const actsMax = 300;
const ways: readonly FirewallChoice[] = ['exempt', 'rule', 'mail-group', 'none'];

function csfServer(): MemoryServer {
	const server = memoryServer();
	server.memory.folders.add('/etc/csf');
	for (const file of [
		fileOf(csfConf, conf, { mode: 0o600 }),
		fileOf('/usr/sbin/csf', '', { mode: 0o755 }),
		fileOf('/usr/sbin/iptables', ''),
		fileOf(post, '#!/bin/sh\necho theirs\n', { mode: 0o700 }),
	])
		server.memory.files.set(file.path, file);
	return server;
}

const text = (server: MemoryServer, path: string): string => server.memory.files.get(path)?.content ?? '';
const wayOf = (server: MemoryServer): readonly string[] => [
	...(text(server, csfConf).includes('sluice') ? ['exempt'] : []),
	...(text(server, exemptScript) !== '' && text(server, post).includes('sluice') && server.active.has(exemptTimer)
		? ['rule']
		: []),
	...(text(server, mailGroupDropIn) === '' ? [] : ['mail-group']),
];
const journalOf = (server: MemoryServer) =>
	JSON.parse(text(server, '/var/lib/sluice-install/state.json')) as {
		firewall?: string;
		steps: { part: string; id: string }[];
	};

async function installed(server: MemoryServer, firewall?: FirewallChoice): Promise<string> {
	const done = await server.install(firewall === undefined ? {} : { firewall });
	assert.ok(done.ok, `${firewall}: ${done.text}`);
	return done.text;
}

test('without a choice nothing is changed; each choice stays when nobody chooses again, and gives way whole to another', async () => {
	const server = csfServer();
	const before = server.standing();
	const refused = await server.install();
	assert.deepEqual([refused.ok, /--firewall exempt/.test(refused.text)], [false, true], refused.text);
	assert.deepEqual(server.standing(), before);
	for (const choice of [...ways, ...ways.toReversed(), 'rule', 'exempt', 'rule'] as const) {
		await installed(server, choice);
		const wanted = choice === 'none' ? [] : [choice];
		assert.deepEqual(wayOf(server), wanted);
		const standing = server.standing();
		assert.match(await installed(server), /nothing to do/);
		assert.deepEqual(server.standing(), standing);
		const { firewall, steps } = journalOf(server);
		assert.equal(firewall, choice);
		assert.equal(
			steps.filter(({ id }) => id.startsWith('firewall ')).length,
			{ rule: 2, none: 0 }[choice as 'rule'] ?? 1,
		);
	}
	assert.ok((await server.uninstall({ purge: true })).ok);
	assert.deepEqual(server.standing(), before);
});

test('another choice that fails at any act leaves the earlier one; killed there, it is gone on with, or taken out', async () => {
	let [failures, kills] = [0, 0];
	for (const [from, to] of [
		['exempt', 'rule'],
		['rule', 'mail-group'],
		['rule', 'none'],
	] as const)
		for (let at = 1; at < actsMax; at++) {
			const [failing, killed, left] = [csfServer(), csfServer(), csfServer()];
			const before = failing.standing();
			for (const server of [failing, killed, left]) await installed(server, from);
			const standing = failing.standing();
			Object.assign(failing.trouble, { at, how: 'fail', acts: 0 });
			const done = await failing
				.install({ firewall: to })
				.catch((error: Error) => ({ ok: false, text: error.message }));
			if (failing.trouble.acts < at) break;
			if (!done.ok) {
				failures++;
				assert.deepEqual(failing.standing(), standing, `${from} to ${to}, act ${at}: ${done.text}`);
			}
			if (!(await killedAt(killed.trouble, at, () => killed.install({ firewall: to })))) continue;
			kills++;
			await installed(killed, to);
			assert.deepEqual(wayOf(killed), to === 'none' ? [] : [to], `${from} to ${to}, killed at ${at}`);
			await killedAt(left.trouble, at, () => left.install({ firewall: to }));
			for (const server of [killed, left]) {
				const out = await server.uninstall({ purge: true });
				assert.ok(out.ok, out.text);
				assert.deepEqual(server.standing(), before, `${from} to ${to}, killed at ${at}`);
			}
		}
	assert.ok(failures > 10 && kills > 10, `${failures} failures, ${kills} kills`);
});

test('a word that was there before us is not ours to take; what others write into shared files stays', async () => {
	const own = csfServer();
	const theirs = conf.replace('cpanel', 'cpanel,sluice');
	own.memory.files.set(csfConf, fileOf(csfConf, theirs, { mode: 0o600 }));
	await installed(own);
	await installed(own, 'rule');
	assert.ok((await own.uninstall({ purge: true })).ok);
	assert.equal(text(own, csfConf), theirs);

	const server = csfServer();
	await installed(server, 'exempt');
	// They took the word out and wrote something of their own; it is put in again.
	server.memory.files.set(csfConf, fileOf(csfConf, `${conf}THEIRS = "1"\n`, { mode: 0o600 }));
	await installed(server);
	assert.deepEqual(wayOf(server), ['exempt']);
	assert.ok((await server.uninstall({ purge: true })).ok);
	assert.equal(text(server, csfConf), `${conf}THEIRS = "1"\n`);
});

test('a record that was lost: the way out is ours by name', async () => {
	for (const choice of ways) {
		const server = csfServer();
		const before = server.standing();
		await installed(server, choice);
		server.memory.files.delete('/var/lib/sluice-install/state.json');
		assert.ok((await server.uninstall({ purge: true })).ok);
		assert.deepEqual(server.standing(), before, choice);
	}
});

test('cut off on the way to another choice, with others writing meanwhile: taken out, what they wrote stays', async () => {
	const more = 'THEIRS = "1"\n';
	for (let at = 1; at < actsMax; at++) {
		const server = csfServer();
		await installed(server, 'exempt');
		if (!(await killedAt(server.trouble, at, () => server.install({ firewall: 'rule' })))) break;
		const now = server.memory.files.get(csfConf);
		assert.ok(now !== undefined);
		server.memory.files.set(csfConf, { ...now, content: `${now.content}${more}` });
		assert.ok((await server.uninstall({ purge: true })).ok);
		assert.equal(text(server, csfConf), `${conf}${more}`, `killed at ${at}`);
	}
});
