/**
 * Source and sink for the benches: compiles load.c, runs it, reads its numbers.
 *
 * In C because Postfix's own smtp-source and smtp-sink are slower at 200 kB than the relays to be measured, and because what
 * a source in Node costs would be taken from the relay's two cores. Everything it makes lies in var/bench.
 *
 * Not here: which load, and what it means (relay.ts, backlog.ts).
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where benches compile, and keep queues, logs and profiles. */
export const benchFolder = join(import.meta.dirname, '../../var/bench');

const sources = ['load.c', 'load-source.c', 'load-sink.c', 'load.h'].map((name) => join(import.meta.dirname, name));
/** Kernel's allowance beyond the program's own limit of time before it is ended from here. */
const overtimeMs = 5_000;

let compiled: Promise<string> | undefined;

/** Path of the compiled program; compiled when it is missing or older than its source. */
export function loadProgram(): Promise<string> {
	compiled ??= compile();
	return compiled;
}

async function compile(): Promise<string> {
	await mkdir(benchFolder, { recursive: true });
	const program = join(benchFolder, 'load');
	const newestMs = Math.max(...sources.map((file) => statSync(file).mtimeMs));
	if (existsSync(program) && statSync(program).mtimeMs > newestMs) return program;
	await haveCompiler();
	// Renamed into place, so that two benches that start at once do not run a half-written program.
	const made = `${program}.${process.pid}`;
	const inputs = sources.filter((file) => file.endsWith('.c'));
	await run('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', made, ...inputs]);
	await rename(made, program);
	return program;
}

async function haveCompiler(): Promise<void> {
	if (existsSync('/usr/bin/gcc') && existsSync('/usr/include/stdio.h')) return;
	console.log('gcc is missing: apt-get install gcc libc6-dev');
	await run('apt-get', ['-q', 'update']).catch(() => undefined);
	await run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', 'gcc', 'libc6-dev']);
}

/** The order of `struct counts` in load.h. */
const countNames = [
	'messages',
	'contentBytes',
	'distinct',
	'recipients',
	'connections',
	'refused',
	'wrong',
	'firstNs',
	'lastNs',
] as const;
const modePosition = countNames.length;

/** What the sink has taken since it began. Times are of the monotonic clock, as `process.hrtime.bigint()`. */
export type SinkCounts = { readonly [name in (typeof countNames)[number]]: number };

/** 0 accepts; the others refuse for now: each RCPT, each connection, each content. */
export const sinkModes = { accept: 0n, refuseRcpt: 1n, refuseGreeting: 2n, refuseContent: 3n } as const;

export type Sink = {
	readonly port: number;
	readonly pid: number;
	counts(): Promise<SinkCounts>;
	setMode(mode: keyof typeof sinkModes): Promise<void>;
	stop(): Promise<void>;
};

export type SinkOptions = {
	readonly address?: string;
	readonly port?: number;
	/** Wait before the reply to the content. */
	readonly delayMs?: number;
	readonly secondsMax?: number;
};

let sinks = 0;

/** Starts a sink; resolves when it listens. The caller stops it. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
	const program = await loadProgram();
	const counts = join(benchFolder, `sink-${process.pid}-${++sinks}.counts`);
	const child = spawn(
		program,
		[
			'sink',
			...['--counts', counts],
			...['--address', options.address ?? '127.0.0.1'],
			...['--port', String(options.port ?? 0)],
			...['--delay-ms', String(options.delayMs ?? 0)],
			...['--seconds-max', String(options.secondsMax ?? 7200)],
		],
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	const ended = once(child, 'exit');
	const [line] = (await Promise.race([
		once(child.stdout.setEncoding('utf8'), 'data'),
		ended.then(() => {
			throw new Error('the sink did not start');
		}),
	])) as [string];
	ended.catch(() => {});
	const file = await open(counts, 'r+');
	return {
		port: (JSON.parse(line) as { port: number }).port,
		pid: child.pid as number,
		counts: () => readCounts(file),
		async setMode(mode) {
			const word = Buffer.alloc(8);
			word.writeBigUInt64LE(sinkModes[mode]);
			await file.write(word, 0, 8, modePosition * 8);
		},
		async stop() {
			if (child.exitCode === null && child.signalCode === null) {
				child.kill('SIGTERM');
				await ended;
			}
			await file.close();
			await rm(counts, { force: true });
		},
	};
}

async function readCounts(file: FileHandle): Promise<SinkCounts> {
	const { buffer } = await file.read(Buffer.alloc(countNames.length * 8), 0, countNames.length * 8, 0);
	return Object.fromEntries(
		countNames.map((name, index) => [name, Number(buffer.readBigUInt64LE(index * 8))]),
	) as SinkCounts;
}

export type SourceOptions = {
	readonly port: number;
	readonly address?: string;
	readonly connections: number;
	readonly messages: number;
	/** Content with header, without the dot line. */
	readonly messageBytes: number;
	/** MAIL, RCPT and DATA in one write. */
	readonly pipelining?: boolean;
	/** 0: any number. */
	readonly messagesPerConnection?: number;
	/** So many sender addresses (and accounts), in turn. */
	readonly senders?: number;
	/** So many recipient domains, in turn: `d0000.SUFFIX`. */
	readonly domains?: number;
	readonly domainSuffix?: string;
	/** Each message of a sink's life needs a serial of its own. */
	readonly firstSerial: number;
	/** Adds Exim's wiring header with this secret. */
	readonly wiringSecret?: string;
	readonly secondsMax?: number;
};

export type SourceReport = {
	/** Contents answered with 250. */
	readonly accepted: number;
	readonly failed: number;
	readonly notSent: number;
	/** Ended by its limit of time. */
	readonly isLate: boolean;
	readonly firstByteNs: number;
	readonly lastReplyNs: number;
	readonly contentBytes: number;
	/** From MAIL to the reply to the final dot, microseconds. */
	readonly p50Us: number;
	readonly p99Us: number;
	readonly maxUs: number;
	readonly lostConnections: number;
	/** The first few wrong replies. */
	readonly errors: readonly string[];
};

/** Sends and reports. Does not reject for what the server does; the report tells. */
export async function runSource(options: SourceOptions): Promise<SourceReport> {
	const program = await loadProgram();
	const { wiringSecret, secondsMax = 60 } = options;
	const child = spawn(
		program,
		[
			'source',
			...['--address', options.address ?? '127.0.0.1'],
			...['--port', String(options.port)],
			...['--connections', String(options.connections)],
			...['--messages', String(options.messages)],
			...['--message-bytes', String(options.messageBytes)],
			...['--pipelining', options.pipelining === false ? '0' : '1'],
			...['--messages-per-connection', String(options.messagesPerConnection ?? 0)],
			...['--senders', String(options.senders ?? 1)],
			...['--domains', String(options.domains ?? 1)],
			...['--domain-suffix', options.domainSuffix ?? 'example.test'],
			...['--first-serial', String(options.firstSerial)],
			...['--seconds-max', String(secondsMax)],
			...(wiringSecret === undefined ? [] : ['--wiring-secret', wiringSecret]),
		],
		{ stdio: ['ignore', 'pipe', 'inherit'], timeout: secondsMax * 1000 + overtimeMs },
	);
	let text = '';
	child.stdout.setEncoding('utf8').on('data', (piece: string) => {
		text += piece;
	});
	const [code] = (await once(child, 'close')) as [number | null];
	if (text === '') throw new Error(`the source ended with ${code} without a report`);
	const report = JSON.parse(text) as SourceReport;
	return { ...report, firstByteNs: Number(report.firstByteNs), lastReplyNs: Number(report.lastReplyNs) };
}
