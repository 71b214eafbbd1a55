/**
 * What the spool log costs: appends a second, loop CPU and process CPU an append, against one write and one flush a message on
 * the same disk. 20 appenders, each with one message under way; the second pass runs over recycled segments.
 *
 *     node test/bench/spool.ts [folder]
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { exampleBody, exampleRecord } from '@sluice/agent/io/spool/example.ts';
import { openSpool } from '@sluice/agent/io/spool/spool.ts';

const appenders = 20;
const sizes = [
	{ bytes: 2_000, count: 60_000 },
	{ bytes: 20_000, count: 20_000 },
	{ bytes: 200_000, count: 3_000 },
] as const;

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'sluice-bench-'));

/** The naive way, a second: write, flush, next. */
function plainRate(bytes: number): number {
	const fd = openSync(join(folder, 'plain'), 'w');
	const body = Buffer.alloc(bytes, 'x');
	const began = performance.now();
	const count = 300;
	for (let n = 0; n < count; n++) {
		writeSync(fd, body);
		fdatasyncSync(fd);
	}
	closeSync(fd);
	return count / ((performance.now() - began) / 1000);
}

async function measure(bytes: number, count: number, pass: 'fresh' | 'recycled'): Promise<void> {
	const directory = join(folder, String(bytes));
	const { spool } = await openSpool({ directory, visit: () => {} });
	spool.kept();
	spool.onDurable((position) => {
		spool.projected('index', position);
		spool.projected('history', position);
	});
	const body = exampleBody(1, bytes);
	let next = 0;
	let flushes = 0;
	spool.onDurable(() => flushes++);
	const delay = monitorEventLoopDelay({ resolution: 1 });
	async function appender(): Promise<void> {
		while (next < count) {
			const record = exampleRecord(next++, bytes);
			const ref = await spool.append(record, body);
			spool.release(record.id, ref);
		}
	}
	const began = performance.now();
	const cpu = process.cpuUsage();
	const loop = process.threadCpuUsage();
	delay.enable();
	await Promise.all(Array.from({ length: appenders }, appender));
	delay.disable();
	const seconds = (performance.now() - began) / 1000;
	const { user, system } = process.cpuUsage(cpu);
	const own = process.threadCpuUsage(loop);
	await spool.stop();
	const rate = count / seconds;
	console.log(
		[
			`${bytes / 1000} kB ${pass}`.padEnd(16),
			`${rate.toFixed(0)}/s`.padStart(9),
			`x${(rate / plainRate(bytes)).toFixed(1)} of plain`.padStart(15),
			`loop ${((own.user + own.system) / count).toFixed(1)} us`.padStart(15),
			`process ${((user + system) / count).toFixed(1)} us`.padStart(18),
			`${(count / flushes).toFixed(1)} a flush`.padStart(14),
			`stall p99.9 ${(delay.percentile(99.9) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms`,
		].join(' '),
	);
}

try {
	for (const { bytes, count } of sizes) {
		await measure(bytes, count, 'fresh');
		await measure(bytes, count, 'recycled');
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
