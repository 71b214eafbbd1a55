/**
 * What tells a process from an earlier one that had its id: when it began. Linux, proc(5).
 *
 * Not here: the files in which processes are named (agent/main/lock.ts, panel-cpanel/reconcile/lock.ts, installers/apply/journal.ts).
 */
import { readFileSync } from 'node:fs';

/** Field 22 of a /proc/PID/stat, behind a name that may hold anything: clock ticks since boot. */
export const beganIn = (stat: string): string | undefined => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];

/** Undefined: no process of that id runs. */
export function processBegan(pid: number): string | undefined {
	try {
		return beganIn(readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return undefined;
	}
}
