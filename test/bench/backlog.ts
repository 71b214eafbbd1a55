/**
 * A long queue: what 100,000 recipients that are due at once cost new mail, memory, and the time to start; the latter also with
 * a million.
 *
 * The queue is for a destination that was down. New mail for another destination is measured over the empty queue, while the
 * long queue is due and its destination still refuses, and while that destination takes mail again. Names are resolved by a name
 * server of our own, both destinations are sinks; the queue is written straight into the log.
 *
 * `node test/bench/backlog.ts [--messages 100000] [--many 1000000] [--rounds 3] [--domains 1] [--check]`
 * What is looked at: share of the throughput (targets.ts), resident memory, milliseconds from the process's start to its port.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from '@sluice/shared/client/client.ts';
import { startDns } from '../internet/dns.ts';
import { until } from '../mta/until.ts';
import { benchFolder, type Sink, startSink } from './load.ts';
import { forgetPeak, peakBytes, residentBytes } from './processes.ts';
import { writeQueue } from './queue-folder.ts';
import { type AgentRelay, startAgentRelay } from './relays.ts';
import { measure, type Run } from './run.ts';
import { median } from './table.ts';
import { dueAtOnceShareMin, queuedMemoryBytesMax, startMsMax } from './targets.ts';

const { values: options } = parseArgs({
	options: {
		messages: { type: 'string', default: '100000' },
		many: { type: 'string', default: '1000000' },
		rounds: { type: 'string', default: '3' },
		seconds: { type: 'string', default: '4' },
		domains: { type: 'string', default: '1' },
		check: { type: 'boolean', default: false },
	},
});
const messages = Number(options.messages);
const many = Number(options.many);
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const domains = Number(options.domains);

/** Where new mail goes, and where the queue is for: two sinks on one port. */
const [newAddress, parkedAddress] = ['127.0.0.1', '127.0.0.2'];
const [newSuffix, parkedSuffix] = ['example.test', 'parked.test'];
const bodyBytes = 2000;
const manyBodyBytes = 300;
const startMsLimit = 300_000;

type Internet = { readonly taking: Sink; readonly parked: Sink; readonly dnsPort: number; stop(): Promise<void> };

async function startInternet(): Promise<Internet> {
	const taking = await startSink({ address: newAddress });
	const parked = await startSink({ address: parkedAddress, port: taking.port });
	const dns = await startDns({
		zone: {
			[`*.${newSuffix}`]: [{ type: 'MX', preference: 10, exchange: 'mx.new.test' }],
			[`*.${parkedSuffix}`]: [{ type: 'MX', preference: 10, exchange: 'mx.parked.test' }],
			'mx.new.test': [{ type: 'A', address: newAddress }],
			'mx.parked.test': [{ type: 'A', address: parkedAddress }],
		},
	});
	return {
		taking,
		parked,
		dnsPort: dns.port,
		async stop() {
			await dns.stop();
			await Promise.all([taking.stop(), parked.stop()]);
		},
	};
}

const startAgent = ({ taking, dnsPort }: Internet, dataDir: string): Promise<AgentRelay> =>
	startAgentRelay({
		dataDir,
		keep: true,
		startMsMax: startMsLimit,
		config: {
			queue: { recipientsMax: Math.max(2_000_000, 2 * many), accountRecipientsMax: 10_000_000 },
			delivery: {
				port: taking.port,
				dnsServers: [`127.0.0.1:${dnsPort}`],
				allowAddresses: ['127.0.0.0/8'],
				lane: { reopenSeconds: 1, reopenMaxSeconds: 1 },
			},
		},
	});

/** So little behind, index and history follow a log that grows: probes of a dead destination never quite end. */
const lagBytesMax = 1_000_000;

/** Resolves when index and history have caught up with the log, and so a start would find the index as on a running server. */
async function projected(agent: AgentRelay): Promise<void> {
	const client = createClient(agent.socketPath, { role: 'admin', id: 'bench' });
	let lagBytes = Number.NaN;
	await until(
		async () => {
			const health = await client.call('health');
			if (health.ok) lagBytes = health.value.spool.projectionLagBytes;
			return lagBytes < lagBytesMax;
		},
		{ waitMs: startMsLimit, otherwise: () => `index and history are ${lagBytes} bytes behind` },
	);
}

let guessedRate = 1500;

async function newMail(agent: AgentRelay, sink: Sink): Promise<Run> {
	const run = await measure({
		relay: agent,
		sink,
		messages: Math.round(guessedRate * seconds),
		messageBytes: 2000,
		connections: 20,
		domains: 1,
		pipelining: true,
	});
	guessedRate = run.messagesPerSecond;
	return run;
}

const folderOf = (name: string): string => {
	const folder = join(benchFolder, `backlog-${name}-${process.pid}`);
	rmSync(folder, { recursive: true, force: true });
	return folder;
};
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

type Shares = { readonly refusing: number; readonly released: number; readonly residentBytes: number };

/** One round: the empty queue, then the long one twice. Shares are of the empty queue's rate in the same round. */
async function shares(internet: Internet, round: number): Promise<Shares> {
	const { taking, parked } = internet;
	const dataDir = folderOf('queue');
	try {
		const before = await startAgent(internet, folderOf('empty'));
		await newMail(before, taking);
		const empty = await newMail(before, taking);
		await before.stop();
		console.log(
			`round ${round}  empty queue            ${empty.messagesPerSecond.toFixed(0)} msg/s, loop ${empty.loopUsPerMessage?.toFixed(0)} µs`,
		);

		await writeQueue({
			dataDir,
			messages,
			bodyBytes,
			firstSerial: round * messages,
			domains,
			domainSuffix: parkedSuffix,
			accounts: 500,
		});
		await parked.setMode('refuseGreeting');
		const agent = await startAgent(internet, dataDir);
		await projected(agent);
		await newMail(agent, taking);
		const refused = (await parked.counts()).connections;
		const refusing = await newMail(agent, taking);
		const resident = residentBytes(agent.pid);
		const attempts = (await parked.counts()).connections - refused;
		console.log(
			`round ${round}  due, still refused     ${refusing.messagesPerSecond.toFixed(0)} msg/s, loop ${refusing.loopUsPerMessage?.toFixed(0)} µs, ${attempts} attempts meanwhile, resident ${megabytes(resident)}, peak ${megabytes(peakBytes(agent.pid))}`,
		);

		const parkedBefore = await parked.counts();
		await parked.setMode('accept');
		await until(async () => (await parked.counts()).messages > parkedBefore.messages + 100, {
			waitMs: 60_000,
			otherwise: () => 'the destination that was down gets nothing',
		});
		const from = await parked.counts();
		const released = await newMail(agent, taking);
		const to = await parked.counts();
		const drained = (to.messages - from.messages) / ((released.toNs - released.fromNs) / 1e9);
		const total = released.messagesPerSecond + drained;
		console.log(
			`round ${round}  due, taken again       ${released.messagesPerSecond.toFixed(0)} msg/s new and ${drained.toFixed(0)} msg/s of the queue, loop ${(((released.loopUsPerMessage ?? 0) * released.messagesPerSecond) / total).toFixed(0)} µs a delivery, accept p50 ${released.acceptP50Ms.toFixed(1)} ms`,
		);
		await agent.stop();
		return {
			refusing: refusing.messagesPerSecond / empty.messagesPerSecond,
			released: total / empty.messagesPerSecond,
			residentBytes: resident,
		};
	} finally {
		rmSync(dataDir, { recursive: true, force: true });
	}
}

type Starts = { readonly byLogMs: number; readonly byIndexMs: number; readonly residentBytes: number };

/** Time to start by the log alone, and by the index as usual. */
async function starts(internet: Internet, count: number, body: number): Promise<Starts> {
	const dataDir = folderOf('start');
	try {
		await internet.parked.setMode('refuseGreeting');
		await writeQueue({
			dataDir,
			messages: count,
			bodyBytes: body,
			firstSerial: 0,
			domains: 1,
			domainSuffix: parkedSuffix,
			accounts: 500,
		});
		const byLog = await startAgent(internet, dataDir);
		await projected(byLog);
		await byLog.stop();
		const byIndex = await startAgent(internet, dataDir);
		forgetPeak(byIndex.pid);
		await pause(2000); // what a start leaves behind for the collector is not the queue's
		const resident = residentBytes(byIndex.pid);
		await byIndex.stop();
		console.log(
			`start with ${count.toLocaleString('en')} open recipients: ${byIndex.startMs.toFixed(0)} ms by the index, ${byLog.startMs.toFixed(0)} ms by the log alone, resident ${megabytes(resident)}`,
		);
		return { byLogMs: byLog.startMs, byIndexMs: byIndex.startMs, residentBytes: resident };
	} finally {
		rmSync(dataDir, { recursive: true, force: true });
	}
}

const internet = await startInternet();
const failures: string[] = [];
const judge = (isMet: boolean, text: string): void => {
	console.log(`${isMet ? 'met   ' : 'MISSED'}  ${text}`);
	if (!isMet) failures.push(text);
};
try {
	const all: Shares[] = [];
	for (let round = 1; round <= rounds; round++) all.push(await shares(internet, round));
	const few = await starts(internet, messages, bodyBytes);
	const lots = many > 0 ? await starts(internet, many, manyBodyBytes) : undefined;
	console.log('');
	const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
	for (const [name, text] of [
		['refusing', 'while its destination refuses'],
		['released', 'while its destination takes it again, both counted'],
	] as const) {
		const share = median(all.map((one) => one[name]));
		const each = all.map((one) => percent(one[name])).join(', ');
		judge(
			share >= dueAtOnceShareMin,
			`${percent(share)} (${each}) of the empty queue's rate with ${messages.toLocaleString('en')} due at once, ${text}; at least ${percent(dueAtOnceShareMin)}`,
		);
	}
	const resident = Math.max(...all.map((one) => one.residentBytes));
	judge(
		resident < queuedMemoryBytesMax,
		`${megabytes(resident)} resident with ${messages.toLocaleString('en')} queued under load, ${megabytes(few.residentBytes)} at rest; less than ${megabytes(queuedMemoryBytesMax)}`,
	);
	if (lots !== undefined)
		judge(
			lots.byIndexMs <= startMsMax,
			`${lots.byIndexMs.toFixed(0)} ms to start with ${many.toLocaleString('en')}; at most ${startMsMax} ms`,
		);
} finally {
	await internet.stop();
}
if (options.check && failures.length > 0) process.exitCode = 1;
