/** The watch and what waits to be confirmed, and what else on the server matters to the agent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exemptScript, exemptTimerPath, exemptUnitPath } from '../facts/firewall.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { pendingFile } from '../install/pending.ts';
import { exemptScriptText, exemptTimerText, exemptUnitText } from '../plan/firewall-files.ts';
import { freshState, type State, stateText } from '../watch/state.ts';
import { codes, groundWith } from './ground.fixture.ts';
import { surroundings } from './server.ts';
import { watchingFindings } from './watching.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const state = (more: Partial<State> = {}) =>
	fileOf('/var/lib/sluice-watch/state.json', stateText({ ...freshState(now), tick: 5, ...more }), { mode: 0o600 });
const pending = (untilMs: number, mode = 0o600) =>
	fileOf(
		pendingFile,
		JSON.stringify({ untilMs, revert: [['sluice', 'mta', 'unwire', '--yes']], why: 'an installation' }),
		{ mode },
	);

test('what the watch says of itself, and what waits', async () => {
	const rows: readonly (readonly [string, readonly ReturnType<typeof fileOf>[], readonly string[]])[] = [
		['well', [state()], []],
		['never', [], ['watch.never']],
		['late', [state({ tickMs: now - 3_600_000 })], ['watch.late']],
		['outage', [state({ phase: { kind: 'outage', sinceMs: now - 60_000 } })], ['watch.outage']],
		['bypass', [state({ orderedMs: now })], ['watch.bypass']],
		['owed', [state({ owed: [{ atMs: now, subject: 's', text: 't' }] })], ['watch.owed']],
		['to confirm', [state(), pending(now + 60_000)], ['install.pending']],
		['over', [state(), pending(now - 60_000)], ['install.pending']],
		['not root’s alone', [state(), pending(now + 60_000, 0o666)], ['install.pending']],
	];
	for (const [what, files, wanted] of rows)
		assert.deepEqual(codes(await watchingFindings(groundWith({ files }))), wanted, what);
});

test('in the first two minutes after the start of the server or the installation nobody misses the first look', async () => {
	const late = state({ tickMs: now - 3_600_000 });
	const look = async (files: readonly ReturnType<typeof fileOf>[], upSeconds: number) => {
		const answers = { 'systemctl show --value -p ActiveEnterTimestampMonotonic': '10000000\n' };
		const uptime = fileOf('/proc/uptime', `${upSeconds}.25 99.1\n`);
		const found = await watchingFindings(groundWith({ files: [...files, uptime], answers }));
		return found.map(({ code, level }) => `${code} ${level}`);
	};
	for (const files of [[], [late]]) assert.deepEqual(await look(files, 100), []);
	assert.deepEqual(await look([], 200), ['watch.never wrong']);
	assert.deepEqual(await look([late], 200), ['watch.late wrong']);
});

test('rules against the agent: without an exemption, with one that is gone, with a relay', async () => {
	const whm = fileOf('/var/cpanel/cpanel.config', 'smtpmailgidonly=1\n');
	const script = fileOf(exemptScript, '');
	const rule = '-A OUTPUT -p tcp -m comment --comment sluice-out -j ACCEPT\n';
	assert.deepEqual(codes(await surroundings(groundWith())), []);
	assert.deepEqual(codes(await surroundings(groundWith({ files: [whm] }))), ['firewall.restricted']);
	const relay = { delivery: { smarthost: { host: 'relay.test' } } };
	assert.deepEqual(codes(await surroundings(groundWith({ files: [whm], config: relay }))), []);
	const redirect = '-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j REDIRECT\n';
	const gone = await surroundings(groundWith({ files: [whm, script, fileOf('/usr/sbin/iptables', '')] }));
	assert.deepEqual([codes(gone), gone[0]?.repair?.id], [['firewall.rule-missing'], 'exempt']);
	const ports = [25, 465, 587] as const;
	const whole = [
		whm,
		fileOf('/usr/sbin/iptables', ''),
		fileOf(exemptScript, exemptScriptText(ports)),
		fileOf(exemptUnitPath, exemptUnitText),
		fileOf(exemptTimerPath, exemptTimerText),
	];
	const inForce = (files: readonly ReturnType<typeof fileOf>[], rules: string) =>
		surroundings(groundWith({ files, answers: { 'iptables -w 5 -t nat -S': rules } }));
	assert.deepEqual(codes(await inForce(whole, `${rule}${redirect}`)), []);
	assert.deepEqual(codes(await inForce(whole, `${redirect}${rule}`)), ['firewall.rule-missing']);
	assert.deepEqual(codes(await inForce(whole.slice(0, -1), rule)), ['firewall.rule-missing'], 'a file of it is gone');

	const csf = (users: string) => [
		fileOf('/usr/sbin/csf', ''),
		fileOf('/etc/csf/csf.conf', `SMTP_BLOCK = "1"\nSMTP_ALLOWUSER = "${users}"\n`),
		fileOf('/var/lib/sluice-install/state.json', JSON.stringify({ version: 1, firewall: 'exempt', steps: [] })),
	];
	assert.deepEqual(codes(await surroundings(groundWith({ files: csf('sluice') }))), []);
	const [lost] = await surroundings(groundWith({ files: csf('') }));
	assert.deepEqual(
		[lost?.code, lost?.repair?.id],
		['firewall.rule-missing', 'exempt'],
		'a word that was chosen is gone',
	);
});

test('SELinux, AppArmor and a cage that shows our places', async () => {
	const answers = { getenforce: 'Enforcing\n' };
	assert.deepEqual(codes(await surroundings(groundWith({ answers }))), ['server.selinux']);
	const mounts = (text: string) => surroundings(groundWith({ files: [fileOf('/etc/cagefs/cagefs.mp', text)] }));
	assert.deepEqual(codes(await mounts('/var/lib/mysql\n!/run/dbus\n@/run/user,755\n')), []);
	assert.deepEqual(codes(await mounts('/run/sluice\n/etc/sluice-exim,700\n')), [
		'server.cagefs-shows',
		'server.cagefs-shows',
	]);
	assert.deepEqual(
		codes(await mounts('/var/lib\n')),
		['server.cagefs-shows', 'server.cagefs-shows'],
		'a folder above shows them too',
	);
	const profile = [
		fileOf('/sys/module/apparmor/parameters/enabled', 'Y\n'),
		fileOf('/etc/apparmor.d/usr.sbin.exim4', ''),
	];
	assert.deepEqual(codes(await surroundings(groundWith({ files: profile }))), ['server.apparmor']);
});
