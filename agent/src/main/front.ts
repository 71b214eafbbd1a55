/**
 * What faces the server: the REST API for panels and commands, the relay port for the MTA.
 *
 * The API comes first and goes last, so that `sluice status` answers while the agent drains.
 */
import { join } from 'node:path';
import type { Config } from '@sluice/shared/contract/config.ts';
import { accept } from '../flow/accept.ts';
import { admitMail, admitPeer, admitRecipient } from '../flow/admit.ts';
import { type Flow, reportError } from '../flow/context.ts';
import { openCredentials } from '../flow/credentials.ts';
import type { DiskWatch } from '../flow/disk.ts';
import { tellRefused } from '../flow/refusals.ts';
import type { EventStream } from '../io/http/event-stream.ts';
import { serveApi } from '../io/http/server.ts';
import { createStatsReader } from '../io/store/stats-reader.ts';
import { openPasswords } from '../io/system/passwords.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReceptionHandlers, SmtpListener } from '../ports/smtp-in.ts';
import { createHandlers } from './api/handlers.ts';
import type { Closers } from './closers.ts';
import type { Events } from './events.ts';
import { listen } from './listen.ts';
import { measure } from './measure.ts';
import type { OpenedSpool } from './open-spool.ts';
import { countRefusals } from './refused.ts';
import { createSimulations } from './simulations.ts';
import { openSubmission, type Submission } from './submission.ts';
import { openTellers } from './tellers.ts';
import { version } from './version.ts';

export type Front = { readonly smtpAddress: string; readonly socketPath: string };

export type FrontParts = {
	readonly options: {
		readonly config: Config;
		readonly socketFd?: number;
		readonly apiSocketFd?: number;
		readonly webhookNetworks?: readonly string[];
	};
	readonly flow: Flow;
	readonly store: OpenedSpool;
	readonly stream: EventStream;
	readonly events: Events;
	readonly disk: DiskWatch;
	readonly startedMs: number;
	readonly closers: Closers;
	/** Lets deliveries under way end. */
	readonly drain: () => Promise<void>;
	/** How long transactions may still take once the agent is being stopped. */
	readonly graceMs: () => number;
};

/** A history that does not follow the log (health says so) is asked as it is after this time. */
const settledWithinMs = 5_000;

const socketPathOf = (config: Config): string => config.api.socket ?? join(config.dataDir, 'agent.sock');

export async function openFront(parts: FrontParts): Promise<Front> {
	const { options, flow, store, stream, events, disk, startedMs, closers } = parts;
	const { config } = options;
	let listener: SmtpListener | undefined;
	let submission: Submission | undefined;
	const connectionsIn = (): number => (listener?.connections ?? 0) + (submission?.connections ?? 0);
	const passwords = openPasswords();
	const credentials = openCredentials({ ...flow, passwords });
	events.listen(({ event, act }) => {
		if (event === 'admin.act' && act === 'account.forget') credentials.follow();
	});
	const metrics = measure(flow, { freeBytes: disk.freeBytes, connectionsIn });
	closers.add(() => metrics.stop());
	events.listen((event) => metrics.count(event));
	const { webhooks } = openTellers(flow, events, closers, options.webhookNetworks);
	const simulations = createSimulations({
		...flow,
		usagePath: join(config.dataDir, 'usage.db'),
		waitingRecipientsMax: () => flow.settings().limits.waiting.recipientsMax,
		now: flow.clock.now,
	});
	closers.add(() => simulations.stop());
	events.listen(countRefusals(flow.accounts, store.projector));
	const stats = createStatsReader(join(config.dataDir, 'stats.db'));
	closers.add(() => stats.close());
	const api = await serveApi(
		{
			socketPath: socketPathOf(config),
			...(options.apiSocketFd === undefined ? {} : { socketFd: options.apiSocketFd }),
			mode: Number.parseInt(config.api.mode, 8),
			version,
		},
		{
			handlers: createHandlers({
				flow,
				credentials,
				version,
				startedMs,
				settled: () => within(store.projector.reached(store.spool.durable()), settledWithinMs, flow.clock),
				freeBytes: disk.freeBytes,
				projected: store.projected,
				connectionsIn,
				webhooks,
				simulations,
				stats,
			}),
			metricsText: metrics.text,
			events: stream,
			failed: (where, error) => reportError(flow, where, error),
		},
	);
	closers.add(() => api.stop());
	closers.add(parts.drain);
	const { hostName } = flow.settings();
	const relay = receptionOf(flow);
	listener = await listen({
		config,
		socketFd: options.socketFd,
		clock: flow.clock,
		hostName,
		handlers: relay,
	});
	closers.add(() => listener?.stop(parts.graceMs()));
	submission = await openSubmission({ config, flow, events, credentials, passwords, relay });
	closers.add(() => submission?.stop(parts.graceMs()));
	return { smtpAddress: listener.address, socketPath: api.socketPath };
}

function receptionOf(flow: Flow): ReceptionHandlers {
	return {
		connect: () => undefined,
		identified: (peer) => admitPeer(flow, peer),
		mail: (_session, mail) => admitMail(flow, mail),
		recipient: (session, _recipient, transaction) => admitRecipient(flow, session, transaction),
		message: (session, envelope, content) => accept(flow, session, envelope, content),
		refused: (session, fault, detail) => {
			const { id, helo } = session ?? {};
			tellRefused(flow, { fault, detail, session: id, helo });
		},
	};
}

/** Resolves with the promise, or after that time without it. */
async function within(done: Promise<void>, limitMs: number, clock: Clock): Promise<void> {
	const limit = Promise.withResolvers<void>();
	const timer = clock.after(limitMs, limit.resolve);
	try {
		await Promise.race([done, limit.promise]);
	} finally {
		timer.cancel();
	}
}
