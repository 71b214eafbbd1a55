/**
 * A server without a panel that is watched: a real MTA, an agent that is a process of its own, and the watch with its clock in the test's hands.
 *
 * A tick comes when the test says so and finds half a minute gone; all else is real: probe, wiring, the command `sluice` in the box, kicks and
 * mail. What is handed in is counted: each recipient must arrive once, and how it went is told by the agent. Not here: what happens to the
 * agent (exim.test.ts, postfix.test.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ProbeOutcome } from '@sluice/installers/watch/outcome.ts';
import type { WatchPorts } from '@sluice/installers/watch/ports.ts';
import { probe } from '@sluice/installers/watch/probe.ts';
import { watchName } from '@sluice/installers/watch/server.ts';
import type { State } from '@sluice/installers/watch/state.ts';
import { tick } from '@sluice/installers/watch/tick.ts';
import { type AgentProcess, startProcess } from '../faults/agent-process.ts';
import type { MtaKind } from '../mta/hosting.ts';
import { type PlainServer, program, startPlainServer } from '../mta/plain-server.ts';
import { until } from '../mta/until.ts';

export type WatchedServer = {
	readonly server: PlainServer;
	readonly journal: readonly string[];
	readonly outcomes: readonly ProbeOutcome[];
	/** What `sluice` was asked by the watch. */
	readonly asked: readonly string[];
	/** The agent that runs; throws while none does. */
	agent(): AgentProcess;
	startAgent(): Promise<void>;
	killAgent(): Promise<void>;
	/** Changes the agent's configuration, beside which `watch` stays as it was. */
	configure(change: (config: Record<string, unknown>) => Record<string, unknown>): void;
	/** What the watch does at the next outage. */
	policy(onOutage: 'keep' | 'bypass'): void;
	/** So many ticks, half a minute apart on the watch's clock. */
	ticks(count: number): Promise<State>;
	/** A script of a tenant hands in mail for so many recipients, each on its own; resolves when the MTA has it. `words`: more for sendmail. */
	send(label: string, count?: number, words?: string): Promise<readonly string[]>;
	/** All that was handed in so far has arrived, once. */
	allArrived(): Promise<void>;
	/** These recipients went by the agent that runs. */
	byAgent(recipients: readonly string[]): Promise<number>;
	/** What `exim -bpu` or `postqueue -p` says. */
	queue(): Promise<string>;
	stop(): Promise<void>;
};

/** Three minutes of failing, and the tick that begins them. */
export const outageTicks = 7;
const watch = { outageSeconds: 180, healthySeconds: 60 };
const tickMs = 30_000;
const arriveMs = 20_000;
/** On a loopback; a stopped agent costs that at each tick. */
const answerMsMax = 1_000;

export async function startWatched(kind: MtaKind): Promise<WatchedServer> {
	const server = await startPlainServer(kind, { name: `watch-${kind}`, hasProgram: true });
	const home = { dir: dirname(server.config), configFile: server.config, remove: () => {} };
	let running: AgentProcess | undefined;
	const stop = async (): Promise<void> => {
		await running?.kill();
		await server.stop();
	};
	try {
		const configure: WatchedServer['configure'] = (change) =>
			writeFileSync(server.config, JSON.stringify(change(JSON.parse(readFileSync(server.config, 'utf8')))));
		configure((config) => ({ ...config, watch, notices: { to: ['webuser@localhost', 'operator@ok.test'] } }));
		await server.box.writeFile('/etc/aliases', '');
		// The server's own agent wires it; then the one that can be killed takes its place.
		const wired = await server.mta(['wire', '--yes']);
		assert.equal(wired.code, 0, wired.out + wired.err);
		await server.rig.stop();
		running = await startProcess(home);
		const take = (): AgentProcess => {
			assert.ok(running, 'no agent runs');
			const taken = running;
			running = undefined;
			return taken;
		};
		const handedIn: string[] = [];
		const journal: string[] = [];
		const outcomes: ProbeOutcome[] = [];
		const asked: string[] = [];
		let nowMs = Date.now();
		const ports = portsOf({ server, journal, outcomes, asked, now: () => nowMs });
		const arrivals = (recipient: string): number =>
			server.internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(recipient)).length;
		return {
			server,
			journal,
			outcomes,
			asked,
			stop,
			configure,
			policy: (onOutage) => configure((config) => ({ ...config, watch: { ...watch, onOutage } })),
			agent: () => running ?? assert.fail('no agent runs'),
			startAgent: async () => {
				running = await startProcess(home);
			},
			killAgent: () => take().kill(),
			async ticks(count) {
				let state: State | undefined;
				for (let at = 0; at < count; at++) {
					nowMs += tickMs;
					({ state } = await tick(ports));
				}
				return state ?? assert.fail('no tick');
			},
			async send(label, count = 1, words = '') {
				const recipients = Array.from({ length: count }, (_, at) => `${label}-${handedIn.length + at}@ok.test`);
				handedIn.push(...recipients);
				const script = recipients.map(
					(to) => `printf 'Subject: ${label}\\nTo: ${to}\\n\\nHello.\\n' | /usr/sbin/sendmail ${words} -i ${to}`,
				);
				await server.box.runAs('webuser', script.join('\n'));
				return recipients;
			},
			async allArrived() {
				const missing = () => handedIn.filter((recipient) => arrivals(recipient) === 0);
				await until(() => missing().length === 0, {
					waitMs: arriveMs,
					otherwise: async () => `${missing().join(', ')} did not arrive\n${(await mtaLog(server)).slice(-3000)}`,
				});
				assert.deepEqual(
					handedIn.filter((recipient) => arrivals(recipient) !== 1),
					[],
					'none came twice',
				);
			},
			async byAgent(recipients) {
				assert.ok(running);
				const { client } = running;
				const found = await Promise.all(
					recipients.map(async (recipient) => {
						const listed = await client.call('listMessages', { query: { recipient } });
						return listed.ok ? listed.value.items.length : assert.fail(JSON.stringify(listed.error));
					}),
				);
				return found.reduce((sum, count) => sum + count, 0);
			},
			async queue() {
				const words = kind === 'exim' ? ['/usr/sbin/exim4', '-bp'] : ['postqueue', '-p'];
				return (await server.box.run(words)).stdout;
			},
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

export const mtaLog = async ({ box }: PlainServer): Promise<string> =>
	(
		await Promise.all(
			['/var/log/exim4/mainlog', '/var/log/postfix.log'].map((path) => box.readFile(path).catch(() => '')),
		)
	).join('');

type Kept = {
	readonly server: PlainServer;
	readonly journal: string[];
	readonly outcomes: ProbeOutcome[];
	readonly asked: string[];
	readonly now: () => number;
};

function portsOf({ server, journal, outcomes, asked, now }: Kept): WatchPorts {
	const { box, machine, config } = server;
	const socket = `${dirname(config)}/agent.sock`;
	return {
		machine,
		places: {
			folder: '/var/lib/sluice-watch',
			runFolder: '/run/sluice/watch',
			config,
			wiring: '/var/lib/sluice-wiring',
			pending: '/var/lib/sluice-install/pending.json',
		},
		async sluice(words) {
			asked.push(words.slice(0, 2).join(' '));
			const options = { allowFailure: true, env: { SUDO_USER: watchName } };
			const { code, stdout, stderr } = await box.run(
				[program, ...words, '--config', config, '--socket', socket],
				options,
			);
			return { exitCode: code, output: stdout + stderr };
		},
		async probe(port) {
			const outcome = await probe({ port, token: `t${outcomes.length}`, nowMs: now(), answerMsMax });
			outcomes.push(outcome);
			return outcome;
		},
		held: async () => [],
		record: async () => [],
		panel: () => assert.fail('there is no panel here'),
		print: (priority, text) => void journal.push(`${priority} ${text}`),
		hostName: 'watched.test',
		now,
		pid: process.pid,
	};
}
