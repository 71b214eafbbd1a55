/**
 * One reconcile at a time: a file with the process that holds it, taken over when that process is gone.
 *
 * A process is known by its id and by when it began (/proc), because ids are given again.
 */
import { link, mkdir, readFile, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { processBegan } from '@sluice/shared/client/process-began.ts';

export type Lock = { release(): Promise<void> };

async function isHeld(path: string): Promise<boolean> {
	const [pid = '', began = ''] = (await readFile(path, 'latin1').catch(() => '')).trim().split(' ');
	return /^\d+$/.test(pid) && processBegan(Number(pid)) === began;
}

/** Undefined: another is at work. */
export async function takeLock(path: string): Promise<Lock | undefined> {
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	const own = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
	await writeFile(own, `${process.pid} ${processBegan(process.pid) ?? ''}\n`, { flag: 'wx', mode: 0o600 });
	try {
		// A link to a name that is there fails: only one can make it, and what it leads to is whole.
		if (await linked(own, path)) return { release: () => unlink(path).catch(() => {}) };
		if (await isHeld(path)) return undefined;
		return await takeOver(own, path);
	} finally {
		await unlink(own).catch(() => {});
	}
}

/** A takeover lasts milliseconds; one that is older was left behind by a process that was killed in it. */
const takeoverMsMax = 30_000;

/** Only who has made the folder may remove a dead holder's file, so none removes the file of the next holder. */
async function takeOver(own: string, path: string): Promise<Lock | undefined> {
	const turn = `${path}.takeover`;
	const since = (await stat(turn).catch(() => undefined))?.mtimeMs;
	if (since !== undefined && Date.now() - since > takeoverMsMax) await rmdir(turn).catch(() => {});
	try {
		await mkdir(turn);
	} catch {
		return undefined;
	}
	try {
		if (await isHeld(path)) return undefined;
		await unlink(path).catch(() => {});
		return (await linked(own, path)) ? { release: () => unlink(path).catch(() => {}) } : undefined;
	} finally {
		await rmdir(turn);
	}
}

async function linked(from: string, to: string): Promise<boolean> {
	try {
		await link(from, to);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
		throw error;
	}
}
