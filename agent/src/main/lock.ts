/**
 * One agent to a data folder: the spool log has one writer.
 *
 * A lock file with our pid, believed only while a process of that pid runs with the same start time, so that a crash or a reused
 * pid never keeps the agent from starting.
 */
import { closeSync, openSync, readFileSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openPlain } from '@sluice/shared/client/open-plain.ts';
import { processBegan } from '@sluice/shared/client/process-began.ts';

/** Two numbers. */
const lockBytesMax = 64;

/** The agent that works in a data folder; undefined: none does. */
export function holderOf(dataDir: string): number | undefined {
	let text: string;
	try {
		text = readPlain(join(dataDir, 'agent.pid'));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
	const [pid, start] = text.trim().split(' ');
	const running = processBegan(Number(pid));
	return running !== undefined && running === start ? Number(pid) : undefined;
}

/** Root asks too, and the folder is the agent's user's. */
function readPlain(file: string): string {
	const fd = openPlain(file);
	try {
		const bytes = Buffer.alloc(lockBytesMax);
		return bytes.toString('latin1', 0, readSync(fd, bytes, 0, lockBytesMax, 0));
	} finally {
		closeSync(fd);
	}
}

/** Returns what lets it go. Throws when another agent works there. */
export function lockDataDir(dataDir: string): () => void {
	const file = join(dataDir, 'agent.pid');
	for (let attempt = 0; attempt < 2; attempt++) {
		try {
			const fd = openSync(file, 'wx', 0o644);
			writeSync(fd, `${process.pid} ${processBegan(process.pid) ?? ''}\n`);
			closeSync(fd);
			return () => rmSync(file, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			const [pid, start] = readFileSync(file, 'utf8').trim().split(' ');
			const running = processBegan(Number(pid));
			if (running !== undefined && running === start)
				throw new Error(
					`${dataDir} is in use by the agent with pid ${pid}. Stop that one first, or give this one a dataDir of its own.`,
				);
			unlinkSync(file);
		}
	}
	throw new Error(`${file} cannot be made`);
}
