/**
 * One agent to a data folder: the spool log has one writer.
 *
 * A lock file with our pid, believed only while a process of that pid runs with the same start time, so that a crash or a reused
 * pid never keeps the agent from starting.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readPlain } from '@sluice/shared/client/open-plain.ts';
import { processBegan } from '@sluice/shared/client/process-began.ts';

const lockName = 'agent.pid';
/** Two numbers. */
const lockBytesMax = 64;

/** The agent that works in a data folder; undefined: none does. Root asks too, and the folder is the agent's user's. */
export function holderOf(dataDir: string): number | undefined {
	const text = readPlain(join(dataDir, lockName), lockBytesMax)?.toString('latin1') ?? '';
	const [pid, start] = text.trim().split(' ');
	const running = processBegan(Number(pid));
	return running !== undefined && running === start ? Number(pid) : undefined;
}

/** Returns what lets it go. Throws when another agent works there. */
export function lockDataDir(dataDir: string): () => void {
	const file = join(dataDir, lockName);
	for (let attempt = 0; attempt < 2; attempt++) {
		try {
			const fd = openSync(file, 'wx', 0o644);
			writeSync(fd, `${process.pid} ${processBegan(process.pid) ?? ''}\n`);
			closeSync(fd);
			return () => rmSync(file, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			const pid = holderOf(dataDir);
			if (pid !== undefined)
				throw new Error(
					`${dataDir} is in use by the agent with pid ${pid}. Stop that one first, or give this one a dataDir of its own.`,
				);
			rmSync(file, { force: true });
		}
	}
	throw new Error(`${file} cannot be made`);
}
