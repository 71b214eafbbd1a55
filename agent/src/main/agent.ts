/**
 * The agent: the one place that knows every layer. Makes the parts, joins them, starts and stops them in order.
 *
 * Start: state, spool with replay, queue, edges out, REST, edge in. Stop: the opposite order, so that no new mail comes, what is under way
 * ends, and the log closes last. A part that cannot start closes what was opened before it.
 * Not here: signals and command line (commands/run.ts), what the parts do.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@sluice/shared/contract/config.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { followAccounts } from '../flow/account-mail.ts';
import { followResellers } from '../flow/account-moves.ts';
import type { Flow } from '../flow/context.ts';
import { type DiskWatch, watchDisk } from '../flow/disk.ts';
import { createHealth } from '../flow/health.ts';
import { reportOwed } from '../flow/report.ts';
import { resumeActs } from '../flow/review.ts';
import { startSweeper } from '../flow/sweep.ts';
import { fillWaitingRoom } from '../flow/waiting-mail.ts';
import { createEventStream, type EventStream } from '../io/http/event-stream.ts';
import { createLog, type Log } from '../io/log/log.ts';
import { openState } from '../io/store/state.ts';
import { useAskedState } from '../io/store/state-versions.ts';
import { systemClock } from '../io/system/clock.ts';
import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/store.ts';
import { type Closers, createClosers } from './closers.ts';
import { createEvents, type Events, type Listener } from './events.ts';
import { flowSettingsOf } from './flow-settings.ts';
import { refuseNewerData } from './formats.ts';
import { openFront } from './front.ts';
import { lockDataDir } from './lock.ts';
import { needsRestart } from './needs-restart.ts';
import { openFlow, type Running } from './open-flow.ts';
import { openSpool } from './open-spool.ts';
import { spoolSettingsOf } from './part-settings.ts';
import { tellSpoolTrouble, tellStoreTrouble } from './troubles.ts';
import { version } from './version.ts';

export type AgentOptions = {
	readonly config: Config;
	/** A listening socket passed by the service manager, for `smtp.listen: fd`. */
	readonly socketFd?: number;
	/** The same for the API, in place of a socket of its own making at `api.socket`. */
	readonly apiSocketFd?: number;
	/** Networks that webhooks may be in although the world does not reach them: for tests alone. */
	readonly webhookNetworks?: readonly string[];
	/** Hears every event, besides log, metrics and stream. */
	readonly onEvent?: Listener;
	/** Log lines go nowhere: for programs that run the agent in-process and listen themselves. */
	readonly isQuiet?: boolean;
	/** Another clock than the machine's: for tests in which an hour passes. */
	readonly clock?: Clock;
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

/** Starts an agent in this process. Rejects when a part cannot start; what was opened before it is closed again. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
	const closers = createClosers();
	try {
		return await assemble(options, closers);
	} catch (error) {
		await closers.closeAll().catch(() => {
			// The first error is the one that tells why.
		});
		throw error;
	}
}

async function assemble(options: AgentOptions, closers: Closers): Promise<RunningAgent> {
	const { config, clock = systemClock } = options;
	const startedMs = clock.now();
	const statePath = join(config.dataDir, 'state.db');
	const exchanged = takeDataDir(config.dataDir, statePath, closers);
	const { events, stream, log } = openEvents(options, closers);
	const health = createHealth(clock, events);
	const tell = { events, health: () => health, now: clock.now };

	const state = openState({ path: statePath, now: clock.now, report: tellStoreTrouble(tell) });
	closers.add(() => state.close());
	if (exchanged !== undefined)
		state.audit({ atMs: startedMs, actor: 'agent', act: 'state.exchange', subject: 'server', detail: exchanged });
	const key = installationKey(state);
	const running: Running = { settings: flowSettingsOf(config, key), isStopping: false, graceMs: stopGraceMs };
	const store = await openSpool({
		dataDir: config.dataDir,
		reportsHaveRoute: running.settings.reportsHaveRoute,
		settings: spoolSettingsOf(config),
		events,
		now: clock.now,
		spoolTrouble: tellSpoolTrouble(tell),
		storeTrouble: tellStoreTrouble(tell),
	});
	closers.add(async () => {
		await store.spool.stop();
		await store.projector.stop();
	});
	const { flow, dispatcher, pacer } = openFlow({ clock, config, events, health, state, store, running, closers });
	// Usage and waiting mail stand before the first mail comes, or it would go past them.
	store.usage.fill(flow.meter, flow.clock.now());
	// Before anything is let go: for whom it is to be counted.
	followResellers(flow);
	fillWaitingRoom(flow);
	await followAccounts(flow);
	pacer.start();
	const disk = await openDisk(flow, closers);
	const front = await openFront({
		options,
		flow,
		store,
		stream,
		events,
		disk,
		startedMs,
		closers,
		drain: () => dispatcher.drain(running.graceMs),
		graceMs: () => running.graceMs,
	});
	await resumeActs(flow);
	announceStart(flow, store.open, { config, smtp: front.smtpAddress, api: front.socketPath });
	dispatcher.start();

	return {
		...front,
		flow,
		reload: (next) => reload({ config, next, key, running, flow, log, disk }),
		async stop(graceMs = stopGraceMs) {
			if (running.isStopping) return;
			running.isStopping = true;
			running.graceMs = graceMs;
			events.emit({ event: 'agent.stopping', atMs: clock.now(), underWay: flow.scheduler.busy });
			await closers.closeAll();
		},
	};
}

/** Throws when another agent works there, or a later version wrote it. Returns which state.db was put in place, if one was asked for. */
function takeDataDir(dataDir: string, statePath: string, closers: Closers): string | undefined {
	mkdirSync(dataDir, { recursive: true, mode: 0o700 });
	closers.add(lockDataDir(dataDir));
	const exchanged = useAskedState(statePath);
	refuseNewerData(dataDir);
	return exchanged;
}

function openEvents(
	{ config, onEvent, isQuiet }: AgentOptions,
	closers: Closers,
): { events: Events; stream: EventStream; log: Log | undefined } {
	const log = isQuiet === true ? undefined : createLog(config.log);
	closers.add(() => log?.drain());
	const stream = createEventStream();
	const events = createEvents([
		(event) => log?.write(event),
		(event) => stream.publish(event),
		...(onEvent === undefined ? [] : [onEvent]),
	]);
	return { events, stream, log };
}

/** This installation's own mark in Received lines, made once. */
function installationKey(state: StateStore): string {
	const known = state.get('key');
	if (known !== undefined) return known;
	const bytes = crypto.getRandomValues(new Uint8Array(6));
	const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
	state.set('key', made);
	return made;
}

async function openDisk(flow: Flow, closers: Closers): Promise<DiskWatch> {
	const disk = watchDisk(flow);
	const sweeper = startSweeper(flow);
	closers.add(() => {
		sweeper.stop();
		disk.stop();
	});
	// Before the first MAIL: a disk that is full already is said so from the start.
	await disk.ask();
	return disk;
}

function announceStart(
	flow: Flow,
	open: readonly QueuedMessage[],
	at: { config: Config; smtp: string; api: string },
): void {
	flow.events.emit({
		event: 'agent.started',
		atMs: flow.clock.now(),
		version,
		smtp: at.smtp,
		api: at.api,
		dataDir: at.config.dataDir,
		openMessages: open.length,
		route: at.config.delivery.smarthost === undefined ? 'mx' : 'smarthost',
	});
	// What had ended before a crash and was not yet told.
	void reportOwed(flow, open);
}

type Reload = {
	readonly config: Config;
	readonly next: Config;
	readonly key: string;
	readonly running: Running;
	readonly flow: Flow;
	readonly log: Log | undefined;
	readonly disk: DiskWatch;
};

function reload({ config, next, key, running, flow, log, disk }: Reload): readonly string[] {
	running.settings = flowSettingsOf(next, key);
	log?.set(next.log);
	// The bounds may have changed; mail is not to wait for the next round of looking.
	void disk.ask();
	const restart = needsRestart(config, next);
	const restartFor = restart.length > 0 ? { restartFor: restart } : {};
	flow.events.emit({ event: 'agent.reloaded', atMs: flow.clock.now(), ...restartFor });
	flow.wake();
	flow.wakePace();
	return restart;
}
