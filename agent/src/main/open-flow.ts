/**
 * The flow with everything it needs: what is held in memory, the edges that mail leaves by, the two loops that let it go; and what of the
 * log is open goes into the queue again.
 *
 * Nothing runs yet: the dispatcher and the pacer are started by whoever opened it. They stop before the log does.
 */
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import type { Config } from '@sluice/shared/contract/config.ts';
import { createScheduler } from '../core/scheduling/scheduler.ts';
import { createBodyBudget } from '../flow/body-budget.ts';
import type { Flow, FlowSettings } from '../flow/context.ts';
import { deliver } from '../flow/deliver.ts';
import { createDispatcher, type Dispatcher } from '../flow/dispatch.ts';
import { createEnded } from '../flow/ended.ts';
import type { Health } from '../flow/health.ts';
import { sweepEnded } from '../flow/keep-ended.ts';
import { createHostMemory } from '../flow/locate.ts';
import { createPacer, type Pacer } from '../flow/pace.ts';
import { createProbes } from '../flow/probes.ts';
import { createReach } from '../flow/reach.ts';
import { createTurns } from '../flow/turns.ts';
import { createResolver } from '../io/dns/resolver.ts';
import { createDialer } from '../io/smtp-out/dialer.ts';
import { createHistory } from '../io/store/history.ts';
import { diskOf } from '../io/system/disk.ts';
import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/store.ts';
import type { Closers } from './closers.ts';
import type { Events } from './events.ts';
import { openAccounts, openLimits } from './known.ts';
import { openMetering } from './open-metering.ts';
import type { OpenedSpool } from './open-spool.ts';
import { dialerSettingsOf, schedulerSettingsOf } from './part-settings.ts';

/** What may change while the agent runs. */
export type Running = { settings: FlowSettings; isStopping: boolean; graceMs: number };

/** For deliveries whose connections were cut at the end of the grace. */
const cutMs = 1_000;

type FlowParts = {
	readonly clock: Clock;
	readonly config: Config;
	readonly events: Events;
	readonly health: Health;
	readonly state: StateStore;
	readonly store: OpenedSpool;
	readonly running: Running;
	readonly closers: Closers;
};

export function openFlow({ clock, config, events, health, state, store, running, closers }: FlowParts): {
	flow: Flow;
	dispatcher: Dispatcher;
	pacer: Pacer;
} {
	const memory = {
		hosts: createHostMemory(),
		reach: createReach(),
		bodies: createBodyBudget(() => flow.settings().sendingBytesMax),
	};
	const dispatcher = createDispatcher(
		() => flow,
		(context, job) => deliver(context, memory, job),
	);
	const pacer = createPacer(() => flow);
	const accounts = openAccounts(state);
	const limits = openLimits(state);
	const flow: Flow = {
		clock,
		random: Math.random,
		events,
		spool: store.spool,
		scheduler: createScheduler(schedulerSettingsOf(config)),
		dialer: createDialer(dialerSettingsOf(config)),
		resolver: createResolver({ servers: config.delivery.dnsServers }),
		history: createHistory({
			worker: new URL('./history-worker.ts', import.meta.url),
			directory: join(config.dataDir, 'history'),
			usagePath: join(config.dataDir, 'usage.db'),
			statsPath: join(config.dataDir, 'stats.db'),
		}),
		state,
		disk: diskOf(config.dataDir),
		health,
		settings: () => running.settings,
		accounts,
		accountTurns: createTurns(),
		limits,
		...openMetering({ accounts, limits, state, settings: () => running.settings }),
		wakePace: () => pacer.wake(),
		domainToAscii: domainToASCII,
		holds: new Map(state.holds().map((hold) => [hold.id, hold])),
		probes: createProbes(clock),
		ended: createEnded(),
		forgetEnded: (ids) => store.projector.forget(ids),
		acts: { underWay: 0 },
		wake() {
			dispatcher.wake();
			pacer.notice();
		},
		isStopping: () => running.isStopping,
	};
	closers.add(async () => {
		await pacer.stop();
		await flow.dialer.stop();
		// What was cut has ended now; that is recorded too.
		await dispatcher.drain(cutMs);
		flow.resolver.stop();
		await flow.history.stop();
		const openRecipients = flow.scheduler.openRecipients;
		events.emit({ event: 'agent.stopped', atMs: clock.now(), openRecipients });
	});
	for (const message of store.open) flow.scheduler.add(message, clock.now());
	for (const message of store.ended) flow.ended.add(message);
	sweepEnded(flow);
	health.onChange(() => dispatcher.wake());
	return { flow, dispatcher, pacer };
}
