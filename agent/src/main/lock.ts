/**
 * One agent to a data folder: the spool log has one writer.
 *
 * A lock file with our pid, believed only while a process of that pid runs with the same start time, so that a crash or a reused
 * pid never keeps the agent from starting.
 */
import { closeSync, openSync, readFileSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Field 22 of /proc/PID/stat: clock ticks since boot at which the process began. */
function startOf(pid: number): string | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
		return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
	} catch {
		return undefined;
	}
}

/** Returns what lets it go. Throws when another agent works there. */
export function lockDataDir(dataDir: string): () => void {
	const file = join(dataDir, 'agent.pid');
	for (let attempt = 0; attempt < 2; attempt++) {
		try {
			const fd = openSync(file, 'wx', 0o644);
			writeSync(fd, `${process.pid} ${startOf(process.pid) ?? ''}\n`);
			closeSync(fd);
			return () => rmSync(file, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			const [pid, start] = readFileSync(file, 'utf8').trim().split(' ');
			const running = startOf(Number(pid));
			if (running !== undefined && running === start)
				throw new Error(
					`${dataDir} is in use by the agent with pid ${pid}. Stop that one first, or give this one a dataDir of its own.`,
				);
			unlinkSync(file);
		}
	}
	throw new Error(`${file} cannot be made`);
}
