/**
 * Where the time goes: runs the agent under `node --cpu-prof` with a load and prints the functions that took most of it.
 *
 * `node test/bench/relay.ts --prof` comes here. Self time is a function's own, total time includes what it calls. Both are
 * shown per message, so that runs of different length compare. The profile stays in var/bench for a browser's developer tools.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { benchFolder, type Sink, startSink } from './load.ts';
import { startAgentRelay } from './relays.ts';
import { measure } from './run.ts';

type CallFrame = { readonly functionName: string; readonly url: string; readonly lineNumber: number };
type ProfileNode = { readonly id: number; readonly callFrame: CallFrame; readonly children?: readonly number[] };
export type CpuProfile = {
	readonly nodes: readonly ProfileNode[];
	/** Microseconds of the monotonic clock. */
	readonly startTime: number;
	readonly samples: readonly number[];
	readonly timeDeltas: readonly number[];
};

export type FunctionTime = { readonly name: string; readonly place: string; selfUs: number; totalUs: number };
export type Span = { readonly fromUs: number; readonly toUs: number };

const root = join(import.meta.dirname, '../..');

function placeOf({ url, lineNumber }: CallFrame): string {
	if (url === '') return '';
	const path = url.startsWith('file://') ? decodeURI(new URL(url).pathname) : url;
	return `${path.startsWith(root) ? path.slice(root.length + 1) : path}:${lineNumber + 1}`;
}

/** Self time of each node of the call tree within the span. */
function selfTimes({ samples, timeDeltas, startTime }: CpuProfile, span: Span): ReadonlyMap<number, number> {
	const selfUs = new Map<number, number>();
	let atUs = startTime;
	samples.forEach((node, index) => {
		const deltaUs = timeDeltas[index] as number;
		atUs += deltaUs;
		if (deltaUs > 0 && atUs >= span.fromUs && atUs <= span.toUs) selfUs.set(node, (selfUs.get(node) ?? 0) + deltaUs);
	});
	return selfUs;
}

const isOurs = (place: string): boolean => /^(agent|shared)\//.test(place);

/**
 * Time of each function within the span, most self time first. What is not ours (Node, native code) is told apart by the
 * function of ours that called it, since that is where something can be done. A function that calls itself counts once in
 * its total.
 */
export function functionTimes(profile: CpuProfile, span: Span): readonly FunctionTime[] {
	const selfUs = selfTimes(profile, span);
	const byId = new Map(profile.nodes.map((node) => [node.id, node]));
	const times = new Map<string, FunctionTime>();
	const onStack = new Set<FunctionTime>();
	const visit = (node: ProfileNode, caller: string): number => {
		const place = placeOf(node.callFrame);
		const own = node.callFrame.functionName === '' ? '(anonymous)' : node.callFrame.functionName;
		const name = isOurs(place) || caller === '' ? own : `${own} ← ${caller}`;
		const key = `${name} ${place}`;
		const time = times.get(key) ?? { name, place, selfUs: 0, totalUs: 0 };
		times.set(key, time);
		const isOutermost = !onStack.has(time);
		onStack.add(time);
		let total = selfUs.get(node.id) ?? 0;
		time.selfUs += total;
		const callerOfChildren = isOurs(place) ? `${own} ${place}` : caller;
		for (const child of node.children ?? []) total += visit(byId.get(child) as ProfileNode, callerOfChildren);
		if (isOutermost) {
			time.totalUs += total;
			onStack.delete(time);
		}
		return total;
	};
	const first = profile.nodes[0];
	if (first !== undefined) visit(first, '');
	return [...times.values()].sort((one, other) => other.selfUs - one.selfUs);
}

/** `agent/src/io/smtp-in/reader.ts:12` → `agent io/smtp-in`. */
function partOf(place: string): string {
	const [workspace = '', , ...folders] = place.split('/');
	return `${workspace} ${folders.slice(0, -1).join('/')}`;
}

/** Self time by the part of ours on whose behalf it was spent, Node's and native work included; most first. */
export function partTimes(
	times: readonly FunctionTime[],
): readonly { readonly part: string; readonly selfUs: number }[] {
	const parts = new Map<string, number>();
	for (const { name, place, selfUs } of times) {
		const caller = name.split(' ← ')[1]?.split(' ').at(-1);
		const part = isOurs(place)
			? partOf(place)
			: caller !== undefined
				? partOf(caller)
				: name.startsWith('(')
					? name
					: 'node';
		parts.set(part, (parts.get(part) ?? 0) + selfUs);
	}
	return [...parts].map(([part, selfUs]) => ({ part, selfUs })).sort((one, other) => other.selfUs - one.selfUs);
}

const rowsShown = 25;
const partsShown = 12;

/** Tables of the first rows, microseconds a message. */
export function profileTable(times: readonly FunctionTime[], messages: number): string {
	const perMessage = (us: number) => (us / messages).toFixed(1).padStart(8);
	const rows = times
		.filter(({ name }) => name !== '(root)')
		.slice(0, rowsShown)
		.map(({ name, place, selfUs, totalUs }) => `${perMessage(selfUs)} ${perMessage(totalUs)}  ${name}  ${place}`);
	const parts = partTimes(times)
		.filter(({ part }) => part !== '(root)')
		.slice(0, partsShown)
		.map(({ part, selfUs }) => `${perMessage(selfUs)}  ${part}`);
	return ['    self    total  (µs a message)', ...rows, '', '    self  by part', ...parts].join('\n');
}

export type ProfileOptions = {
	readonly connections: number;
	readonly messageBytes: number;
	readonly messages: number;
	readonly domains: number;
};

/** Messages before the profile counts: compiled code is what a server runs. */
const warmUpMessages = 3000;

/** Runs the load against an agent under the profiler and prints the main thread's table, then each worker's. */
export async function profileAgent(options: ProfileOptions): Promise<void> {
	const folder = join(benchFolder, 'profile');
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	const sink: Sink = await startSink();
	let span: Span;
	try {
		const relay = await startAgentRelay({
			config: { delivery: { smarthost: { host: '127.0.0.1', port: sink.port } } },
			nodeArguments: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'],
		});
		const given = { ...options, relay, sink, pipelining: true };
		await measure({ ...given, messages: Math.min(warmUpMessages, options.messages) });
		const run = await measure(given);
		span = { fromUs: run.fromNs / 1000, toUs: run.toNs / 1000 };
		console.log(
			`${run.messages} messages of ${run.messageBytes} bytes over ${run.connections} connections: ${run.messagesPerSecond.toFixed(0)} msg/s under the profiler, ${run.processorUsPerMessage.toFixed(0)} µs of processor a message (loop ${run.loopUsPerMessage?.toFixed(0)})`,
		);
		await relay.stop();
	} finally {
		await sink.stop();
	}
	// CPU.date.time.pid.thread.sequence.cpuprofile; thread 0 is the main one.
	const threadOf = (file: string) => Number(file.split('.')[4]);
	const files = (await readdir(folder)).sort((one, other) => threadOf(one) - threadOf(other));
	for (const file of files) {
		const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile;
		console.log(`\n${threadOf(file) === 0 ? 'main thread' : `thread ${threadOf(file)}`}: var/bench/profile/${file}`);
		console.log(profileTable(functionTimes(profile, span), options.messages));
	}
}
