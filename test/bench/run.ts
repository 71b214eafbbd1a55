/**
 * One measured run: a load through a relay into the sink, from the first byte sent until the sink has the last message.
 *
 * A run counts only when the sink has each message exactly once. What else the machine did meanwhile is measured too, since it
 * says how far the figure is to be trusted.
 */
import { until } from '../mta/until.ts';
import { runSource, type Sink } from './load.ts';
import { machineBusyUs, processorUs } from './processes.ts';
import { type Relay, wiringSecret } from './relays.ts';

/** Resolves when the sink has taken so many messages since it began. Rejects after `waitMs`. */
export async function sinkHas(sink: Sink, messages: number, waitMs: number): Promise<void> {
	await until(async () => (await sink.counts()).messages >= messages, {
		waitMs,
		otherwise: async () => `the sink has ${(await sink.counts()).messages} of ${messages} messages`,
	});
}

export type Cell = { readonly messageBytes: number; readonly connections: number };

export type RunOptions = Cell & {
	readonly relay: Relay;
	readonly sink: Sink;
	readonly messages: number;
	readonly domains: number;
	readonly pipelining: boolean;
};

export type Run = Cell & {
	readonly relay: Relay['name'];
	readonly messages: number;
	readonly messagesPerSecond: number;
	/** Until the last 250 to the source, as a rate: how fast mail is taken. */
	readonly acceptedPerSecond: number;
	/** Processor time of the relay, microseconds a message. */
	readonly processorUsPerMessage: number;
	/** Of that, the thread with the loop: a million divided by it is the most messages a second that it can do. */
	readonly loopUsPerMessage: number | undefined;
	readonly acceptP50Ms: number;
	readonly acceptP99Ms: number;
	readonly memoryMb: number;
	readonly peakMb: number | undefined;
	/** From the first byte sent until the sink had the last message, nanoseconds of the monotonic clock. */
	readonly fromNs: number;
	readonly toNs: number;
	/** Processors that neither relay, source nor sink used but somebody did. */
	readonly foreignProcessors: number;
};

const waitMsMax = 120_000;
let nextSerial = 0;

/** Rejects when a message was refused, lost or repeated. */
export async function measure(options: RunOptions): Promise<Run> {
	const { relay, sink, messages, messageBytes, connections, domains, pipelining } = options;
	const firstSerial = nextSerial;
	nextSerial += messages;
	const before = await sink.counts();
	const loadUs = () => processorUs([sink.pid, process.pid]); // the source is an ended child of ours
	const began = {
		relayUs: relay.processorUs(),
		loopUs: relay.mainThreadUs(),
		loadUs: loadUs(),
		busyUs: machineBusyUs(),
		at: performance.now(),
	};
	const report = await runSource({
		port: relay.port,
		connections,
		messages,
		messageBytes,
		pipelining,
		domains,
		senders: 20,
		firstSerial,
		wiringSecret,
		secondsMax: waitMsMax / 1000,
	});
	if (report.accepted !== messages)
		throw new Error(`${relay.name} took ${report.accepted} of ${messages} messages: ${report.errors.join('; ')}`);
	await sinkHas(sink, before.messages + messages, waitMsMax);
	const relayUs = relay.processorUs() - began.relayUs;
	const loopUs = relay.mainThreadUs();
	const elapsedUs = (performance.now() - began.at) * 1000;
	const foreignUs = machineBusyUs() - began.busyUs - relayUs - (loadUs() - began.loadUs);
	const after = await sink.counts();
	const arrived = { messages: after.messages - before.messages, distinct: after.distinct - before.distinct };
	if (arrived.messages !== messages || arrived.distinct !== messages || after.wrong > before.wrong)
		throw new Error(`${relay.name}: of ${messages} messages the sink has ${JSON.stringify(arrived)}`);
	const seconds = (after.lastNs - report.firstByteNs) / 1e9;
	const peak = relay.peakBytes();
	return {
		relay: relay.name,
		messageBytes,
		connections,
		messages,
		messagesPerSecond: messages / seconds,
		acceptedPerSecond: messages / ((report.lastReplyNs - report.firstByteNs) / 1e9),
		processorUsPerMessage: relayUs / messages,
		loopUsPerMessage:
			loopUs === undefined || began.loopUs === undefined ? undefined : (loopUs - began.loopUs) / messages,
		acceptP50Ms: report.p50Us / 1000,
		acceptP99Ms: report.p99Us / 1000,
		memoryMb: relay.memoryBytes() / 1e6,
		peakMb: peak === undefined ? undefined : peak / 1e6,
		fromNs: report.firstByteNs,
		toNs: after.lastNs,
		foreignProcessors: Math.max(0, foreignUs) / elapsedUs,
	};
}
