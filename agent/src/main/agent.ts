/**
 * The agent: the one place that knows every layer. Makes the parts, joins them, starts and stops them in order.
 *
 * Start: state, spool with replay, queue, edges out, edges in. Stop: no new mail, let what is under way end, then the log last.
 * Not here: signals and command line (commands/run.ts), what the parts do.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import type { Config } from '@sluice/shared/contract/config.ts';
import { noAccounts } from '../core/identity/facts.ts';
import { createScheduler } from '../core/scheduling/scheduler.ts';
import { accept } from '../flow/accept.ts';
import { admitMail, admitPeer } from '../flow/admit.ts';
import type { Flow, FlowSettings } from '../flow/context.ts';
import { deliver } from '../flow/deliver.ts';
import { watchDisk } from '../flow/disk.ts';
import { createDispatcher } from '../flow/dispatch.ts';
import { createHealth, type Health } from '../flow/health.ts';
import { createHostMemory } from '../flow/locate.ts';
import { reportEnded } from '../flow/report.ts';
import { startSweeper } from '../flow/sweep.ts';
import { createResolver } from '../io/dns/resolver.ts';
import { createEventStream } from '../io/http/event-stream.ts';
import { serveApi } from '../io/http/server.ts';
import { createLog } from '../io/log/log.ts';
import { createMetrics } from '../io/log/metrics.ts';
import { createDialer } from '../io/smtp-out/dialer.ts';
import { createHistory } from '../io/store/history.ts';
import { openState } from '../io/store/state.ts';
import { systemClock } from '../io/system/clock.ts';
import { diskOf } from '../io/system/disk.ts';
import type { SmtpListener } from '../ports/smtp-in.ts';
import type { StateStore } from '../ports/store.ts';
import { createHandlers } from './api.ts';
import { createEvents, type Listener } from './events.ts';
import { flowSettingsOf } from './flow-settings.ts';
import { listen } from './listen.ts';
import { lockDataDir } from './lock.ts';
import { needsRestart } from './needs-restart.ts';
import { openSpool } from './open-spool.ts';
import { dialerSettingsOf, schedulerSettingsOf, spoolSettingsOf } from './part-settings.ts';
import { tellSpoolTrouble, tellStoreTrouble } from './troubles.ts';
import { version } from './version.ts';

export type AgentOptions = {
	readonly config: Config;
	/** A listening socket passed by the service manager, for `smtp.listen: fd`. */
	readonly socketFd?: number;
	/** Hears every event, besides log, metrics and stream. */
	readonly onEvent?: Listener;
	/** Log lines go nowhere: for programs that run the agent in-process and listen themselves. */
	readonly isQuiet?: boolean;
};

export type RunningAgent = {
	/** `127.0.0.1:2526`. */
	readonly smtpAddress: string;
	readonly socketPath: string;
	readonly flow: Flow;
	/** Applies a changed configuration. Returns the keys that only a restart applies. */
	reload(config: Config): readonly string[];
	/** Drains: no new mail, what is under way ends within `graceMs`. */
	stop(graceMs?: number): Promise<void>;
};

const stopGraceMs = 20_000;

export const socketPathOf = (config: Config): string => config.api.socket ?? join(config.dataDir, 'agent.sock');

/** This installation's own mark, made once. */
function installationKey(state: StateStore): string {
	const known = state.get('key');
	if (known !== undefined) return known;
	const made = [...crypto.getRandomValues(new Uint8Array(6))]
		.map((byte) => byte.toString(16).padStart(2, '0'))
		.join('');
	state.set('key', made);
	return made;
}

/** Starts an agent in this process. Rejects when a part cannot start; nothing is left running then but the process. */
export async function startAgent({ config, socketFd, onEvent, isQuiet = false }: AgentOptions): Promise<RunningAgent> {
	mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
	const unlock = lockDataDir(config.dataDir);
	try {
		return await assemble({ config, socketFd, onEvent, isQuiet, unlock });
	} catch (error) {
		unlock();
		throw error;
	}
}

type Assembly = {
	readonly config: Config;
	readonly socketFd: number | undefined;
	readonly onEvent: Listener | undefined;
	readonly isQuiet: boolean;
	readonly unlock: () => void;
};

async function assemble({ config, socketFd, onEvent, isQuiet, unlock }: Assembly): Promise<RunningAgent> {
	const clock = systemClock;
	const startedMs = clock.now();
	const log = isQuiet ? undefined : createLog(config.log);
	const stream = createEventStream();
	const events = createEvents([
		(event) => log?.write(event),
		(event) => stream.publish(event),
		...(onEvent === undefined ? [] : [onEvent]),
	]);
	let health: Health | undefined;
	const tell = { events, health: () => health, now: clock.now };
	const storeTrouble = tellStoreTrouble(tell);

	const state = openState({ path: join(config.dataDir, 'state.db'), now: clock.now, report: storeTrouble });
	const key = installationKey(state);
	let settings: FlowSettings = flowSettingsOf(config, key);
	health = createHealth(clock, events);
	const { spool, projector, open, projected } = await openSpool({
		dataDir: config.dataDir,
		reportsHaveRoute: settings.reportsHaveRoute,
		settings: spoolSettingsOf(config),
		events,
		now: clock.now,
		spoolTrouble: tellSpoolTrouble(tell),
		storeTrouble,
	});
	const history = createHistory({
		worker: new URL('./history-worker.ts', import.meta.url),
		directory: join(config.dataDir, 'history'),
	});
	const scheduler = createScheduler(schedulerSettingsOf(config));
	for (const message of open) scheduler.add(message, startedMs);

	const memory = createHostMemory();
	const dispatcher = createDispatcher(
		() => flow,
		(context, job) => deliver(context, memory, job),
	);
	let isStopping = false;
	const flow: Flow = {
		clock,
		random: Math.random,
		events,
		spool,
		scheduler,
		dialer: createDialer(dialerSettingsOf(config)),
		resolver: createResolver({ servers: config.delivery.dnsServers }),
		history,
		state,
		disk: diskOf(config.dataDir),
		health,
		settings: () => settings,
		directory: () => noAccounts,
		domainToAscii: domainToASCII,
		holds: new Map(state.holds().map((hold) => [hold.id, hold])),
		acts: { underWay: 0 },
		wake: () => dispatcher.wake(),
		isStopping: () => isStopping,
	};
	health.onChange(() => dispatcher.wake());
	const disk = watchDisk(flow);
	await disk.ask();

	let listener: SmtpListener | undefined;
	const gauges = () => ({
		queue_recipients: scheduler.openRecipients,
		queue_messages: scheduler.messages,
		deliveries: scheduler.busy,
		connections_in: listener?.connections ?? 0,
		connections_out: flow.dialer.connections,
		disk_free_bytes: disk.freeBytes(),
		spool_bytes: spool.stats().bytes,
		spool_segments: spool.stats().segments,
		spool_flush_seconds: spool.stats().lastFlushMs / 1000,
		problems: flow.health.problems().length,
		resident_bytes: process.memoryUsage.rss(),
	});
	const metrics = createMetrics(gauges, gaugeDescriptions);
	events.listen((event) => metrics.count(event));

	const handlers = createHandlers({
		flow,
		version,
		startedMs,
		settled: () => projector.reached(spool.durable()),
		freeBytes: disk.freeBytes,
		projected,
		connectionsIn: () => listener?.connections ?? 0,
	});
	const api = await serveApi(
		{ socketPath: socketPathOf(config), mode: Number.parseInt(config.api.mode, 8), version },
		{
			handlers,
			metricsText: metrics.text,
			events: stream,
			failed: (where, error) =>
				events.emit({
					event: 'source.failed',
					atMs: clock.now(),
					where,
					error: error instanceof Error ? (error.stack ?? error.message) : String(error),
				}),
		},
	);
	listener = await listen({
		config,
		socketFd,
		clock,
		hostName: settings.hostName,
		handlers: {
			connect: () => (isStopping ? admitPeer(flow, unknownPeer) : undefined),
			identified: (peer) => admitPeer(flow, peer),
			mail: (_session, mail) => admitMail(flow, mail),
			recipient: () => undefined,
			message: (session, envelope, content) => accept(flow, session, envelope, content),
			refused: (session, fault, detail) =>
				events.emit({
					event: 'session.refused',
					atMs: clock.now(),
					fault,
					detail,
					session: session?.id,
					helo: session?.helo,
				}),
		},
	});
	const sweeper = startSweeper(flow);
	events.emit({
		event: 'agent.started',
		atMs: clock.now(),
		version,
		smtp: listener.address,
		api: api.socketPath,
		dataDir: config.dataDir,
		openMessages: open.length,
		route: settings.routing.smarthosts.length > 0 ? 'smarthost' : 'mx',
	});
	// What had ended before a crash and was not yet told.
	for (const message of open) void reportEnded(flow, message, undefined);
	dispatcher.wake();

	return {
		smtpAddress: listener.address,
		socketPath: api.socketPath,
		flow,
		reload(next) {
			settings = flowSettingsOf(next, key);
			log?.set(next.log);
			// The bounds may have changed; mail is not to wait for the next round of looking.
			void disk.ask();
			const restart = needsRestart(config, next);
			events.emit({
				event: 'agent.reloaded',
				atMs: clock.now(),
				...(restart.length > 0 ? { restartFor: restart } : {}),
			});
			dispatcher.wake();
			return restart;
		},
		async stop(graceMs = stopGraceMs) {
			if (isStopping) return;
			isStopping = true;
			events.emit({ event: 'agent.stopping', atMs: clock.now(), underWay: scheduler.busy });
			await listener?.stop(graceMs);
			await dispatcher.drain(graceMs);
			sweeper.stop();
			disk.stop();
			await flow.dialer.stop();
			flow.resolver.stop();
			await spool.stop();
			await projector.stop();
			await api.stop();
			await history.stop();
			metrics.stop();
			events.emit({ event: 'agent.stopped', atMs: clock.now(), openRecipients: scheduler.openRecipients });
			state.close();
			log?.flush();
			unlock();
		},
	};
}

const unknownPeer = { address: '', port: 0, localAddress: '', localPort: 0, proved: false };

const gaugeDescriptions = {
	queue_recipients: 'Open recipients.',
	queue_messages: 'Open messages.',
	deliveries: 'Transactions under way.',
	connections_in: 'Open connections from the MTA.',
	connections_out: 'Open connections to receivers.',
	disk_free_bytes: 'Free space where mail is stored.',
	spool_bytes: 'Size of the spool log.',
	spool_segments: 'Segments of the spool log.',
	spool_flush_seconds: 'Duration of the last flush to disk.',
	problems: 'Health problems now.',
	resident_bytes: 'Resident memory.',
};
