/**
 * A whole server: a box with systemd as process 1 and a network of its own, an MTA run by units as its package would, tenants, and
 * the fake internet beyond. On it `install.sh` and `sluice` run as on a customer's server.
 *
 * The network is private, so fixed ports, ports below 1024 and firewall rules are nobody else's; port 25 is not used all the same.
 * The server's administrator can tell the agent, in a file of their own, where the fake internet is and that tries come soon.
 *
 * Not here: what is expected (whole.*.test.ts), the MTAs' set-up (server-mta.ts), units that install (the product brings them).
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Machine } from '@sluice/installers/facts/machine.ts';
import { type Box, type BoxOptions, boxesUnavailable, type RunOptions, type RunResult, startBox } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';
import { type LayerName, unpackedLayer } from '../mta/debs.ts';
import { createStops } from '../mta/stops.ts';
import { tenants, type UnixUser } from '../mta/unix-users.ts';
import { until } from '../mta/until.ts';
import { mxPort, type ServerInternet, startServerInternet } from './server-internet.ts';
import { furnishMta, mtaBinds, mtaLayers, mtaUsers, type ServerMta } from './server-mta.ts';

export type ServerOptions = {
	readonly mta: ServerMta;
	readonly name?: string;
	/** Beside the tenants. */
	readonly users?: readonly UnixUser[];
	/** Host folders to show inside, say one with a release. */
	readonly binds?: NonNullable<BoxOptions['binds']>;
	/** Of packages beside those of the MTA. */
	readonly layers?: readonly LayerName[];
	readonly ttlSeconds?: number;
};

export type Server = {
	readonly mta: ServerMta;
	readonly box: Box;
	readonly machine: Machine;
	readonly internet: ServerInternet;
	run(command: readonly string[], options?: RunOptions): Promise<RunResult>;
	/** A shell script as a tenant. */
	runAs(user: string, script: string, options?: RunOptions): Promise<RunResult>;
	/** The installed command; throws when it fails, unless allowed. */
	sluice(words: readonly string[], options?: RunOptions): Promise<RunResult>;
	systemctl(...words: readonly string[]): Promise<RunResult>;
	/** What `systemctl is-active` says: `active`, `inactive`, `failed` … */
	stateOf(unit: string): Promise<string>;
	journal(unit?: string): Promise<string>;
	/** Mail of a tenant by sendmail; resolves when the MTA has it. */
	send(recipient: string, options?: { readonly user?: string; readonly subject?: string }): Promise<void>;
	/** The administrator's own part of the configuration, before or after an installation; JSON is YAML. Default: `towardsInternet`. */
	administrate(configuration?: Readonly<Record<string, unknown>>): Promise<void>;
	/** The MTA's main log and the journal's end, for messages of failed tests. */
	report(): Promise<string>;
	stop(): Promise<void>;
};

const TTL_SECONDS_DEFAULT = 600;
const BOOT_WAIT_MS = 30_000;
const administratorFile = '/etc/sluice/conf.d/90-administrator.yaml';

/** Why there can be no server here, for `test({ skip })`, or undefined. A good answer is kept beside the layer. */
export function serversUnavailable(): Promise<string | undefined> {
	unavailable ??= probe();
	return unavailable;
}

let unavailable: Promise<string | undefined> | undefined;

async function probe(): Promise<string | undefined> {
	const noBoxes = await boxesUnavailable();
	if (noBoxes !== undefined) return noBoxes;
	const layer = await unpackedLayer('server');
	const mark = `${layer}.boots`;
	const here = await circumstances();
	if ((await readFile(mark, 'utf8').catch(() => undefined)) === here) return undefined;
	const box = await startBox({
		name: 'probe',
		layers: [layer],
		users: [],
		init: 'systemd',
		ttlSeconds: 60,
	}).catch((error: unknown) => `no systemd in a box: ${String(error)}`);
	if (typeof box === 'string') return box;
	try {
		await booted(box);
		await box.run(['nft', 'add', 'table', 'inet', 'probe']);
		await writeFile(mark, here);
		return undefined;
	} catch (error) {
		return `no whole server in a box: ${String(error)}`;
	} finally {
		await box.stop();
	}
}

/** What a good answer holds for, so that not every process has to start a server to ask: this start of the kernel, and what we may do. */
async function circumstances(): Promise<string> {
	const [boot, status] = await Promise.all(
		['/proc/sys/kernel/random/boot_id', '/proc/self/status'].map((path) => readFile(path, 'utf8')),
	);
	return `${boot}${status!.match(/^(?:CapEff|NoNewPrivs|Seccomp):.*$/gm)?.join('\n')}\n`;
}

/** Starts all of it, un-wired and without the product; it stops at the end of the test, or by `stop()`. */
export async function startServer(
	context: { after(stop: () => Promise<void>): void },
	options: ServerOptions,
): Promise<Server> {
	const { mta, name = mta, users = [], binds = [] } = options;
	const stops = createStops();
	context.after(() => stops.all());
	try {
		const box = await startBox({
			name,
			layers: [...(await mtaLayers(mta)), ...(await Promise.all((options.layers ?? []).map(unpackedLayer)))],
			users: [...tenants, ...mtaUsers(mta), ...users],
			binds: [...mtaBinds(mta), ...binds],
			init: 'systemd',
			ttlSeconds: options.ttlSeconds ?? TTL_SECONDS_DEFAULT,
		});
		stops.push(() => box.stop());
		await booted(box);
		const internet = await startServerInternet(box);
		stops.push(() => internet.stop());
		await box.removeFile('/etc/resolv.conf'); // where it is a link, it leads out of the box
		await box.writeFile('/etc/resolv.conf', 'nameserver 127.0.0.1\n');
		const server = serverOf(mta, box, internet, () => stops.all());
		await furnishMta(server);
		return server;
	} catch (error) {
		await stops.all();
		throw error;
	}
}

/** The part of the agent's configuration that says where mail goes in a test, and that it is tried again soon. */
export const towardsInternet = {
	spool: { minFreeBytes: 0, minFreeRatio: 0, segmentBytes: 1 << 20, reserveBytes: 1 << 20 },
	delivery: {
		port: mxPort,
		allowAddresses: ['127.0.10.0/24', '::1/128'],
		retry: { firstSeconds: 1, maxSeconds: 2, jitter: 0, expireSeconds: 120, delayNoticeSeconds: 60 },
		lane: { reopenSeconds: 1, reopenMaxSeconds: 1 },
	},
} as const;

/** Waits until systemd has started what it starts; throws when a unit failed. */
export async function booted(box: Box): Promise<void> {
	const state = async (): Promise<string> =>
		(await box.run(['systemctl', 'is-system-running'], { allowFailure: true })).stdout.trim();
	await until(async () => ['running', 'degraded'].includes(await state()), {
		waitMs: BOOT_WAIT_MS,
		otherwise: async () => `systemd is still ${await state()}`,
	});
	if ((await state()) === 'running') return;
	throw new Error(`units failed at the start: ${(await box.run(['systemctl', '--failed', '--plain'])).stdout}`);
}

function serverOf(mta: ServerMta, box: Box, internet: ServerInternet, stop: () => Promise<void>): Server {
	const allowed = { allowFailure: true } as const;
	const journal = async (unit?: string): Promise<string> =>
		(await box.run(['journalctl', '--no-pager', '-o', 'short', ...(unit === undefined ? [] : ['-u', unit])], allowed))
			.stdout;
	return {
		mta,
		box,
		machine: machineOf(box),
		internet,
		run: (command, options) => box.run(command, options),
		runAs: (user, script, options) => box.runAs(user, script, options),
		sluice: (words, options) => box.run(['/usr/local/bin/sluice', ...words], options),
		systemctl: (...words) => box.run(['systemctl', ...words]),
		stateOf: async (unit) => (await box.run(['systemctl', 'is-active', unit], allowed)).stdout.trim(),
		journal,
		async send(recipient, { user = 'webuser', subject = 'test' } = {}) {
			await box.runAs(user, `/usr/sbin/sendmail -i ${recipient}`, {
				input: `Subject: ${subject}\nTo: ${recipient}\n\nHello.\n`,
			});
		},
		administrate: (configuration = towardsInternet) => box.writeFile(administratorFile, JSON.stringify(configuration)),
		async report() {
			const exim = ['/var/log/exim4/mainlog', '/var/log/exim4/paniclog'].map((path) =>
				box.readFile(path).catch(() => ''),
			);
			const own = ['postfix@-', 'exim4', 'sluice-agent', 'sluice-watch'].map((unit) => journal(unit));
			const logs = [...(await Promise.all([...exim, ...own])), await journal()];
			return logs.map((text) => text.slice(-REPORT_CHARACTERS)).join('\n──\n');
		},
		stop,
	};
}

const REPORT_CHARACTERS = 4000;
