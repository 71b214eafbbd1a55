/**
 * A server with cPanel's Exim: the stand-ins of its builder and its restart around Debian's own Exim, in a box, with an agent behind it.
 *
 * Paths are cPanel's, but for what is compiled into Debian's program: its `exim4.conf` is a link to the `/etc/exim.conf` that the builder
 * makes, and it runs as Debian-exim. The stand-ins are programs of the box, so that whatever wires this server runs them as on a real one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Box, startBox } from '../../mta/box.ts';
import { unpackedLayer } from '../../mta/debs.ts';
import { Exim, eximUser, furnish } from '../../mta/exim.ts';
import type { EximSettings } from '../../mta/exim-configuration.ts';
import { mailtrapPerl } from '../../mta/exim-configuration.ts';
import { type HostConfig, hostNameOf } from '../../mta/hosting.ts';
import {
	type PlainOptions,
	type PlainServer,
	type Started,
	type StartOptions,
	startServer,
} from '../../mta/plain-server.ts';
import { tenants } from '../../mta/unix-users.ts';
import { eximConfDist } from './exim-conf-dist.ts';

export const confLocal = '/etc/exim.conf.local';
export const localOpts = '/etc/exim.conf.localopts';
export const builtConf = '/etc/exim.conf';
export const aclFolder = '/usr/local/cpanel/etc/exim/acls';
export const buildeximconf = '/usr/local/cpanel/scripts/buildeximconf';

export type CpanelOptions = Omit<PlainOptions, 'layout' | 'macros' | 'settings'> & {
	/** Lines of `exim.conf.localopts`; SRS is off without `srs=1`. */
	readonly options?: readonly string[];
	/** `exim.conf.local`; left out: there is none, as on a server where nobody used the Advanced Editor. */
	readonly confLocal?: string;
	readonly config?: (config: HostConfig) => HostConfig;
};

export type CpanelServer = PlainServer & { readonly exim: Exim };

const aclBlocks = ['ACL_MAIL_PRE_BLOCK', 'ACL_OUTGOING_NOTSMTP_CHECKALL_BLOCK'] as const;

/** All that decides how Exim routes mail. */
const folders = ['/etc/exim.conf', confLocal, localOpts, aclFolder, '/etc/exim4', '/etc/sluice-exim'];

/** Starts all of it. The caller stops it. */
export async function startCpanelServer(options: CpanelOptions): Promise<CpanelServer> {
	let exim: Exim | undefined;
	const server = await startServer('exim', options, {
		folders,
		...(options.config === undefined ? {} : { config: options.config }),
		async start(parts) {
			const started = await startCpanelExim(parts, options);
			exim = started.exim;
			return started;
		},
	});
	if (exim === undefined) throw new Error('no Exim was started');
	return { ...server, exim };
}

async function startCpanelExim(
	{ name, ports, internet, binds }: StartOptions,
	{ options = [], confLocal: local }: CpanelOptions,
): Promise<Started & { readonly exim: Exim }> {
	const [layers] = await Promise.all([Promise.all([unpackedLayer('exim'), unpackedLayer('php')])]);
	const box = await startBox({ name, layers, users: [...tenants, eximUser], binds, ttlSeconds: 600 });
	try {
		const settings: EximSettings = {
			hostname: hostNameOf.exim,
			smtpPort: ports.smtp,
			submissionPort: ports.submission,
			direct: { host: internet.sink('ordinary').address, port: internet.smtpPort },
		};
		await furnishCpanelExim(box, settings, { options, ...(local === undefined ? {} : { confLocal: local }) });
		const exim = new Exim(box, settings);
		await exim.run();
		const reload = async (): Promise<void> => {
			await box.run([buildeximconf]);
			await box.run(['/usr/local/cpanel/scripts/restartsrv_exim']);
		};
		return { box, exim, reload, stop: () => box.stop() };
	} catch (error) {
		await box.stop();
		throw error;
	}
}

/** cPanel's Exim with its builder and its restart, configuration built. Nothing is started. */
export async function furnishCpanelExim(
	box: Box,
	settings: EximSettings,
	{ options = [], confLocal: local }: Pick<CpanelOptions, 'options' | 'confLocal'> = {},
): Promise<void> {
	await furnish(box, settings);
	const own = (file: string) => readFile(join(import.meta.dirname, file), 'utf8');
	await box.writeFile('/etc/exim.pl.local', mailtrapPerl.replace(/1;\s*$/, '') + (await own('exim.pl.local')));
	await box.writeFile('/usr/local/cpanel/version', '11.134.0.5\n');
	for (const script of ['buildeximconf', 'restartsrv_exim'])
		await box.writeFile(`/usr/local/cpanel/scripts/${script}`, await own(script), { mode: 0o755 });
	await box.writeFile('/usr/local/cpanel/etc/exim/exim.conf.dist', eximConfDist(settings));
	for (const block of aclBlocks) await box.makeFolder(`${aclFolder}/${block}`);
	await box.writeFile(localOpts, options.map((line) => `${line}\n`).join(''));
	if (local !== undefined) await box.writeFile(confLocal, local);
	await box.run(['/bin/ln', '-s', '../exim.conf', '/etc/exim4/exim4.conf']);
	await box.run([buildeximconf]);
}
