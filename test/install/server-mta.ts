/**
 * The MTA of a whole server, as its package leaves it: configured, enabled, started by its own init script or unit.
 *
 * Not here: cPanel's generated configuration itself (test/cpanel/exim), Debian's (test/mta/plain-exim.ts).
 */
import type { Box, BoxOptions, RunResult } from '../mta/box.ts';
import { type LayerName, unpackedLayer } from '../mta/debs.ts';
import { eximUser } from '../mta/exim.ts';
import { hostNameOf } from '../mta/hosting.ts';
import { type EximLayout, furnishPlainExim } from '../mta/plain-exim.ts';
import { cool, installPrograms, postdrop, postfixUser } from '../mta/postfix.ts';
import type { UnixUser } from '../mta/unix-users.ts';
import { until } from '../mta/until.ts';
import { cpanelBinds, furnishCpanel } from './server-cpanel.ts';
import { mxPort, sinkAddress } from './server-internet.ts';

/** `exim` is Debian's with split configuration, `exim-single` with one file, `exim-template` with one file and its template. */
export type ServerMta = 'exim' | 'exim-single' | 'exim-template' | 'postfix' | 'cpanel';

/** Where the MTA takes mail by SMTP, and on cPanel with a password. */
export const smtpPort = 2525;
export const submissionPort = 2587;
const WAIT_MS = 20_000;

const eximLayouts: { readonly [mta in ServerMta]?: EximLayout } = {
	exim: 'split',
	'exim-single': 'single',
	'exim-template': 'template',
};

export function mtaLayers(mta: ServerMta): Promise<readonly string[]> {
	const names: readonly LayerName[] = [mta === 'postfix' ? 'postfix' : 'exim', 'php', 'server'];
	return Promise.all(names.map((name) => unpackedLayer(name)));
}

export function mtaUsers(mta: ServerMta): readonly UnixUser[] {
	return mta === 'postfix' ? [postfixUser, postdrop] : [eximUser];
}

export const mtaBinds = (mta: ServerMta): NonNullable<BoxOptions['binds']> => (mta === 'cpanel' ? cpanelBinds : []);

/** Of a server (server-box.ts), what its MTA is put into. */
type Ground = {
	readonly mta: ServerMta;
	readonly box: Box;
	systemctl(...words: readonly string[]): Promise<RunResult>;
	report(): Promise<string>;
};

export async function furnishMta(server: Ground): Promise<void> {
	const { mta, box } = server;
	const layout = eximLayouts[mta];
	if (layout !== undefined) return startEximUnit(server, layout);
	if (mta === 'postfix') return startPostfixUnit(server);
	await furnishCpanel(box, { smtp: smtpPort, submission: submissionPort, mx: mxPort, sink: sinkAddress });
	await daemonStarted(server);
}

async function startEximUnit(server: Ground, layout: EximLayout): Promise<void> {
	const { box, systemctl } = server;
	await furnishPlainExim(box, { layout, smtpPort, sink: { address: sinkAddress, port: mxPort } });
	// What the package's scripts leave: the daemon's defaults, and a link of each run level (update-rc.d).
	await box.writeFile('/etc/default/exim4', "QUEUERUNNER='combined'\nQUEUEINTERVAL='30m'\n");
	for (const level of [2, 3, 4, 5]) await link(box, '../init.d/exim4', `/etc/rc${level}.d/S01exim4`);
	await systemctl('daemon-reload');
	await systemctl('start', 'exim4.service');
	await daemonStarted(server);
}

async function daemonStarted({ box, report }: Ground): Promise<void> {
	const log = () => box.readFile('/var/log/exim4/mainlog').catch(() => '');
	await until(async () => (await log()).includes('daemon started'), { waitMs: WAIT_MS, otherwise: report });
}

/** As `postconf` and the package's questions leave it for an internet site; its unit keeps the chroot's copies of /etc. */
async function startPostfixUnit({ box, systemctl, report }: Ground): Promise<void> {
	await installPrograms(box);
	await box.run(['cp', '/usr/share/postfix/dynamicmaps.cf', '/etc/postfix/dynamicmaps.cf']);
	await box.run(['cp', '/usr/share/postfix/master.cf.dist', '/etc/postfix/master.cf']);
	await box.run(['cp', '/usr/share/postfix/main.cf.debian', '/etc/postfix/main.cf']);
	const master = await box.readFile('/etc/postfix/master.cf');
	await box.writeFile('/etc/postfix/master.cf', master.replace(/^smtp( +inet)/m, `127.0.0.1:${smtpPort}$1`));
	await box.writeFile('/etc/aliases', 'postmaster: root\n');
	await box.run(['postconf', '-e', ...Object.entries(postfixSettings).map(([name, value]) => `${name} = ${value}`)]);
	await cool(box);
	await box.run(['newaliases']);
	await systemctl('daemon-reload');
	await systemctl('enable', '--now', 'postfix.service');
	await until(async () => (await systemctlState(box)) === 'active', { waitMs: WAIT_MS, otherwise: report });
}

const systemctlState = async (box: Box): Promise<string> =>
	(await box.run(['systemctl', 'is-active', 'postfix@-.service'], { allowFailure: true })).stdout.trim();

const postfixSettings = {
	myhostname: hostNameOf.postfix,
	myorigin: '$myhostname',
	mydestination: `$myhostname, localhost`,
	mynetworks: '127.0.0.0/8',
	inet_interfaces: 'loopback-only',
	inet_protocols: 'ipv4',
	alias_maps: 'hash:/etc/aliases',
	alias_database: 'hash:/etc/aliases',
	// The internet of a test is at another port than 25.
	smtp_tcp_port: String(mxPort),
} as const;

async function link(box: Box, to: string, path: string): Promise<void> {
	await box.run(['/bin/sh', '-c', 'mkdir -p "$(dirname "$2")" && ln -s "$1" "$2"', 'link', to, path]);
}
