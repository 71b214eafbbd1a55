/** A tick on a server in memory: what is done, what is told, and what is remembered when things go wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installLog } from '../apply/install-journal.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { bypassMark } from './server.ts';
import { agentYaml, dead, exim, eximJournal, postfixFiles, startMs, watched, well } from './watch.fixture.ts';

const yaml = (text: string) => fileOf('/etc/sluice/agent.yaml', text);
const subjects = (one: { readonly mails: readonly { readonly text: string }[] }) =>
	one.mails.map(({ text }) => /^Subject: \[host\.test\] (.*)$/m.exec(text)?.[1]);
const refusedBypass = (words: readonly string[]) =>
	words[1] === 'bypass'
		? { exitCode: 1, output: '{"type":"urn:sluice:mta-agent-config","detail":"The configuration cannot be read."}' }
		: undefined;

test('not wired: nothing is done, and it says so', async () => {
	const one = watched([yaml(agentYaml('onOutage: bypass'))], { outcome: dead });
	assert.match((await one.ticks(20)).text, /No mail server is wired/);
	assert.deepEqual([one.asked, one.mails], [[], []]);
});

test('keep: one mail when it begins, one when it is over, and the audit hears of both when it can', async () => {
	const one = watched([yaml(agentYaml('')), eximJournal()]);
	await one.tick();
	one.set({ outcome: dead });
	await one.ticks(12);
	assert.deepEqual([one.asked, one.recorded], [[], []]);
	one.set({ outcome: well });
	await one.ticks(3);
	assert.deepEqual(subjects(one), [
		'Outgoing mail waits: the relay agent takes none',
		'The relay agent takes mail again',
	]);
	assert.deepEqual(
		one.recorded.map(({ act }) => act),
		['mta.outage', 'mta.recovered'],
	);
	assert.ok(one.machine.ran.includes('/usr/sbin/exim4 -qf'), 'frozen mail is spared by -qf');
	const [{ to, text } = { to: '', text: '' }] = one.mails;
	assert.equal(to, 'admin@ops.test');
	assert.match(text, /^Auto-Submitted: auto-generated$/m);
	assert.match(text, /has not taken mail since 2026-11-24 12:01 UTC, for 3 minutes/);
	assert.match(text, /Nothing listens on its port: it is not running\./);
	assert.match(text, /sluice mta bypass/);
	assert.ok(one.journal.some((line) => line.startsWith('error Outgoing mail waits')));
	assert.ok(one.journal.some((line) => line.startsWith('info The relay agent takes mail again')));
});

test('bypass, with held senders on the panel’s hold first; wired again; let go', async () => {
	const files = [
		yaml(`${agentYaml('onOutage: bypass, healthySeconds: 60')}panel: { acts: { hold: true } }\n`),
		fileOf('/usr/local/cpanel/version', '11.140'),
		eximJournal(),
	];
	const untilMs = startMs + 86_400_000;
	const held = [
		{ kind: 'account', id: 'alice', user: 'alice', untilMs },
		{ kind: 'account', id: 'bob', user: 'bob', untilMs },
		{ kind: 'account', id: 'carol', user: 'carol', untilMs: startMs + 60_000 },
		{ kind: 'identity', id: 'mailbox:x@site.test', untilMs },
	] as const;
	const bypassFile = '/etc/sluice-exim/bypass';
	const one = watched(files, { held, panelHeldBefore: ['bob'] });
	one.set({
		sluice(words) {
			if (words[1] === 'bypass') one.machine.files.set(bypassFile, fileOf(bypassFile, bypassMark));
			if (words[1] === 'ensure') one.machine.files.delete(bypassFile);
			return { exitCode: 0, output: '{}' };
		},
	});
	await one.tick();
	one.set({ outcome: dead });
	await one.ticks(8);
	assert.deepEqual(one.asked, ['mta bypass --json']);
	assert.deepEqual(one.panelActs, ['hold alice'], 'bob was held before, carol’s hold has ended');
	assert.match(one.mails[0]?.text ?? '', /panel's own hold first: alice\.\n/);
	assert.match(one.mails[0]?.text ?? '', /nothing holds them while mail goes past it: mailbox:x@site\.test\./);
	one.set({ outcome: well });
	await one.ticks(4);
	assert.deepEqual(one.asked, ['mta bypass --json', 'mta ensure --json']);
	assert.deepEqual(one.panelActs, ['hold alice', 'release alice']);
	assert.deepEqual(subjects(one).at(-1), 'The relay agent takes mail again');
	assert.deepEqual(
		one.recorded.map(({ act }) => act),
		['mta.outage', 'mta.bypass', 'mta.wire-again', 'mta.recovered'],
	);
});

test('where the command fails, Exim’s file is written by hand, and ended as our own', async () => {
	const one = watched([yaml(agentYaml('onOutage: bypass, healthySeconds: 60')), eximJournal()], {
		outcome: dead,
		sluice: refusedBypass,
	});
	await one.ticks(8);
	assert.equal(one.machine.files.get(exim)?.content, bypassMark);
	assert.ok(one.machine.ran.includes('/usr/sbin/exim4 -qf'));
	assert.match(
		one.mails[0]?.text ?? '',
		/by hand, since `sluice mta bypass` failed: The configuration cannot be read\./,
	);
	one.set({ outcome: well, sluice: () => undefined });
	one.machine.files.delete('/watch/state.json');
	await one.ticks(4);
	assert.equal(one.machine.files.has(exim), false, 'what is in the file says whose it is');
});

test('where the command fails, Postfix gets what it had; a file that somebody changed only the relayhost', async () => {
	for (const [current, main, command] of [
		[undefined, 'relayhost = [old.test]:25\nother = 1\n', undefined],
		['relayhost = [127.0.0.1]:926\n# theirs\n', undefined, 'postconf -e relayhost = [old.test]:25'],
	] as const) {
		const files = postfixFiles(...(current === undefined ? [] : [current]));
		const one = watched([yaml(agentYaml('onOutage: bypass')), ...files], { outcome: dead, sluice: refusedBypass });
		await one.ticks(8);
		if (main !== undefined) assert.equal(one.machine.files.get('/etc/postfix/main.cf')?.content, main);
		if (command !== undefined) assert.ok(one.machine.ran.includes(command), one.machine.ran.join('\n'));
		assert.ok(one.machine.ran.includes('postfix reload'));
		assert.ok(one.machine.ran.includes('/usr/sbin/postqueue -f'));
		assert.match(one.machine.files.get('/wiring/state.json')?.content ?? '', /"phase": "bypassed"/);
		assert.equal(one.asked.length, 1, 'in force, so not tried again');
	}
});

test('killed in the middle of a bypass: the next tick knows whose it is, tells it, and ends it when the agent is well', async () => {
	const one = watched([yaml(agentYaml('onOutage: bypass, healthySeconds: 60')), eximJournal()], { outcome: dead });
	await one.ticks(6);
	one.set({
		sluice() {
			one.machine.files.set(exim, fileOf(exim, ''));
			throw new Error('killed');
		},
	});
	await assert.rejects(one.tick(), /killed/);
	assert.deepEqual(one.mails, []);
	one.set({ sluice: () => undefined });
	await one.ticks(2);
	assert.deepEqual(subjects(one), ['The relay agent takes no mail: it is led past the agent']);
	one.set({ outcome: well });
	await one.ticks(4);
	assert.deepEqual([one.machine.files.has(exim), subjects(one).at(-1)], [false, 'The relay agent takes mail again']);
});

test('another command at work: nothing by hand, and tried again', async () => {
	const one = watched([yaml(agentYaml('onOutage: bypass')), eximJournal()], {
		outcome: dead,
		sluice: () => ({ exitCode: 1, output: '{"type":"urn:sluice:mta-busy","detail":"Another is at work."}' }),
	});
	await one.ticks(8);
	assert.equal(one.machine.files.has(exim), false);
	one.set({ sluice: () => undefined });
	await one.tick();
	assert.equal(one.machine.files.has(exim), true);
	assert.deepEqual(subjects(one), [
		'Outgoing mail waits: the relay agent takes none',
		'Outgoing mail is led past the relay agent',
	]);
});

test('a full disk: the watch remembers in memory, and bypasses with an empty file', async () => {
	const isFull = (path: string) => path.startsWith('/watch/') || path.startsWith('/wiring/');
	const one = watched([yaml(agentYaml('onOutage: bypass')), eximJournal()], {
		sluice: refusedBypass,
	});
	await one.tick();
	one.set({ isFull, outcome: { kind: 'refused', phase: 'MAIL', reply: '452 4.3.1 Insufficient storage' } });
	await one.ticks(8);
	assert.equal(one.machine.files.has(exim), true);
	assert.match(one.machine.files.get('/watch/state.json')?.content ?? '', /"tick":1,/, 'the one on the disk is old');
	assert.match(one.mails[0]?.text ?? '', /It has no room: it answered "452/);
	one.set({ isFull: () => false, outcome: well, sluice: () => undefined });
	await one.ticks(2);
	assert.match(one.machine.files.get('/watch/state.json')?.content ?? '', /"tick":11,/, 'the disk is believed again');
	assert.equal((await one.tick()).state?.phase.kind, 'recovering');
});

test('a broken configuration leaves in force what it said last', async () => {
	const one = watched([yaml(agentYaml('onOutage: bypass')), eximJournal()]);
	await one.tick();
	one.machine.files.set('/etc/sluice/agent.yaml', yaml('watch: { onOutage: keep\n\t: ['));
	one.set({ outcome: dead });
	await one.ticks(8);
	assert.deepEqual(one.asked, ['mta bypass --json']);
	assert.equal(one.mails.length, 1);
	assert.equal(one.journal.filter((line) => /cannot be read/.test(line)).length, 1, 'said once');
	const part = fileOf(
		'/etc/sluice/conf.d/20-watch.yaml',
		'watch: { outageSeconds: 30, healthySeconds: "x", nonsense: 1 }',
	);
	const two = watched([yaml(agentYaml('onOutage: bypass')), part, eximJournal()], { outcome: dead });
	await two.ticks(3);
	assert.deepEqual(
		two.asked,
		['mta bypass --json'],
		'conf.d goes over it, key by key; what makes no sense is left out',
	);
});

test('what is remembered is damaged, or the wiring’s state is: nothing happens to the MTA', async () => {
	for (const text of [
		'',
		'{',
		'null',
		'{"version":2}',
		'{"version":1,"tick":-1}',
		'[]',
		'"x"',
		`{"version":1,"tick":1,"tickMs":9e15,"phase":{"kind":"outage","sinceMs":9e15}}`,
	]) {
		const one = watched([yaml(agentYaml('')), eximJournal(), fileOf('/watch/state.json', text)]);
		await one.ticks(3);
		assert.deepEqual([text, (await one.tick()).state?.phase.kind, one.asked], [text, 'healthy', []]);
	}
	const odd = watched([yaml(agentYaml('onOutage: bypass')), fileOf('/wiring/state.json', '{"version":7}')], {
		outcome: dead,
	});
	assert.match((await odd.ticks(10)).text, /state of the wiring cannot be read/);
	assert.deepEqual([odd.asked, odd.journal.length], [[], 1]);
});

test('a mail that sendmail does not take is owed, not lost and not doubled', async () => {
	const one = watched([yaml(agentYaml('')), eximJournal()], { outcome: dead, sendmail: 75 });
	await one.ticks(9);
	assert.equal(one.mails.length, 0);
	one.set({ sendmail: 0 });
	await one.ticks(3);
	assert.equal(one.mails.length, 1);
});

test('two at once: the second steps back', async () => {
	const one = watched([yaml(agentYaml('')), eximJournal()]);
	const both = await Promise.all([one.tick(), one.tick()]);
	assert.equal(both.filter(({ text }) => /Another watch is at work/.test(text)).length, 1);
});

test('an installation that nobody confirmed is taken back, by the command and by nothing else', async () => {
	const place = '/install/pending.json';
	const pending = (more: object, rest: object = {}) =>
		fileOf(
			place,
			JSON.stringify({
				untilMs: startMs + 600_000,
				why: 'Sluice was installed.',
				revert: [['sluice', 'uninstall', '--yes']],
				...more,
			}),
			{ mode: 0o600, ...rest },
		);
	const one = watched([yaml(agentYaml('')), pending({})]);
	await one.ticks(19);
	assert.deepEqual(one.asked, []);
	await one.tick();
	assert.deepEqual(one.asked, ['sluice uninstall --yes']);
	assert.equal(one.machine.files.has(place), false);
	assert.deepEqual(subjects(one), ['Not confirmed in time, so it was taken back']);
	const log = one.machine.files.get(installLog)?.content ?? '';
	assert.match(log, /sluice-watch DONE Nobody confirmed in time/, 'and stands where the installation is written down');
	await one.tick();
	assert.equal(one.asked.length, 1);

	const failing = watched([yaml(agentYaml('')), pending({ untilMs: startMs })], {
		sluice: () => ({ exitCode: 1, output: 'No.' }),
	});
	await failing.ticks(10);
	assert.equal(failing.asked.length, 5, 'then it is a person’s');
	assert.deepEqual(subjects(failing), ['Not confirmed in time, and taking it back failed']);

	for (const [more, rest] of [
		[{ revert: [['/bin/sh', '-c', 'x']] }, {}],
		[{ revert: [['/opt/sluice/releases/../../tmp/bin/sluice', 'x']] }, {}],
		[{ revert: [] }, {}],
		[{ revert: [['sluice', 7]] }, {}],
		[{ untilMs: 'x' }, {}],
		[{}, { uid: 1000 }],
		[{}, { mode: 0o662 }],
	] as const) {
		const odd = watched([yaml(agentYaml('')), pending({ untilMs: startMs, ...more }, rest)]);
		await odd.ticks(2);
		assert.deepEqual(odd.asked, [], JSON.stringify([more, rest]));
	}
});
