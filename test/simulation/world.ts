/**
 * The whole agent over simulated ports: clock, chance, disk and internet are ours, everything else is the product's.
 *
 * One seed is one history of several days: mail of many senders, receivers of every temper, operators who hold, release and
 * discard, a disk that fails now and then, an agent that is killed at any moment and started again.
 */

import { retryDefaults } from '@sluice/agent/core/delivery/backoff.ts';
import { createAccountBook } from '@sluice/agent/core/identity/accounts.ts';
import { createLimitBook, type LimitBook } from '@sluice/agent/core/metering/book.ts';
import { createScheduler, type SchedulerSettings } from '@sluice/agent/core/scheduling/scheduler.ts';
import { schedulerDefaults } from '@sluice/agent/core/scheduling/settings.ts';
import { accept } from '@sluice/agent/flow/accept.ts';
import { createBodyBudget } from '@sluice/agent/flow/body-budget.ts';
import type { Flow, FlowSettings } from '@sluice/agent/flow/context.ts';
import { deliver } from '@sluice/agent/flow/deliver.ts';
import { createDispatcher } from '@sluice/agent/flow/dispatch.ts';
import { createEnded } from '@sluice/agent/flow/ended.ts';
import { createHealth } from '@sluice/agent/flow/health.ts';
import { createHostMemory } from '@sluice/agent/flow/locate.ts';
import { createPacer } from '@sluice/agent/flow/pace.ts';
import { createProbes } from '@sluice/agent/flow/probes.ts';
import { createReach } from '@sluice/agent/flow/reach.ts';
import { createRecovery } from '@sluice/agent/flow/recover.ts';
import { reportEnded } from '@sluice/agent/flow/report.ts';
import { startSweeper } from '@sluice/agent/flow/sweep.ts';
import { createTurns } from '@sluice/agent/flow/turns.ts';
import { fillWaitingRoom } from '@sluice/agent/flow/waiting-mail.ts';
import { usageOfEntry } from '@sluice/agent/io/store/usage-of-entry.ts';
import { openMetering } from '@sluice/agent/main/open-metering.ts';
import type { StateStore } from '@sluice/agent/ports/store.ts';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { mailbox, wiringSecret } from '../scenarios/senders.ts';
import { type SimulatedClock, seededRandom, simulatedClock } from './clock.ts';
import { type SimulatedDisk, simulatedDisk } from './disk.ts';
import { type SimulatedInternet, simulatedInternet } from './internet.ts';

export const startMs = Date.parse('2026-01-05T00:00:00Z');

const settings: FlowSettings = {
	hostName: 'relay.sim.test',
	key: 'sim',
	attribution: { mta: 'exim', secrets: [wiringSecret], hostNames: [] },
	judge: { hopsMax: 50, ownPassesMax: 4, accountRecipientsMax: 100_000, accountBytesMax: 1e12, goneGraceMs: 3_600_000 },
	limits: {
		isMonitorOnly: false,
		warnPercent: 80,
		identitiesMax: 64,
		waiting: { recipientsMax: 20_000, bytesMax: 1e9, ageMsMax: 12 * 3_600_000 },
		waitingExpireMs: 86_400_000,
		ramp: { mode: 'off', days: 7, share: 0.5 },
	},
	queueRecipientsMax: 1_000_000,
	holdExpireMs: 7 * 86_400_000,
	admission: { mtaOnly: false },
	routing: { routes: [], smarthosts: [], reports: [] },
	addressRules: { allow: [], own: [] },
	preferFamily: 4,
	mxPort: 25,
	mxTls: 'opportunistic',
	retry: retryDefaults,
	reportFrom: 'mailer-daemon@relay.sim.test',
	reportReturnBytesMax: 65_536,
	reportsHaveRoute: false,
	sendingBytesMax: 1e9,
	accounts: { staleMs: 3_600_000, shrinkPercentMax: 10, goneGraceMs: 3_600_000 },
	notices: { to: [], from: 'mailer-daemon@relay.test', owners: false, senders: false, zone: 'UTC' },
	ownership: { mode: 'off', isMonitorOnly: false, action: 'reject', strangers: 'allow', hostNames: [] },
	rights: {
		owners: { release: false, discard: false },
		resellers: { hold: true, release: true, discard: true },
	},
	restoreMs: 3 * 86_400_000,
	panelActs: { hold: false, suspend: false },
	historyDays: 30,
	historyMaxBytes: 1e12,
	minFreeBytes: 0,
	minFreeRatio: 0,
};

const scheduling: SchedulerSettings = { ...schedulerDefaults, deliveriesMax: 40 };

export type Submission = {
	readonly from: string;
	readonly to: readonly string[];
	readonly token: string;
	/** The mailbox that logged in; '': nobody knows who sent it. */
	readonly login: string;
};

export type World = {
	readonly clock: SimulatedClock;
	readonly random: () => number;
	readonly disk: SimulatedDisk;
	readonly internet: SimulatedInternet;
	readonly events: SluiceEvent[];
	/** What is set, over all lives of the agent. */
	readonly limits: LimitBook;
	flow(): Flow;
	/** Recipients whose attempt was under way whenever the agent was killed. */
	readonly inFlightAtKills: number;
	/** Hands in one message; resolves with its reply's code, never when the agent dies before. */
	submit(message: Submission): Promise<number>;
	kill(): void;
	start(): void;
};

function messageText({ from, token, login }: Submission): string {
	return `${login === '' ? '' : mailbox(login)}Received: from a by b with ESMTP; now\r\nFrom: <${from}>\r\nSubject: ${token}\r\nX-Token: ${token}\r\n\r\nhello\r\n`;
}

export function createWorld(seed: number): World {
	const random = seededRandom(seed);
	const clock = simulatedClock(startMs);
	const disk = simulatedDisk(random);
	const internet = simulatedInternet(clock, random);
	const events: SluiceEvent[] = [];
	const holds = new Map<string, StandingHold>();
	const state: StateStore = {
		holds: () => [],
		putHold: () => {},
		deleteHold: () => {},
		audit: () => 0,
		auditLog: () => [],
		documents: () => [],
		document: () => undefined,
		putDocuments: () => {},
		get: () => undefined,
		set: () => {},
		close: () => {},
	};
	const accounts = createAccountBook();
	const limits = createLimitBook();
	let flow: Flow | undefined;
	let inFlightAtKills = 0;

	const start = (): void => {
		const recovery = createRecovery(false);
		for (const entry of disk.entries()) recovery.replay(entry);
		const scheduler = createScheduler(scheduling);
		const memory = {
			hosts: createHostMemory(),
			reach: createReach(),
			bodies: createBodyBudget(() => settings.sendingBytesMax),
		};
		const sink = { emit: (event: SluiceEvent) => void events.push(event) };
		const current: Flow = {
			clock,
			random,
			events: sink,
			spool: disk.open(clock),
			scheduler,
			dialer: internet.dialer,
			resolver: internet.resolver,
			history: {
				search: async () => ({ items: [] }),
				life: async () => undefined,
				heads: async () => [],
				retain: async () => [],
				stop: async () => {},
			},
			state,
			disk: { space: async () => ({ freeBytes: 1e12, totalBytes: 1e12 }) },
			health: createHealth(clock, sink),
			settings: () => settings,
			accounts,
			accountTurns: createTurns(),
			limits,
			...openMetering({ accounts, limits, state, settings: () => settings }),
			wakePace: () => pacer.wake(),
			domainToAscii: (domain) => domain,
			holds,
			probes: createProbes(clock),
			ended: createEnded(),
			forgetEnded: () => {},
			acts: { underWay: 0 },
			wake() {
				dispatcher.wake();
				pacer.notice();
			},
			isStopping: () => false,
		};
		const dispatcher = createDispatcher(
			() => current,
			(context, job) => deliver(context, memory, job),
		);
		const pacer = createPacer(() => current);
		current.health.onChange(() => dispatcher.wake());
		const open = recovery.open();
		for (const message of open) scheduler.add(message, clock.now());
		for (const message of recovery.ended()) current.ended.add(message);
		for (const entry of disk.entries())
			usageOfEntry(entry, (scopes, usage) => current.meter.charge(scopes, usage.second * 1000, usage));
		fillWaitingRoom(current);
		pacer.start();
		for (const message of open) void reportEnded(current, message, undefined);
		startSweeper(current);
		dispatcher.start();
		flow = current;
	};

	return {
		clock,
		random,
		disk,
		internet,
		events,
		limits,
		flow: () => flow as Flow,
		get inFlightAtKills() {
			return inFlightAtKills;
		},
		async submit(message) {
			const { from, to } = message;
			const text = messageText(message);
			const chunk = Buffer.from(text, 'latin1');
			const session = {
				id: 's',
				peer: { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true },
				helo: 'mta.sim.test',
				protocol: 'ESMTP',
				xforward: {},
			};
			const envelope = {
				reversePath: from,
				recipients: to.map((address) => ({ address })),
				has8bit: false,
				smtpUtf8: false,
			};
			const content = {
				chunks: [chunk],
				bytes: chunk.length,
				headerText: text.slice(0, text.indexOf('\r\n\r\n') + 4),
				has8bit: false,
				newlinesNormalised: 0,
			};
			const answer = await accept(flow as Flow, session, envelope, content);
			return answer.code;
		},
		kill() {
			const counts = (flow as Flow).scheduler.countsBy('state', clock.now());
			inFlightAtKills += counts.reduce((sum, row) => sum + row.sending, 0);
			clock.forget();
			internet.cut();
			disk.crash();
		},
		start,
	};
}
