/**
 * The agent as a process of its own, to be killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@sluice/shared/client/client.ts';
import type { ConfigInput } from '@sluice/shared/contract/config.ts';
import { type Internet, startInternet } from '../internet/internet.ts';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const startTimeoutMs = 20_000;

export type LogLine = { readonly event: string; readonly [field: string]: unknown };

export type AgentProcess = {
	readonly port: number;
	readonly pid: number;
	readonly lines: readonly LogLine[];
	readonly client: Client;
	/** SIGKILL, and the end of the process. */
	kill(): Promise<void>;
	/** SIGTERM; resolves with the exit code. */
	stop(): Promise<number | null>;
	/** Resolves when a condition over the log lines holds. */
	until(condition: () => boolean, timeoutMs?: number): Promise<void>;
};

export type Home = { readonly dir: string; readonly configFile: string; remove(): void };

/** A folder with a configuration. `config` is written as JSON, which is YAML. */
export function makeHome(
	config: Omit<ConfigInput, 'dataDir'>,
	dir = mkdtempSync(join(tmpdir(), 'sluice-fault-')),
): Home {
	const configFile = join(dir, 'agent.yaml');
	writeFileSync(configFile, JSON.stringify({ dataDir: join(dir, 'data'), ...config }));
	return { dir, configFile, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** An internet and an agent's home for one test, which takes both away at its end. `delivery`: beside the way to the sinks. */
export async function makeGround(
	context: TestContext,
	{ delivery, spool }: Pick<ConfigInput, 'delivery' | 'spool'> = {},
): Promise<{ readonly internet: Internet; readonly home: Home }> {
	const internet = await startInternet();
	const home = makeHome({
		hostName: 'relay.fault.test',
		smtp: { listen: '127.0.0.1:0' },
		spool: { minFreeBytes: 0, minFreeRatio: 0, ...spool },
		delivery: {
			dnsServers: [`127.0.0.1:${internet.dnsPort}`],
			port: internet.smtpPort,
			allowAddresses: ['127.0.10.0/24'],
			...delivery,
		},
	});
	context.after(async () => {
		await internet.stop();
		home.remove();
	});
	return { internet, home };
}

/** The shell knows its own pid, which is the agent's a moment later: the socket is meant for that process alone. */
const withSockets = (names: readonly string[]) =>
	[
		'/bin/sh',
		'-c',
		`LISTEN_PID=$$ LISTEN_FDS=${names.length} LISTEN_FDNAMES=${names.join(':')} exec "$0" "$@"`,
	] as const;

/** `sockets`: listening sockets to pass on by name, as a service manager does. */
export async function startProcess(
	home: Home,
	sockets: { readonly [name: string]: number } = {},
): Promise<AgentProcess> {
	const [program, ...words] = [
		...(Object.keys(sockets).length === 0 ? [] : withSockets(Object.keys(sockets))),
		process.execPath,
		join(root, 'installers', 'src', 'cli.ts'),
		...['agent', 'run', '--config', home.configFile],
	];
	const child: ChildProcess = spawn(program as string, words, {
		stdio: ['ignore', 'pipe', 'pipe', ...Object.values(sockets)],
	});
	const lines: LogLine[] = [];
	const looks = new Set<() => void>();
	let partial = '';
	let errors = '';
	child.stdout?.setEncoding('utf8').on('data', (text: string) => {
		const parts = (partial + text).split('\n');
		partial = parts.pop() ?? '';
		for (const part of parts) if (part !== '') lines.push(JSON.parse(part) as LogLine);
		for (const look of looks) look();
	});
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		errors += text;
	});
	const exited = once(child, 'exit') as Promise<[number | null]>;
	const until = (condition: () => boolean, timeoutMs = startTimeoutMs): Promise<void> =>
		new Promise((resolve, reject) => {
			const end = (): void => {
				clearTimeout(limit);
				clearInterval(poll);
				looks.delete(look);
			};
			const look = (): void => {
				if (!condition()) return;
				end();
				resolve();
			};
			const limit = setTimeout(() => {
				end();
				reject(
					new Error(
						`did not come about: ${condition}\n${errors}\n${lines
							.slice(-20)
							.map((line) => JSON.stringify(line))
							.join('\n')}`,
					),
				);
			}, timeoutMs);
			const poll = setInterval(look, 20);
			looks.add(look);
			look();
		});
	await Promise.race([
		until(() => lines.some((line) => line.event === 'agent.started')),
		exited.then(([code]) => {
			throw new Error(`the agent ended with ${code}: ${errors}`);
		}),
	]);
	const started = lines.find((line) => line.event === 'agent.started') as LogLine;
	return {
		port: Number(String(started.smtp).split(':').at(-1)),
		pid: child.pid as number,
		lines,
		client: createClient(String(started.api), { role: 'admin', id: 'faults' }),
		async kill() {
			child.kill('SIGKILL');
			await exited;
		},
		async stop() {
			child.kill('SIGTERM');
			return (await exited)[0];
		},
		until,
	};
}
