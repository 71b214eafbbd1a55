/**
 * A whole hosting server on the loopback: a real MTA in its box, wired by the product's own text, a real agent behind it, and
 * the fake internet beyond. The agent runs in this process; agent-trouble.test.ts has it as a process of its own.
 *
 * Everything is configured as an installer would: the agent believes root and the MTA's user only, its reports go back through
 * the MTA, and its name is the machine's. Waits are short so that a test sees a second attempt.
 *
 * Not here: what is sent and what must come of it (the tests), counting (ledger.ts).
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@sluice/agent/ports/clock.ts';
import type { ConfigInput } from '@sluice/shared/contract/config.ts';
import type { TraceDto } from '@sluice/shared/contract/shapes.ts';
import { type EximBlocks, renderExim } from '@sluice/shared/mta/exim.ts';
import { cpanelStockNames, readEximStock } from '@sluice/shared/mta/exim-stock.ts';
import { renderPostfix, wirePostfix } from '@sluice/shared/mta/postfix.ts';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { type Rig, startRig } from '../scenarios/rig.ts';
import { type Exim, eximUser, startExim } from './exim.ts';
import { eximConfiguration } from './exim-configuration.ts';
import { Ledger } from './ledger.ts';
import { freePorts } from './ports.ts';
import { type Postfix, postfixUser, startPostfix } from './postfix.ts';
import { createStops } from './stops.ts';
import { tenants } from './unix-users.ts';
import { fixtureBypassPath, fixtureSecret, fixtureSecretPath, placeFixtureSecret } from './wiring-fixture.ts';

export type MtaOf = { readonly exim: Exim; readonly postfix: Postfix };
export type MtaKind = keyof MtaOf;

export const hostNameOf = { exim: 'cpanel.example.test', postfix: 'plesk.example.test' } as const satisfies Record<
	MtaKind,
	string
>;
const mtaUserOf = { exim: eximUser, postfix: postfixUser } as const;

/** Both ends of the loopback: known before either program starts. */
export type HostingPorts = { readonly agent: number; readonly smtp: number; readonly submission: number };

export async function hostingPorts(): Promise<HostingPorts> {
	const [agent, smtp, submission] = await freePorts(3);
	return { agent: agent!, smtp: smtp!, submission: submission! };
}

export type HostConfig = Omit<ConfigInput, 'dataDir'>;

/** The agent's configuration on this server. `secretFile` is where this process may read the wiring secret. */
export function agentConfig(parts: {
	readonly kind: MtaKind;
	readonly ports: HostingPorts;
	readonly internet: Internet;
	readonly secretFile: string;
}): HostConfig {
	const { kind, ports, internet, secretFile } = parts;
	return {
		hostName: hostNameOf[kind],
		smtp: { listen: `127.0.0.1:${ports.agent}`, peers: 'mta', mtaUsers: [mtaUserOf[kind].uid] },
		wiring: {
			mta: kind,
			listUsers: [tenants.find(({ name }) => name === 'mailman')!.uid],
			...(kind === 'exim' ? { secretFile } : {}),
		},
		dsn: { via: { host: '127.0.0.1', port: ports.smtp } },
		spool: { minFreeBytes: 0, minFreeRatio: 0, segmentBytes: 1024 * 1024, reserveBytes: 1024 * 1024 },
		delivery: {
			dnsServers: [`127.0.0.1:${internet.dnsPort}`],
			port: internet.smtpPort,
			allowAddresses: ['127.0.10.0/24', '::1/128'],
			retry: { firstSeconds: 1, maxSeconds: 2, jitter: 0, expireSeconds: 120, delayNoticeSeconds: 60 },
			lane: { reopenSeconds: 1, reopenMaxSeconds: 1 },
		},
	};
}

/** A secret file for `agentConfig`, in a folder of its own. */
export function makeSecretFile(): { readonly path: string; remove(): void } {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-secret-'));
	const path = join(folder, 'secret');
	writeFileSync(path, `${fixtureSecret}\n`, { mode: 0o600 });
	return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export type WiredOptions = {
	readonly ports: HostingPorts;
	readonly internet: Internet;
	readonly name: string;
	/** Postfix's backoff, Exim's queue runs. */
	readonly retrySeconds?: number;
	/** Starts un-wired; `wire` does it later. */
	readonly isBare?: boolean;
};

const boxSecondsMax = 600;

/** Starts the MTA; un-wired it delivers to the ordinary sink itself, as this server would without the product. */
export async function startMta<Kind extends MtaKind>(kind: Kind, options: WiredOptions): Promise<MtaOf[Kind]> {
	const { ports, internet, name, retrySeconds } = options;
	const { address } = internet.sink('ordinary');
	const { smtp, submission } = ports;
	const common = { name, ports: { smtp, submission }, ttlSeconds: boxSecondsMax, hostname: hostNameOf[kind] };
	const direct = { directHost: address, directPort: internet.smtpPort };
	const mta: Exim | Postfix =
		kind === 'exim'
			? await startExim({
					...common,
					...direct,
					...(retrySeconds === undefined ? {} : { queueRunSeconds: retrySeconds }),
					...(options.isBare === true ? {} : { wiring: eximBlocks(eximText(), ports.agent) }),
				})
			: await startPostfix({ ...common, ...direct, ...(retrySeconds === undefined ? {} : { retrySeconds }) });
	if (isExim(mta)) await placeFixtureSecret(mta.box);
	else if (options.isBare !== true) await wire(mta, ports.agent);
	return mta as MtaOf[Kind];
}

export const isExim = (mta: Exim | Postfix): mta is Exim => 'panicLog' in mta;

/** Puts the product's wiring in, read from and rendered for the configuration as it stands. */
export async function wire(mta: Exim | Postfix, agentPort: number): Promise<void> {
	if (isExim(mta)) {
		await mta.wire(eximBlocks(await mta.configuration(), agentPort));
		return;
	}
	const path = '/etc/postfix/main.cf';
	const wired = wirePostfix(await mta.box.readFile(path), renderPostfix({ agentPort }), { overSmarthost: true });
	if (!wired.ok) throw new Error(JSON.stringify(wired.error));
	await mta.box.writeFile(path, wired.value);
	await mta.reload();
}

const eximBlocks = (configuration: string, agentPort: number): EximBlocks =>
	renderExim({
		agentPort,
		secretPath: fixtureSecretPath,
		bypassPath: fixtureBypassPath,
		stock: readEximStock(configuration, cpanelStockNames),
	});

/** What Exim is started with, as far as the stock route is concerned. */
const eximText = (): string =>
	eximConfiguration({
		hostname: hostNameOf.exim,
		smtpPort: 2,
		submissionPort: 3,
		direct: { host: '127.0.0.1', port: 4 },
	});

export type Found = TraceDto['from'] & {
	readonly id: string;
	readonly sender: string;
	readonly recipients: readonly string[];
	readonly alarms: readonly string[];
};

export type Hosting<Kind extends MtaKind> = {
	readonly kind: Kind;
	readonly mta: MtaOf[Kind];
	readonly rig: Rig;
	readonly internet: Internet;
	readonly ledger: Ledger;
	readonly config: HostConfig;
	/** Wires a server that was started bare, or again. */
	wire(): Promise<void>;
	/** Who sent the messages that fit, as the agent's trace tells, once they have `recipients` recipients in all. */
	attributed(fits: (accepted: SluiceEvent) => boolean, recipients?: number): Promise<readonly Found[]>;
	stop(): Promise<void>;
};

export type HostingOptions = {
	readonly name: string;
	readonly config?: (config: HostConfig) => HostConfig;
	readonly retrySeconds?: number;
	/** The MTA delivers to the internet itself until `wire()`. */
	readonly isBare?: boolean;
	/** The agent's, when a test lets hours pass. */
	readonly clock?: Clock;
};

/** Starts all of it. The caller stops it; what has started is stopped when the rest cannot. */
export async function startHosting<Kind extends MtaKind>(
	kind: Kind,
	{ name, config: change = (config) => config, retrySeconds, isBare = false, clock }: HostingOptions,
): Promise<Hosting<Kind>> {
	const stops = createStops();
	const stop = stops.all;
	try {
		const [ports, internet] = await Promise.all([hostingPorts(), startInternet()]);
		stops.push(() => internet.stop());
		const secret = makeSecretFile();
		stops.push(() => secret.remove());
		const config = change(agentConfig({ kind, ports, internet, secretFile: secret.path }));
		const { delivery, ...rest } = config;
		const rig = await startRig(undefined, {
			internet,
			config: rest,
			delivery: delivery ?? {},
			...(clock === undefined ? {} : { clock }),
		});
		stops.push(() => rig.stop());
		const mta = await startMta(kind, {
			ports,
			internet,
			name,
			isBare,
			...(retrySeconds === undefined ? {} : { retrySeconds }),
		});
		stops.push(() => mta.stop());
		const ledger = new Ledger(internet, mta, () => rig.agent.flow.scheduler.messages);
		const wired = () => wire(mta, ports.agent);
		return { kind, mta, rig, internet, ledger, config, wire: wired, attributed: attributedIn(rig), stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

function attributedIn(rig: Rig): Hosting<MtaKind>['attributed'] {
	const states: readonly string[] = ['message.accepted', 'message.held', 'message.waiting'];
	return async (fits, recipients = 1) => {
		const found = () => rig.events.filter((event) => states.includes(event.event) && event.session && fits(event));
		await rig.until(() => found().reduce((sum, { recipientCount }) => sum + Number(recipientCount), 0) >= recipients);
		return Promise.all(
			found().map(async ({ message: id = '' }) => {
				const { from, message } = await rig.trace(id);
				const alarms = rig.events.flatMap((event) =>
					event.event === 'attribution.alarm' && event.message === id ? [String(event.code)] : [],
				);
				return {
					...from,
					id,
					sender: message.sender,
					recipients: message.recipients.map(({ address }) => address),
					alarms,
				};
			}),
		);
	};
}
