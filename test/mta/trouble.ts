/**
 * A hosting server whose agent is a process of its own, so that it can be killed, stopped and reconfigured under the MTA.
 *
 * The port stays the same over its lives. Everything that is handed in is counted in the ledger, which asks whichever agent runs. Not
 * here: what happens to it (agent-trouble.ts).
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentProcess, type Home, makeHome, startProcess } from '../faults/agent-process.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import {
	agentConfig,
	type HostConfig,
	type HostingPorts,
	hostingPorts,
	type MtaKind,
	type MtaOf,
	makeSecretFile,
	startMta,
	wire,
} from './hosting.ts';
import { Ledger } from './ledger.ts';
import { createStops } from './stops.ts';

export type Trouble<Kind extends MtaKind> = {
	readonly kind: Kind;
	readonly mta: MtaOf[Kind];
	readonly internet: Internet;
	readonly ledger: Ledger;
	readonly ports: HostingPorts;
	/** The agent that runs; throws while none does. */
	readonly agent: () => AgentProcess;
	/** Writes the changed configuration and sends SIGHUP; resolves when it is in force. The change is from the one at the start. */
	reconfigure(change: (config: HostConfig) => HostConfig): Promise<void>;
	start(): Promise<void>;
	/** SIGKILL. */
	kill(): Promise<void>;
	/** SIGTERM; resolves when it has drained and ended, with the exit code. */
	end(): Promise<number | null>;
	/** Leads the MTA to this port instead of the agent's. */
	lead(port: number): Promise<void>;
	stop(): Promise<void>;
};

export type TroubleOptions = { readonly name: string; readonly config?: (config: HostConfig) => HostConfig };

/** The MTA looks at its queue that often; on a server it is minutes, and the product kicks it. */
const retrySeconds = 1;

export async function startTrouble<Kind extends MtaKind>(kind: Kind, options: TroubleOptions): Promise<Trouble<Kind>> {
	const stops = createStops();
	const stop = stops.all;
	try {
		const [ports, internet] = await Promise.all([hostingPorts(), startInternet()]);
		stops.push(() => internet.stop());
		const secret = makeSecretFile();
		stops.push(() => secret.remove());
		const made = agentConfig({ kind, ports, internet, secretFile: secret.path });
		const config = options.config?.(made) ?? made;
		const home: Home = makeHome(config);
		stops.push(() => home.remove());
		let running: AgentProcess | undefined = await startProcess(home);
		stops.push(() => running?.kill());
		const mta = await startMta(kind, { ports, internet, name: options.name, retrySeconds });
		stops.push(() => mta.stop());
		const agent = (): AgentProcess => {
			if (running === undefined) throw new Error('no agent runs');
			return running;
		};
		const take = (): AgentProcess => {
			const taken = agent();
			running = undefined;
			return taken;
		};
		return {
			kind,
			mta,
			internet,
			ports,
			agent,
			stop,
			ledger: new Ledger(internet, mta, async () => (running === undefined ? 0 : openMessages(running))),
			reconfigure: async (change) => {
				writeFileSync(home.configFile, JSON.stringify({ dataDir: join(home.dir, 'data'), ...change(config) }));
				const { pid, lines, until } = agent();
				const reloads = () => lines.filter(({ event }) => event === 'agent.reloaded').length;
				const before = reloads();
				process.kill(pid, 'SIGHUP');
				await until(() => reloads() > before);
			},
			start: async () => {
				running = await startProcess(home);
			},
			kill: () => take().kill(),
			end: () => take().stop(),
			lead: (port) => wire(mta, port),
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

async function openMessages(agent: AgentProcess): Promise<number> {
	const health = await agent.client.call('health');
	if (!health.ok) throw new Error(JSON.stringify(health.error));
	return health.value.queue.messages;
}
