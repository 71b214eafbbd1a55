/**
 * What a relay's processes cost, as the kernel counts it: processor time, memory, and how busy the machine is besides.
 *
 * Processor time includes that of ended children whose parent lives, so that a relay which starts a process a message does
 * not look cheap. Linux only: proc(5).
 */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** USER_HZ: what /proc counts in, 100 on every architecture in use (proc(5)). */
const ticksPerSecond = 100;
const usPerTick = 1_000_000 / ticksPerSecond;

const read = (path: string): string | undefined => {
	try {
		return readFileSync(path, 'latin1');
	} catch {
		return undefined; // ended meanwhile
	}
};

/** utime, stime and, of ended children, cutime and cstime. */
function ticksIn(statFile: string, count: 2 | 4): number {
	// The name in parentheses may hold anything; what follows it is numbers. utime is the 14th field of all.
	const fields =
		read(statFile)
			?.split(') ')
			.at(-1)
			?.split(' ')
			.slice(11, 11 + count) ?? [];
	return fields.reduce((sum, field) => sum + Number(field), 0);
}

/** Processor time of these processes and their ended children, user and system, in microseconds. */
export const processorUs = (pids: readonly number[]): number =>
	pids.reduce((sum, pid) => sum + ticksIn(`/proc/${pid}/stat`, 4), 0) * usPerTick;

/** Processor time of a process's first thread alone: in Node the one with the loop. */
export const mainThreadUs = (pid: number): number => ticksIn(`/proc/${pid}/task/${pid}/stat`, 2) * usPerTick;

/** Every process of the PID namespace that `pid` lives in, itself included. */
export function pidsBeside(pid: number): readonly number[] {
	const namespaceOf = (one: string): string | undefined => {
		try {
			return readlinkSync(`/proc/${one}/ns/pid`);
		} catch {
			return undefined;
		}
	};
	const wanted = namespaceOf(String(pid));
	if (wanted === undefined) throw new Error(`process ${pid} has ended`);
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name) && namespaceOf(name) === wanted)
		.map(Number);
}

/** Memory of these processes with shared pages counted once (PSS), bytes. */
export function memoryBytes(pids: readonly number[]): number {
	let kilobytes = 0;
	for (const pid of pids) kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
	return kilobytes * 1024;
}

/** Most resident memory since the process began, or since `forgetPeak`, bytes. */
export function peakBytes(pid: number): number {
	return Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
}

export function residentBytes(pid: number): number {
	return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
}

/** Starts the peak anew; needs to be the process's owner. */
export function forgetPeak(pid: number): void {
	try {
		writeFileSync(`/proc/${pid}/clear_refs`, '5');
	} catch {
		// The peak is then since the process began: higher, never lower.
	}
}

/** Processor time of the whole machine that was not idle, microseconds. */
export function machineBusyUs(): number {
	const line = read('/proc/stat')?.split('\n', 1)[0]?.trim().split(/\s+/).slice(1, 9).map(Number) ?? [];
	const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line;
	return (user + nice + system + irq + softirq) * usPerTick;
}
