/**
 * The relays that are compared: stock Postfix in a box and our agent as a process of its own, both durable, both relaying all
 * mail to one port, with their queues side by side on one disk.
 *
 * Postfix is as Debian ships it plus a relayhost (test/mta/postfix.ts); the agent has its defaults plus a smarthost, and is
 * wired to Exim, so that it attributes each message by a wiring header as on a server. Both write their usual log.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostfix } from '../mta/postfix.ts';
import { until } from '../mta/until.ts';
import { benchFolder } from './load.ts';
import { mainThreadUs, memoryBytes, peakBytes, pidsBeside, processorUs } from './processes.ts';

export type Relay = {
	readonly name: 'postfix' | 'sluice';
	readonly port: number;
	/** Processor time since its start, all its processes. */
	processorUs(): number;
	/** Of that, what the one thread took that must take part in every message; undefined where there is none. */
	mainThreadUs(): number | undefined;
	/** PSS of all its processes now. */
	memoryBytes(): number;
	/** Most resident memory of its one process; undefined where there are many. */
	peakBytes(): number | undefined;
	stop(): Promise<void>;
};

const boxLifeSeconds = 7200;

/** A stock Postfix that relays everything to `relayTo`. */
export async function startPostfixRelay(relayTo: number): Promise<Relay> {
	const spoolDir = join(benchFolder, `postfix-${process.pid}`);
	await rm(spoolDir, { recursive: true, force: true });
	await mkdir(spoolDir, { recursive: true });
	const postfix = await startPostfix({ name: 'bench', stock: { relayTo }, spoolDir, ttlSeconds: boxLifeSeconds });
	const pids = () => pidsBeside(postfix.box.pid);
	return {
		name: 'postfix',
		port: postfix.smtpPort,
		processorUs: () => processorUs(pids()),
		mainThreadUs: () => undefined,
		memoryBytes: () => memoryBytes(pids()),
		peakBytes: () => undefined,
		async stop() {
			await postfix.stop();
			await rm(spoolDir, { recursive: true, force: true });
		},
	};
}

export type AgentRelay = Relay & {
	readonly name: 'sluice';
	readonly pid: number;
	readonly socketPath: string;
	/** From the start of the process to the open port. */
	readonly startMs: number;
	/** Its log lines so far. */
	log(): string;
};

export type AgentOptions = {
	/** In place of the smarthost and of other defaults, as in agent.yaml. */
	readonly config: { readonly [section: string]: unknown };
	/** Folder of an earlier run, to start with what is queued there; else a fresh one. */
	readonly dataDir?: string;
	/** More arguments for Node, such as `--cpu-prof`. */
	readonly nodeArguments?: readonly string[];
	readonly startMsMax?: number;
	/** The folder stays behind. */
	readonly keep?: boolean;
};

/** What the sources put into the wiring header. */
export const wiringSecret = 'a-secret-for-the-benches-only';

/** As it is installed, with the arguments for Node that belong to it. `SLUICE_PROGRAM=…/sluice`: another build. */
const program = process.env.SLUICE_PROGRAM ?? join(import.meta.dirname, '../../installers/scripts/sluice');
const stopMsMax = 30_000;
let agents = 0;

/** Starts `sluice agent run`; resolves when its port is open. */
export async function startAgentRelay(options: AgentOptions): Promise<AgentRelay> {
	const dataDir = options.dataDir ?? join(benchFolder, `agent-${process.pid}-${++agents}`);
	if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
	await mkdir(dataDir, { recursive: true });
	const [configFile, secretFile, logFile] = ['agent.yaml', 'secret', 'agent.log'].map((name) =>
		join(dataDir, name),
	) as [string, string, string];
	await writeFile(secretFile, `${wiringSecret}\n`);
	// JSON is YAML.
	const config = {
		dataDir,
		hostName: 'server.test',
		smtp: { listen: '127.0.0.1:0' },
		wiring: { mta: 'exim', secretFile },
		...options.config,
	};
	await writeFile(configFile, JSON.stringify(config, undefined, '\t'));
	const log = openSync(logFile, 'w');
	const beganMs = Date.now();
	const child = spawn(program, ['agent', 'run', '--config', configFile], {
		stdio: ['ignore', log, 'inherit'],
		env: { ...process.env, NODE_OPTIONS: [process.env.NODE_OPTIONS, ...(options.nodeArguments ?? [])].join(' ') },
	});
	const kill = () => void child.kill('SIGKILL');
	process.once('exit', kill);
	const exited = once(child, 'exit');
	const readLog = () => readFileSync(logFile, 'utf8');
	const started = () =>
		/"time":"([^"]*)","event":"agent.started".*"smtp":"[^"]*:(\d+)","api":"([^"]*)"/.exec(readLog());
	await until(() => child.exitCode !== null || started() !== null, {
		waitMs: options.startMsMax ?? 30_000,
		otherwise: readLog,
	});
	const found = started();
	if (found === null) throw new Error(`the agent did not start:\n${readLog()}`);
	const pid = child.pid as number;
	return {
		name: 'sluice',
		pid,
		port: Number(found[2]),
		socketPath: found[3] as string,
		startMs: Date.parse(found[1] as string) - beganMs,
		processorUs: () => processorUs([pid]),
		mainThreadUs: () => mainThreadUs(pid),
		memoryBytes: () => memoryBytes([pid]),
		peakBytes: () => peakBytes(pid),
		log: readLog,
		async stop() {
			if (child.exitCode === null && child.signalCode === null) {
				child.kill('SIGTERM');
				const late = setTimeout(kill, stopMsMax);
				await exited;
				clearTimeout(late);
			}
			process.off('exit', kill);
			if (options.keep !== true) await rm(dataDir, { recursive: true, force: true });
		},
	};
}
