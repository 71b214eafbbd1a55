/**
 * The folder in which the hook script leaves its notes: read in the order in which they came, removed when they are done.
 *
 * Whatever lies there that is no note of ours is counted and removed too, or it would call for a reconcile without end.
 */
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccountEvent, accountEventOf } from './event.ts';

export type Spool = {
	readonly events: readonly AccountEvent[];
	readonly unreadable: number;
	/** Removes what was read; what has come since stays. */
	clear(): Promise<void>;
};

const noteBytesMax = 4096;
/** A note that is being written; older ones were left behind by a hook that was killed. */
const unfinishedMs = 60_000;

export async function readSpool(folder: string): Promise<Spool> {
	const names = (await namesIn(folder)).filter((name) => name.endsWith('.json')).sort();
	const events: AccountEvent[] = [];
	let unreadable = 0;
	for (const name of names) {
		const event = accountEventOf(await noteOf(join(folder, name)));
		if (event === undefined) unreadable += 1;
		else events.push(event);
	}
	return {
		events,
		unreadable,
		async clear() {
			const stale = await leftBehind(folder);
			for (const name of [...names, ...stale]) await unlink(join(folder, name)).catch(() => {});
		},
	};
}

async function namesIn(folder: string): Promise<readonly string[]> {
	try {
		return await readdir(folder);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw error;
	}
}

async function noteOf(path: string): Promise<unknown> {
	try {
		const { size } = await stat(path);
		return size > noteBytesMax ? undefined : JSON.parse(await readFile(path, 'utf8'));
	} catch {
		return undefined;
	}
}

async function leftBehind(folder: string): Promise<readonly string[]> {
	const found: string[] = [];
	for (const name of await namesIn(folder)) {
		if (name.endsWith('.json')) continue;
		const made = await stat(join(folder, name)).catch(() => undefined);
		if (made !== undefined && Date.now() - made.mtimeMs > unfinishedMs) found.push(name);
	}
	return found;
}
