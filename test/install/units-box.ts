/**
 * A server with the product's units alone: no MTA, its user only; a release in place, users, configuration and units as the installer
 * makes them. For what systemd and the kernel do with the units, which no MTA is needed to show.
 */
import { randomBytes } from 'node:crypto';
import { runSteps } from '@sluice/installers/apply/run-steps.ts';
import { currentRelease, releasesFolder } from '@sluice/installers/facts/places.ts';
import type { UnitSettings } from '@sluice/installers/units/names.ts';
import { workingNft } from '@sluice/installers/units/relay-guard.ts';
import { formerFiles, unitSteps } from '@sluice/installers/units/unit-steps.ts';
import { userFacts, userSteps } from '@sluice/installers/units/users.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { type Box, startBox } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';
import { unpackedLayer } from '../mta/debs.ts';
import { eximUser } from '../mta/exim.ts';
import { tenants } from '../mta/unix-users.ts';
import { builtRelease } from '../release/built.ts';
import { booted } from './server-box.ts';

export const relayPort = 926;
export const mtaUser = eximUser;

/** What the steps do, performed; throws when one fails. */
export async function performed(box: Box, steps: Parameters<typeof runSteps>[0]): Promise<void> {
	const done = await runSteps(steps, {
		machine: machineOf(box),
		test: async () => ok('no mail here'),
		reloadAgent: async () => ok(undefined),
		onStep: () => {},
	});
	if (!done.ok) throw new Error(JSON.stringify(done.error));
}

/** A server with a release in place and a configuration; no users of ours, and nothing runs. */
export async function bareServer(): Promise<{ readonly box: Box; readonly settings: UnitSettings }> {
	const release = await builtRelease();
	const place = `${releasesFolder}/${release.version}`;
	const box = await startBox({
		name: 'units',
		layers: [await unpackedLayer('server')],
		users: [...tenants, mtaUser],
		binds: [{ host: release.folder, inside: place }],
		init: 'systemd',
		ttlSeconds: 300,
	});
	try {
		await booted(box);
		await box.run(['ln', '-s', `releases/${release.version}`, currentRelease]);
		const machine = machineOf(box);
		await box.writeFile('/etc/sluice/agent.yaml', JSON.stringify(configuration));
		await box.writeFile('/etc/sluice/wiring-secret', `${randomBytes(24).toString('hex')}\n`);
		const nft = await workingNft(machine);
		const guard = nft === undefined ? {} : { guard: { nft, uids: [0, mtaUser.uid] } };
		return { box, settings: { relayPort, panel: 'cpanel', ...guard } };
	} catch (error) {
		await box.stop();
		throw error;
	}
}

/** All units serve. */
export async function servingServer(): Promise<{ readonly box: Box; readonly settings: UnitSettings }> {
	const { box, settings } = await bareServer();
	try {
		await performed(box, userSteps(await userFacts(machineOf(box)), 'cpanel'));
		const files = ['/etc/sluice/agent.yaml', '/etc/sluice/wiring-secret'];
		await box.run(['chgrp', 'sluice', ...files]);
		await box.run(['chmod', '0640', ...files]);
		await performed(box, unitSteps(settings, await formerFiles(machineOf(box), settings)));
		return { box, settings };
	} catch (error) {
		const journal = await box.run(['journalctl', '--no-pager', '-n', '40'], { allowFailure: true });
		await box.stop();
		throw new Error(`${error} ${journal.stdout}`);
	}
}

const configuration = {
	dataDir: '/var/lib/sluice',
	hostName: 'server.test',
	spool: { minFreeBytes: 0, minFreeRatio: 0 },
	smtp: { listen: `127.0.0.1:${relayPort}`, peers: 'mta', mtaUsers: [mtaUser.name] },
	api: { socket: '/run/sluice/agent.sock' },
	wiring: { mta: 'exim', secretFile: '/etc/sluice/wiring-secret' },
	// Nothing is ever delivered here.
	delivery: { smarthost: { host: '127.0.0.1', port: 2600 } },
};

/** What the relay port says first to this user, or why it says nothing. */
export const connected = (box: Box, user: string, waitSeconds = 10): Promise<string> =>
	said(box, user, '', waitSeconds);

/** What it says to mail of this user: the answer to MAIL, or an earlier refusal. */
export const mailed = (box: Box, user: string): Promise<string> =>
	said(
		box,
		user,
		'for my $command ("HELO server.test", "MAIL FROM:<>") { print $relay "$command\\r\\n"; last if ($line = <$relay>) !~ /^2/ }',
		10,
	);

/** The last line of a conversation in Perl. */
async function said(box: Box, user: string, conversation: string, waitSeconds: number): Promise<string> {
	const script = `perl -MIO::Socket::INET -e 'my $relay = IO::Socket::INET->new("127.0.0.1:${relayPort}") or do { print $!; exit };
alarm ${waitSeconds}; my $line = <$relay>; ${conversation}
print $line // "closed"'`;
	const ran = user === 'root' ? box.run(['/bin/sh', '-c', script]) : box.runAs(user, script);
	return (await ran).stdout.trim();
}

/** Each tried as the part's own user, inside of what its unit leaves open; `done`, or the error's code. */
const attempts = `
const fs = require('node:fs'), net = require('node:net');
const result = {};
const note = (name, code) => { result[name] = code; };
const attempt = (name, act) => { try { note(name, act() ?? 'done'); } catch (error) { note(name, error.code); } };
const open = (name, options) => new Promise((resolve) => {
	const socket = net.connect(options);
	socket.once('connect', () => { note(name, 'done'); socket.destroy(); resolve(); });
	socket.once('error', (error) => { note(name, error.code); resolve(); });
});
const folder = process.argv[1];
(async () => {
	attempt('replace panel.sock', () => fs.unlinkSync('/run/sluice/panel.sock'));
	await open('open helper.sock', { path: '/run/sluice/helper.sock' });
	await open('open panel.sock', { path: '/run/sluice/panel.sock' });
	attempt('write below its folder', () => fs.writeFileSync(folder + '/tried', ''));
	attempt('write /opt/sluice', () => fs.writeFileSync('/opt/sluice/tried', ''));
	attempt('write /etc/sluice', () => fs.writeFileSync('/etc/sluice/tried', ''));
	attempt('read the secret', () => void fs.readFileSync('/etc/sluice/wiring-secret'));
	attempt('read /etc/shadow', () => void fs.readFileSync('/etc/shadow'));
	attempt('see homes', () => void fs.readdirSync('/home'));
	attempt('see processes of others', () => void fs.readFileSync('/proc/1/status'));
	await open('open a connection', { host: '127.0.0.1', port: 9 });
	const own = (name) => new RegExp(name + ':\\\\s+(\\\\w+)').exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];
	attempt('capabilities', () => own('CapBnd'));
	attempt('new privileges are refused', () => own('NoNewPrivs'));
	fs.writeFileSync(folder + '/tried', JSON.stringify(result));
})();
`;

/** What a program can do in place of this part. Its unit gets that program to run first, once. */
export async function tried(box: Box, part: 'agent' | 'panel', folder: string): Promise<Record<string, string>> {
	const drop = `/etc/systemd/system/sluice-${part}.service.d/tried.conf`;
	await box.writeFile('/usr/local/lib/attempts.cjs', attempts);
	// With `require` of the file: the text of a unit has its own rules for quotes and dollars.
	const run = `ExecStartPre=${currentRelease}/bin/node -e "require('/usr/local/lib/attempts.cjs')" ${folder}`;
	await box.writeFile(drop, `[Service]\n${run}\n`);
	try {
		await box.run(['systemctl', 'daemon-reload']);
		await box.run(['systemctl', 'restart', `sluice-${part}.service`]);
		return JSON.parse(await box.readFile(`${folder}/tried`)) as Record<string, string>;
	} finally {
		await box.removeFile(drop);
		await box.run(['systemctl', 'daemon-reload']);
	}
}
