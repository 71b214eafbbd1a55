/**
 * A server without a panel: Debian's Exim or Postfix as its packages set it up, an agent, the fake internet, and the commands
 * `sluice mta …` run on it.
 *
 * The commands run in this process with the box as their machine: files through its root, programs inside. Un-wired, the MTA delivers to
 * a sink itself: what the DNS would say stands in the MTA's configuration, in a form that is no relay for all mail.
 *
 * Not here: what is expected (wire-*.test.ts). The agent is told of nothing but what docs/wiring.md says.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram, runProgram } from '@sluice/agent/main/commands/program.ts';
import type { ExitCode, Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { readConfig } from '@sluice/agent/main/read-config.ts';
import { addDoctor } from '@sluice/installers/doctor/commands.ts';
import { relayAnswer } from '@sluice/installers/facts/agent.ts';
import type { Machine } from '@sluice/installers/facts/machine.ts';
import { addMta } from '@sluice/installers/mta/commands.ts';
import type { MtaPorts } from '@sluice/installers/mta/site.ts';
import { addStage } from '@sluice/installers/stage/commands.ts';
import type { TraceDto } from '@sluice/shared/contract/shapes.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { type Rig, rigConfig, startRig } from '../scenarios/rig.ts';
import { type Box, startBox } from './box.ts';
import { machineOf } from './box-machine.ts';
import { unpackedLayer } from './debs.ts';
import { eximUser } from './exim.ts';
import { agentConfig, type HostConfig, type HostingPorts, hostingPorts, hostNameOf, type MtaKind } from './hosting.ts';
import { type EximLayout, furnishPlainExim } from './plain-exim.ts';
import { cool, startPostfix } from './postfix.ts';
import { createStops } from './stops.ts';
import { tenants } from './unix-users.ts';
import { until } from './until.ts';
import { fixtureSecret } from './wiring-fixture.ts';

export type PlainOptions = {
	readonly name: string;
	readonly layout?: EximLayout;
	/** Further lines of Exim's local macros. */
	readonly macros?: readonly string[];
	/** Further settings of Postfix before it is wired. */
	readonly settings?: Readonly<Record<string, string>>;
	/** Shows this checkout inside, at `program`, for tests of the executable itself. */
	readonly hasProgram?: boolean;
};

/** The executable inside a box that has it. */
export const program = '/opt/sluice/installers/scripts/sluice';

export type Ran = { readonly code: ExitCode; readonly out: string; readonly err: string };

export type RunWith = {
	readonly machine?: (machine: Machine) => Machine;
	/** What a person at the terminal answers; left out: nobody is there. */
	readonly answer?: string;
	readonly testWaitMs?: number;
	readonly port?: number;
	/** The agent cannot be told to read its configuration anew. */
	readonly isDeaf?: boolean;
};

export type PlainServer = {
	readonly kind: MtaKind;
	readonly box: Box;
	readonly machine: Machine;
	readonly internet: Internet;
	readonly rig: Rig;
	readonly ports: HostingPorts;
	/** The agent's configuration, at the same path in the box. */
	readonly config: string;
	/** `sluice mta WORDS`. */
	mta(words: readonly string[], options?: RunWith): Promise<Ran>;
	/** `sluice stage WORDS`. */
	stage(words?: readonly string[], options?: RunWith): Promise<Ran>;
	/** `sluice doctor WORDS`. */
	doctor(words?: readonly string[], options?: RunWith): Promise<Ran>;
	/** A script of webuser sends a message; how it reached the sink. */
	send(label: string): Promise<{ readonly via: 'agent' | 'direct'; readonly from: TraceDto['from'] | undefined }>;
	/** One sum over names, modes, owners and bytes of every file of the MTA's configuration. */
	treeSum(): Promise<string>;
	/** Tells the MTA to read its files again after a test changed them. */
	reload(): Promise<void>;
	stop(): Promise<void>;
};

const testWaitMs = 8_000;
const boxSecondsMax = 600;
const checkout = join(import.meta.dirname, '../..');
const configFolders = { exim: ['/etc/exim4', '/var/lib/exim4'], postfix: ['/etc/postfix'] } as const;

/** Starts all of it. The caller stops it. */
export function startPlainServer(kind: MtaKind, options: PlainOptions): Promise<PlainServer> {
	const starts = { exim: startPlainExim, postfix: startPlainPostfix } as const;
	return startServer(kind, options, { start: starts[kind], folders: configFolders[kind] });
}

export type ServerStart = {
	/** Starts the MTA in a box of its own. */
	readonly start: (options: StartOptions) => Promise<Started>;
	/** Everything of which the MTA's configuration is made, for `treeSum`: folders and single files. */
	readonly folders: readonly string[];
	readonly config?: (config: HostConfig) => HostConfig;
};

/** An agent, the fake internet, and an MTA that `start` starts. The caller stops it. */
export async function startServer(
	kind: MtaKind,
	options: PlainOptions,
	{ start, folders, config: change = (config) => config }: ServerStart,
): Promise<PlainServer> {
	const stops = createStops();
	const stop = stops.all;
	try {
		const [ports, internet] = await Promise.all([hostingPorts(), startInternet()]);
		stops.push(() => internet.stop());
		const folder = await mkdtemp(join(tmpdir(), 'sluice-plain-'));
		stops.push(() => rm(folder, { recursive: true, force: true }));
		const secretFile = join(folder, 'secret');
		await writeFile(secretFile, `${fixtureSecret}\n`, { mode: 0o600 });
		const { delivery, ...config } = change(agentConfig({ kind, ports, internet, secretFile }));
		// As the rig below has it: a reload changes nothing else.
		const whole = rigConfig({ config, delivery: delivery ?? {} }, { internet, dataDir: folder });
		await writeFile(join(folder, 'agent.yaml'), JSON.stringify(whole));
		const rig = await startRig(undefined, { internet, config, delivery: delivery ?? {} });
		stops.push(() => rig.stop());
		const shown = [folder, rig.dataDir].map((path) => ({ host: path, inside: path }));
		const binds = options.hasProgram === true ? [...shown, { host: checkout, inside: '/opt/sluice' }] : shown;
		const started = await start({ ...options, ports, internet, binds });
		stops.push(() => started.stop());
		const { box } = started;
		const { machine = machineOf(box) } = started;
		const configFile = join(folder, 'agent.yaml');
		const place = { kind, box, machine, internet, rig, ports, config: configFile };
		return {
			...place,
			mta: (words, run = {}) => runSluice(place, ['mta', ...words], run),
			stage: (words = [], run = {}) => runSluice(place, ['stage', ...words], run),
			doctor: (words = [], run = {}) => runSluice(place, ['doctor', ...words], run),
			send: (label) => sendThrough(place, label),
			treeSum: () => treeSum(box, folders),
			reload: started.reload,
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

export type Started = {
	readonly box: Box;
	/** Where it is more than the box itself. */
	readonly machine?: Machine;
	reload(): Promise<void>;
	stop(): Promise<void>;
};
export type StartOptions = PlainOptions & {
	readonly ports: HostingPorts;
	readonly internet: Internet;
	readonly binds: readonly { readonly host: string; readonly inside: string }[];
};

/** Debian's exim4-config after its questions: an internet site. */
async function startPlainExim(options: StartOptions): Promise<Started> {
	const { name, layout = 'split', ports, internet, binds, macros = [] } = options;
	const box = await startBox({
		name,
		layers: [await unpackedLayer('exim')],
		users: [...tenants, eximUser],
		binds,
		ttlSeconds: boxSecondsMax,
	});
	try {
		const { address } = internet.sink('ordinary');
		await furnishPlainExim(box, { layout, smtpPort: ports.smtp, sink: { address, port: internet.smtpPort }, macros });
		await box.run(['/usr/sbin/exim4', '-bd']);
		const log = () => box.readFile('/var/log/exim4/mainlog').catch(() => '');
		await until(async () => (await log()).includes('daemon started'), { waitMs: 15_000, otherwise: log });
		const reload = async (): Promise<void> => {
			if (layout !== 'single') await box.run(['update-exim4.conf']);
		};
		return { box, reload, stop: () => box.stop() };
	} catch (error) {
		await box.stop();
		throw error;
	}
}

/** A Postfix that asks the DNS itself; here /etc/hosts and another port than 25 answer. */
async function startPlainPostfix({ name, ports, internet, binds, settings = {} }: StartOptions): Promise<Started> {
	const { address } = internet.sink('ordinary');
	const postfix = await startPostfix({
		name,
		hostname: hostNameOf.postfix,
		ports: { smtp: ports.smtp, submission: ports.submission },
		directHost: address,
		directPort: internet.smtpPort,
		// Longer than any test waits: what leaves sooner was kicked.
		retrySeconds: 120,
		ttlSeconds: boxSecondsMax,
		binds,
		settings: {
			relayhost: '',
			sender_dependent_default_transport_maps: '',
			smtp_send_xforward_command: 'no',
			smtp_dns_support_level: 'disabled',
			smtp_host_lookup: 'native',
			smtp_tcp_port: String(internet.smtpPort),
			...settings,
		},
	});
	const { box } = postfix;
	await box.writeFile('/etc/hosts', `127.0.0.1 localhost\n${address} ok.test\n`);
	const machine = machineOf(box);
	const run: Machine['run'] = async (command, how) => {
		await cool(box);
		return machine.run(command, how);
	};
	return { box, machine: { ...machine, run }, reload: () => postfix.reload(), stop: () => postfix.stop() };
}

type Place = Pick<PlainServer, 'kind' | 'box' | 'machine' | 'internet' | 'rig' | 'ports' | 'config'>;

async function runSluice(place: Place, words: readonly string[], options: RunWith): Promise<Ran> {
	let out = '';
	let err = '';
	let code: ExitCode = 0;
	const { answer } = options;
	const terminal: Terminal = {
		writeOut: (text) => {
			out += text;
		},
		writeErr: (text) => {
			err += text;
		},
		isTerminal: answer !== undefined,
		canAsk: answer !== undefined,
		width: 100,
		hasColour: false,
		zone: 'UTC',
		environment: {},
		now: Date.now,
		actor: { role: 'admin', id: 'test' },
		ask: async (question) => {
			out += question;
			return answer ?? '';
		},
		exists: () => false,
		onInterrupt() {},
		endWith(ending) {
			code = ending;
		},
	};
	const program = createProgram(terminal);
	const ports: MtaPorts = {
		machine: () => options.machine?.(place.machine) ?? place.machine,
		client: async () => place.rig.client,
		relayAnswer,
		reloadAgent: async () => {
			if (options.isDeaf === true) return failed('the agent could not be told');
			const read = readConfig(place.config);
			if (!read.ok) return failed(read.error.join('; '));
			place.rig.agent.reload(read.value);
			return ok(undefined);
		},
		testWaitMs: options.testWaitMs ?? testWaitMs,
		pid: process.pid,
	};
	addMta(program, terminal, ports);
	addStage(program, terminal, ports);
	addDoctor(program, terminal, ports);
	const port = options.port === undefined ? [] : ['--port', String(options.port)];
	await runProgram(program, terminal, [...words, '--config', place.config, ...port]);
	return { code, out, err };
}

let sent = 0;

async function sendThrough(place: Place, label: string): ReturnType<PlainServer['send']> {
	const recipient = `${label}-${++sent}@ok.test`;
	const arrived = () =>
		place.internet.accepted().find(({ acceptedRecipients }) => acceptedRecipients.includes(recipient));
	await place.box.runAs('webuser', `/usr/sbin/sendmail -i ${recipient}`, {
		input: `Subject: ${label}\nTo: ${recipient}\n\nHello.\n`,
	});
	await until(() => arrived() !== undefined, {
		waitMs: 15_000,
		otherwise: async () => {
			const logs = await Promise.all(
				['/var/log/exim4/mainlog', '/var/log/postfix.log'].map((path) => place.box.readFile(path).catch(() => '')),
			);
			return `${recipient} did not arrive: ${logs.join('').slice(-3000)}`;
		},
	});
	const found = await place.rig.client.call('listMessages', { query: { recipient } });
	const message = found.ok ? found.value.items[0] : undefined;
	if (message === undefined) return { via: 'direct', from: undefined };
	return { via: 'agent', from: (await place.rig.trace(message.id)).from };
}

async function treeSum(box: Box, folders: readonly string[]): Promise<string> {
	const sum = createHash('sha256');
	for (const folder of folders) {
		const root = box.hostPath(folder);
		const paths = (await readdir(root, { recursive: true }).catch(() => [])).toSorted();
		for (const path of ['.', ...paths]) {
			const full = join(root, path);
			const { mode, uid, gid } = await stat(full).catch(() => ({ mode: 0, uid: 0, gid: 0 }));
			const content = await readFile(full).catch(() => readlink(full).catch(() => ''));
			sum.update(JSON.stringify([folder, path, mode, uid, gid])).update(content);
		}
	}
	return sum.digest('hex');
}
