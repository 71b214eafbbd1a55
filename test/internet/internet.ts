/**
 * A fake internet on loopback: a name server and one sink for each kind of receiver there is (topology.ts).
 *
 * For scenarios, tests with real MTAs, and the development loop. A relay under test needs to be told the DNS server
 * (`dnsPort` on 127.0.0.1), the port of every MX (`smtpPort`), and, where it checks certificates, `authorityFile`.
 * It must be allowed to deliver to 127.0.10.0/24 and ::1. Imports nothing of the agent.
 */
import { testAuthorityFile } from './certificates.ts';
import { type DnsServer, startDns } from './dns.ts';
import { magicWords } from './magic.ts';
import type { ReceivedMessage } from './message.ts';
import { type Sink, type SinkOptions, startSink } from './sink.ts';
import { type SinkCounts, total } from './tally.ts';
import { domainPlans, ipv6Plan, type SinkPlan, sinkPlans, zoneOf } from './topology.ts';
import { Waiters } from './waiters.ts';

/** A port free on one address may be taken on another; so often a new one is tried. */
const PORT_TRIES_MAX = 20;

export type InternetOptions = {
	/** The common port of all sinks; 0 (default) takes one that is free on all. */
	readonly port?: number;
	readonly dnsPort?: number;
	/** As of a sink: keep messages, or count only. */
	readonly store?: 'all' | 'counts';
	/** Messages kept per sink. */
	readonly messagesMax?: number;
	readonly onMessage?: (message: ReceivedMessage) => void;
};

export type InternetView = {
	/** All messages that sinks have accepted, in the order they came. */
	readonly accepted: () => readonly ReceivedMessage[];
	/** All messages read to their final dot, refused and swallowed ones too. */
	readonly messages: () => readonly ReceivedMessage[];
	/** Sums over all sinks. */
	readonly counts: () => SinkCounts;
};

export type Internet = InternetView & {
	readonly dnsPort: number;
	readonly smtpPort: number;
	readonly dns: DnsServer;
	/** By name (topology.ts): `sinks.ordinary`. */
	readonly sinks: { readonly [name: string]: Sink };
	/** False where the machine has no ::1; `ipv6.test` then leads nowhere. */
	readonly hasIpv6: boolean;
	/** PEM file of the authority that signed the good certificates. */
	readonly authorityFile: string;
	readonly sink: (name: string) => Sink;
	readonly waitFor: (predicate: (view: InternetView) => boolean, timeoutMs?: number) => Promise<void>;
	/** What there is to try, in lines for people. */
	readonly describe: () => readonly string[];
	readonly stop: () => Promise<void>;
};

/** Starts all of it. Rejects with the system's error when a given port is not free. */
export async function startInternet(options: InternetOptions = {}): Promise<Internet> {
	let sinks: { readonly [name: string]: Sink } = {};
	const view: InternetView = {
		accepted: () => view.messages().filter(({ outcome }) => outcome === 'accepted'),
		messages: () => inOrder(Object.values(sinks)),
		counts: () => total(Object.values(sinks).map((sink) => sink.counts())),
	};
	const waiters = new Waiters(view, () => JSON.stringify(view.counts()));
	const common: SinkOptions = { ...sinkOptions(options), tries: new Map(), onChange: () => waiters.wake() };
	const started = await startSinks(common, options.port ?? 0);
	sinks = started.sinks;
	const stopSinks = () => Promise.all(Object.values(sinks).map((sink) => sink.stop()));
	const dns = await startDns({ zone: zoneOf(), port: options.dnsPort ?? 0 }).catch(async (error: unknown) => {
		await stopSinks();
		throw error;
	});
	return {
		...view,
		dnsPort: dns.port,
		smtpPort: started.port,
		dns,
		sinks,
		hasIpv6: 'ipv6' in sinks,
		authorityFile: testAuthorityFile,
		sink: (name) => {
			const found = sinks[name];
			if (found === undefined) throw new Error(`no sink ${name}; there are ${Object.keys(sinks).join(' ')}`);
			return found;
		},
		waitFor: (predicate, timeoutMs = 10_000) => waiters.waitFor(predicate, timeoutMs),
		describe: () => describe(dns.port, started.port, 'ipv6' in sinks),
		stop: async () => {
			waiters.stop();
			await Promise.all([stopSinks(), dns.stop()]);
		},
	};
}

const sinkOptions = ({ store, messagesMax, onMessage }: InternetOptions): SinkOptions => ({
	...(store === undefined ? {} : { store }),
	...(messagesMax === undefined ? {} : { messagesMax }),
	...(onMessage === undefined ? {} : { onMessage }),
});

const inOrder = (sinks: readonly Sink[]): readonly ReceivedMessage[] =>
	sinks.flatMap((sink) => sink.messages).sort((one, other) => one.at - other.at);

type Started = { readonly port: number; readonly sinks: { readonly [name: string]: Sink } };

/** All sinks on one port: the first takes a free one, the others follow, or all begin again. */
async function startSinks(common: SinkOptions, port: number): Promise<Started> {
	for (let tries = 1; ; tries++) {
		const sinks: { [name: string]: Sink } = {};
		try {
			for (const plan of sinkPlans) {
				const first = Object.values(sinks)[0];
				sinks[plan.name] = await startSink({ ...common, ...plan, port: first?.port ?? port });
			}
			const { port: found } = Object.values(sinks)[0]!;
			const ipv6 = await startIpv6({ ...common, ...ipv6Plan, port: found });
			if (ipv6 !== undefined) sinks[ipv6Plan.name] = ipv6;
			return { port: found, sinks };
		} catch (error) {
			await Promise.all(Object.values(sinks).map((sink) => sink.stop()));
			if (port !== 0 || tries === PORT_TRIES_MAX) throw error;
		}
	}
}

/** Undefined on a machine without IPv6 loopback. */
async function startIpv6(plan: SinkPlan): Promise<Sink | undefined> {
	try {
		return await startSink(plan);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return undefined;
		throw error;
	}
}

function describe(dnsPort: number, smtpPort: number, hasIpv6: boolean): readonly string[] {
	const width = Math.max(...Object.keys(domainPlans).map((domain) => domain.length));
	const domains = Object.entries(domainPlans).filter(([domain]) => hasIpv6 || domain !== 'ipv6.test');
	return [
		`DNS on 127.0.0.1:${dnsPort}, every MX on port ${smtpPort} of 127.0.10.0/24.`,
		'Any address under .test takes mail, except that mail to',
		...magicWords.map(([address, does]) => `  ${address.padEnd(width)}  ${does}`),
		'and that the domain',
		...domains.map(([domain, [does]]) => `  ${domain.padEnd(width)}  ${does}`),
	];
}
