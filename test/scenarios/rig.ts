/**
 * One agent and one fake internet for a scenario: send, wait for a summary, count at both ends.
 *
 * The agent runs in this process with everything real: sockets, log, workers, REST. Waits are on conditions over its own events,
 * never on time. Kills of the process are test/faults' business.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type RunningAgent, startAgent } from '@sluice/agent/main/agent.ts';
import type { Clock } from '@sluice/agent/ports/clock.ts';
import { type Client, createClient } from '@sluice/shared/client/client.ts';
import { type Config, type ConfigInput, configSchema } from '@sluice/shared/contract/config.ts';
import type { TraceDto } from '@sluice/shared/contract/shapes.ts';
import type { EventName, SluiceEvent } from '@sluice/shared/words/events.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { submit } from '../mta/submit.ts';
import { wiredConfig } from './senders.ts';

export type RigOptions = {
	readonly config?: Partial<ConfigInput>;
	readonly delivery?: Partial<NonNullable<ConfigInput['delivery']>>;
	readonly internet?: Internet;
	/** Given: it is the caller's and stays. */
	readonly dataDir?: string;
	/** As behind Exim: `sender` (senders.ts) says who sends, and is believed. */
	readonly isWired?: boolean;
	readonly socketFd?: number;
	/** Networks that webhooks may be in: those of the test's own servers. */
	readonly webhookNetworks?: readonly string[];
	/** Another clock than the machine's (steered-clock.ts). */
	readonly clock?: Clock;
};

export type Sending = {
	readonly from?: string;
	readonly to: readonly (string | { readonly address: string; readonly parameters: string })[];
	readonly message?: string;
	readonly mailParameters?: string;
	readonly localAddress?: string;
	readonly ehlo?: string;
	/** The wiring header's line, of a wired rig. */
	readonly sender?: string;
};

export type Rig = {
	readonly agent: RunningAgent;
	readonly internet: Internet;
	readonly dataDir: string;
	readonly port: number;
	readonly events: readonly SluiceEvent[];
	/** Hands a message in; rejects unless it was accepted. Returns its id. */
	send(sending: Sending): Promise<string>;
	/** As `send`, whatever the answer. */
	submit(sending: Sending): ReturnType<typeof submit>;
	/** Resolves when the condition over events holds; rejects with a summary after the deadline. */
	until(condition: () => boolean, timeoutMs?: number): Promise<void>;
	count(event: EventName, where?: Partial<SluiceEvent>): number;
	/** Events by name: the agent's side of the truth. */
	summary(...names: EventName[]): { [event: string]: number };
	trace(id: string): Promise<TraceDto>;
	readonly client: Client;
	/** Stops the agent and keeps its data, for `restart`. */
	stopped(): Promise<void>;
	/** Stops this agent and starts the next on the same data. */
	restart(changes?: RigOptions): Promise<Rig>;
	stop(): Promise<void>;
};

export const plainMessage = (to: string, subject = 'scenario'): string =>
	`From: <a@one.test>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMessage-ID: <${Math.random().toString(36).slice(2)}@one.test>\r\n\r\nHello.\r\n`;

const deadlineMs = 15_000;
const stopGraceMs = 5_000;

/** What rigs that follow each other on the same data share; the last one takes it away. */
type Ground = {
	readonly internet: Internet;
	readonly dataDir: string;
	clear(): Promise<void>;
};

export async function startRig(context: TestContext | undefined, options: RigOptions = {}): Promise<Rig> {
	const internet = options.internet ?? (await startInternet());
	const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-rig-'));
	return launch(context, options, {
		internet,
		dataDir,
		async clear() {
			if (options.internet === undefined) await internet.stop();
			if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
		},
	});
}

/** The configuration of a rig, as `reload` takes it too. */
export function rigConfig(
	options: RigOptions,
	{ internet, dataDir }: { readonly internet: Internet; readonly dataDir: string },
): Config {
	const wired = options.isWired === true ? wiredConfig(dataDir) : undefined;
	return configSchema.parse({
		dataDir,
		hostName: 'relay.rig.test',
		spool: { minFreeBytes: 0, minFreeRatio: 0, segmentBytes: 1024 * 1024, reserveBytes: 1024 * 1024 },
		...(wired === undefined ? {} : { wiring: wired.wiring }),
		...options.config,
		smtp: { listen: '127.0.0.1:0', ...wired?.smtp, ...options.config?.smtp },
		delivery: {
			dnsServers: [`127.0.0.1:${internet.dnsPort}`],
			port: internet.smtpPort,
			allowAddresses: ['127.0.10.0/24', '::1/128'],
			retry: { firstSeconds: 1, maxSeconds: 2, jitter: 0, expireSeconds: 60, delayNoticeSeconds: 30 },
			lane: { reopenSeconds: 1, reopenMaxSeconds: 1 },
			...options.delivery,
		},
	});
}

async function launch(context: TestContext | undefined, options: RigOptions, ground: Ground): Promise<Rig> {
	const { internet, dataDir } = ground;
	const events: SluiceEvent[] = [];
	const waiting = new Set<() => void>();
	const agent = await startAgent({
		config: rigConfig(options, ground),
		isQuiet: true,
		...(options.clock === undefined ? {} : { clock: options.clock }),
		...(options.socketFd === undefined ? {} : { socketFd: options.socketFd }),
		...(options.webhookNetworks === undefined ? {} : { webhookNetworks: options.webhookNetworks }),
		onEvent(event) {
			events.push(event);
			for (const wake of waiting) wake();
		},
	}).catch(async (error: unknown) => {
		await ground.clear();
		throw error;
	});
	const port = Number(agent.smtpAddress.slice(agent.smtpAddress.lastIndexOf(':') + 1));
	const client = createClient(agent.socketPath, { role: 'admin', id: 'scenario' });
	let isStopped = false;

	const matches = (event: SluiceEvent, where: Partial<SluiceEvent>): boolean =>
		Object.entries(where).every(([field, value]) => event[field] === value);

	const rig: Rig = {
		agent,
		internet,
		dataDir,
		port,
		events,
		client,
		submit: ({ from = 'a@one.test', to, message, sender = '', ...rest }) =>
			submit({
				port,
				from,
				recipients: to,
				message: `${sender}${message ?? plainMessage(String(typeof to[0] === 'string' ? to[0] : to[0]?.address))}`,
				...rest,
			}),
		async send(sending) {
			const replies = await rig.submit(sending);
			const id = /2\.0\.0 (\w{13}) /.exec(`${replies.end?.text ?? ''} `)?.[1];
			if (replies.end?.code !== 250 || id === undefined) throw new Error(`not accepted: ${JSON.stringify(replies)}`);
			return id;
		},
		until(condition, timeoutMs = deadlineMs) {
			return new Promise((resolve, reject) => {
				const done = (): void => {
					clearTimeout(limit);
					clearInterval(poll);
					waiting.delete(look);
				};
				const look = (): void => {
					if (!condition()) return;
					done();
					resolve();
				};
				const limit = setTimeout(() => {
					done();
					const seen = events.map(({ event, message, recipient, reply, error }) =>
						[event, message, recipient, reply, error].filter(Boolean).join(' '),
					);
					reject(new Error(`did not come about: ${condition}\n${seen.slice(-40).join('\n')}`));
				}, timeoutMs);
				// The sinks have no events of the agent's: conditions over them are looked at again now and then.
				const poll = setInterval(look, 20);
				waiting.add(look);
				look();
			});
		},
		count: (event, where = {}) => events.filter((one) => one.event === event && matches(one, where)).length,
		summary: (...names) =>
			Object.fromEntries(names.map((name) => [name, events.filter((one) => one.event === name).length])),
		async trace(id) {
			const trace = await client.call('traceMessage', { params: { id } });
			if (!trace.ok) throw new Error(JSON.stringify(trace.error));
			return trace.value;
		},
		stopped: () => agent.stop(stopGraceMs),
		async restart(changes = {}) {
			isStopped = true;
			await agent.stop(stopGraceMs);
			return launch(context, { ...options, ...changes }, ground);
		},
		async stop() {
			if (isStopped) return;
			isStopped = true;
			await agent.stop(stopGraceMs);
			await ground.clear();
		},
	};
	context?.after(() => rig.stop());
	return rig;
}
