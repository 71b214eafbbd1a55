/**
 * The units under a real systemd: what they let through, what they keep shut, and what a restart looks like from outside.
 *
 * One server for all of it; each test leaves it serving. Not here: mail through a real MTA (whole.*.test.ts), the texts (units.md).
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ensureGuard } from '@sluice/installers/units/relay-guard.ts';
import { formerFiles, recurringSteps, unitSteps } from '@sluice/installers/units/unit-steps.ts';
import { userFacts, userSteps } from '@sluice/installers/units/users.ts';
import type { Box } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';
import { until } from '../mta/until.ts';
import { serversUnavailable } from './server-box.ts';
import { bareServer, connected, mailed, mtaUser, performed, relayPort, servingServer, tried } from './units-box.ts';

const skip = (await serversUnavailable()) ?? false;

let box: Box;
before(async () => {
	if (skip === false) ({ box } = await servingServer());
});
after(async () => {
	if (skip === false) await box.stop();
});

const shell = async (script: string): Promise<string> =>
	(await box.run(['/bin/sh', '-c', script], { allowFailure: true })).stdout.trim();
const property = (unit: string, name: string): Promise<string> => shell(`systemctl show --value -p ${name} ${unit}`);

/** Highest exposure of each, of 10, as `systemd-analyze security` counts it. */
const exposureMax = { agent: 2.5, panel: 2.5, 'relay-guard': 2.5, helper: 7.5, reconcile: 7.5, watch: 7.5 } as const;

test('systemd finds nothing wrong with any unit', { skip }, async () => {
	const { code, stdout, stderr } = await box.run(
		['/bin/sh', '-c', 'systemd-analyze verify --man=no default.target /etc/systemd/system/sluice-*'],
		{ allowFailure: true },
	);
	assert.deepEqual([code, stdout, stderr], [0, '', '']);
});

for (const [name, max] of Object.entries(exposureMax))
	test(`sluice-${name} is exposed by no more than ${max}`, { skip }, async () => {
		const said = await shell(`systemd-analyze security --no-pager sluice-${name}.service | tail -1`);
		const exposure = Number(/: ([\d.]+) /.exec(said)?.[1]);
		assert.ok(exposure <= max, said);
	});

test('root and the MTA are greeted; a tenant is neither greeted, nor may bind the port', { skip }, async () => {
	assert.match(await connected(box, 'root'), /^220 server\.test/);
	assert.match(await connected(box, mtaUser.name), /^220 server\.test/);
	assert.equal(await connected(box, 'webuser'), 'Connection refused');
	const bind = `perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:$ARGV[0]") ? "bound" : $!' `;
	const free = relayPort + 1;
	assert.equal((await box.runAs('webuser', `${bind} ${free}`)).stdout, 'Permission denied');
	await box.run(['systemctl', 'stop', 'sluice-agent.service', 'sluice-smtp.socket']);
	assert.equal((await box.runAs('webuser', `${bind} ${relayPort}`)).stdout, 'Permission denied');
	await box.run(['systemctl', 'start', 'sluice-agent.service']);
});

test('whoever flushes all tables: the agent itself turns tenants away, and the guard is put back', {
	skip,
}, async () => {
	await box.run(['nft', 'flush', 'ruleset']);
	assert.match(await mailed(box, 'webuser'), /^5\d\d /);
	assert.match(await mailed(box, mtaUser.name), /^250 /);
	const machine = machineOf(box);
	assert.deepEqual(await ensureGuard(machine), { ok: true, value: true });
	assert.equal(await connected(box, 'webuser'), 'Connection refused');
	assert.deepEqual(await ensureGuard(machine), { ok: true, value: false });
	await box.run(['nft', 'add', 'rule', 'inet', 'sluice_guard', 'output', 'accept']);
	assert.match(await connected(box, 'root'), /^220/);
});

test('a tenant opens no socket, and reads neither secret nor configuration nor data', { skip }, async () => {
	for (const name of ['agent', 'panel', 'helper'])
		assert.equal(
			(
				await box.runAs(
					'webuser',
					`perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new("/run/sluice/${name}.sock") ? "open" : $!'`,
				)
			).stdout,
			'Permission denied',
			name,
		);
	for (const path of ['/etc/sluice/wiring-secret', '/etc/sluice/agent.yaml', '/var/lib/sluice/state.db'])
		assert.match((await box.runAs('webuser', `cat ${path} 2>&1; true`)).stdout, /Permission denied/, path);
	const swap = await box.runAs('webuser', 'mv /run/sluice/panel.sock /run/sluice/x 2>&1; true');
	assert.match(swap.stdout, /Permission denied/);
});

test('the agent may do nothing but its work', { skip }, async () => {
	assert.deepEqual(await tried(box, 'agent', '/var/lib/sluice'), {
		'replace panel.sock': 'EACCES',
		'open helper.sock': 'EACCES',
		'open panel.sock': 'EACCES',
		'write below its folder': 'done',
		'write /opt/sluice': 'EROFS',
		'write /etc/sluice': 'EROFS',
		'read the secret': 'done',
		'read /etc/shadow': 'EACCES',
		'see homes': 'EACCES',
		'see processes of others': 'ENOENT',
		'open a connection': 'ECONNREFUSED',
		capabilities: '0000000000000000',
		'new privileges are refused': '1',
	});
});

test('the panel server has no network, and may open the sockets of agent and helper', { skip }, async () => {
	assert.deepEqual(await tried(box, 'panel', '/var/lib/sluice-panel'), {
		'replace panel.sock': 'EACCES',
		'open helper.sock': 'done',
		'open panel.sock': 'EACCES',
		'write below its folder': 'done',
		'write /opt/sluice': 'EROFS',
		'write /etc/sluice': 'EROFS',
		'read the secret': 'EACCES',
		'read /etc/shadow': 'EACCES',
		'see homes': 'EACCES',
		'see processes of others': 'ENOENT',
		'open a connection': 'EAFNOSUPPORT',
		capabilities: '0000000000000000',
		'new privileges are refused': '1',
	});
	const pid = await property('sluice-panel.service', 'MainPID');
	assert.deepEqual(
		(await shell(`sed 1,2d /proc/${pid}/net/dev`)).split('\n').map((line) => line.trim().split(':')[0]),
		['lo'],
	);
});

test('killed, the agent is back, and who connects meanwhile is greeted by the next one', { skip }, async () => {
	const pid = await property('sluice-agent.service', 'MainPID');
	await box.run(['kill', '-9', pid]);
	assert.match(await connected(box, mtaUser.name), /^220 server\.test/);
	assert.notEqual(await property('sluice-agent.service', 'MainPID'), pid);
});

test('an agent that cannot start is tried again and again, calmly, and the port stays', { skip }, async () => {
	const right = await box.readFile('/etc/sluice/agent.yaml');
	const owned = (text: string): Promise<void> => box.writeFile('/etc/sluice/agent.yaml', text, { mode: 0o640 });
	await owned(right.replace('"hostName"', '"hostNam"'));
	await box.run(['systemctl', 'restart', 'sluice-agent.service'], { allowFailure: true });
	const greeted = connected(box, mtaUser.name, 20);
	const before = Number(await property('sluice-agent.service', 'NRestarts'));
	await until(async () => Number(await property('sluice-agent.service', 'NRestarts')) >= before + 2, {
		waitMs: 15_000,
		otherwise: async () => 'it is not tried again',
	});
	const lines = await shell(
		'journalctl --no-pager -o short-monotonic -u sluice-agent | grep "process exited\\|Scheduled"',
	);
	const pauses = [...lines.matchAll(/\[ *([\d.]+)\].*process exited.*\n\[ *([\d.]+)\].*Scheduled/g)];
	const last = pauses.at(-1)?.slice(1).map(Number) ?? [];
	assert.ok(Number(last[1]) - Number(last[0]) >= 1, `not calmly: ${lines}`);
	assert.equal(await property('sluice-smtp.socket', 'ActiveState'), 'active');
	await owned(right);
	assert.match(await greeted, /^220 server\.test/);
});

test('a queue run that the watch has started goes on when the watch has ended', { skip }, async () => {
	const drop = '/etc/systemd/system/sluice-watch.service.d/test.conf';
	await box.writeFile(drop, "[Service]\nExecStart=\nExecStart=/bin/sh -c 'setsid sleep 271 & exit 0'\n");
	await box.run(['systemctl', 'daemon-reload']);
	await box.run(['systemctl', 'start', 'sluice-watch.service']);
	assert.equal(await property('sluice-watch.service', 'ActiveState'), 'inactive');
	const pid = await shell('pgrep -xf "sleep 271"');
	assert.match(pid, /^\d+$/);
	await box.run(['kill', pid]);
});

test('taken back, nothing of the units, their sockets or their users is left', { skip }, async () => {
	const { box, settings } = await bareServer();
	try {
		const look = `find /etc/systemd /etc/tmpfiles.d /etc/sluice /run/sluice ! -name '*.cache' 2>/dev/null | sort; sort /etc/passwd /etc/group; systemctl list-units --all --plain --no-legend 'sluice-*'; nft list tables`;
		const see = async (): Promise<string> => (await box.run(['/bin/sh', '-c', look])).stdout;
		const former = await see();
		const never = { kind: 'never' } as const;
		const machine = machineOf(box);
		const fails = {
			id: 'fails',
			what: '',
			doneWhen: never,
			apply: [{ kind: 'run', command: ['false'] }],
			undo: [],
		} as const;
		const steps = [
			...userSteps(await userFacts(machine), 'cpanel'),
			...unitSteps(settings, await formerFiles(machine, settings)),
			...recurringSteps(settings),
		];
		await assert.rejects(performed(box, [...steps, fails]), /"step":"fails".*"stuck":\[\]/);
		assert.equal(await see(), former);
	} finally {
		await box.stop();
	}
});
