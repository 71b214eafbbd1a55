/**
 * After an update of cPanel: what it may have taken away is put right, once for each update, and again until it is right.
 *
 * An update is known by the note of its hook (System upcp), and without any hook by another /usr/local/cpanel/version than when things were put
 * right last. That an update waits to be looked after is a file, so that it outlives whoever was killed over it; one that comes meanwhile
 * makes another. Has a lock of its own: accounts are told whatever this takes, and however it ends.
 *
 * Not here: what is put right (the installers, by `mend`).
 */
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { CpanelFiles } from '../api/files.ts';
import { takeLock } from './lock.ts';

/** What became of one thing that an update may take away. */
export type Mended =
	/** Nothing had to be done, or there is nothing of ours to put right. */
	| { readonly outcome: 'right' | 'absent'; readonly text: string }
	| { readonly outcome: 'mended'; readonly text: string }
	/** `hint`: what a person can do. */
	| { readonly outcome: 'failed'; readonly text: string; readonly hint: string };

export type UpgradePorts = {
	/** Root's alone: the one of the reconcile. */
	readonly folder: string;
	readonly files: Pick<CpanelFiles, 'version'>;
	/** Puts right what was there; throws for broken I/O. */
	readonly mend: () => Promise<readonly Mended[]>;
	readonly now: () => number;
};

/** What failed is tried again by the runs at intervals, not by each event between them. */
const retryMs = 240_000;

const noted = (folder: string): string => `${folder}/upgraded`;
const underWay = (folder: string): string => `${folder}/upgrading`;
const lastVersion = (folder: string): string => `${folder}/panel-version`;

/** A hook has told of an update. */
export async function noteUpgrade(folder: string): Promise<void> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await writeFile(noted(folder), '', { mode: 0o600 });
}

/** Undefined: no update since, or not to be tried again yet, or another is at it. */
export async function mendAfterUpgrade(ports: UpgradePorts): Promise<readonly Mended[] | undefined> {
	const lock = await takeLock(`${ports.folder}/upgrade.lock`);
	if (lock === undefined) return undefined;
	try {
		const version = await ports.files.version();
		return (await isDue(ports, version)) ? await mendNow(ports, version) : undefined;
	} finally {
		await lock.release();
	}
}

async function isDue({ folder, now }: UpgradePorts, version: string | undefined): Promise<boolean> {
	if (await moved(noted(folder), underWay(folder))) return true;
	const triedMs = (await stat(underWay(folder)).catch(() => undefined))?.mtimeMs;
	if (triedMs !== undefined) return now() - triedMs >= retryMs || triedMs > now();
	if (version === undefined) return false;
	const former = await textOf(lastVersion(folder));
	// The first look: what is here was put here by hand, and is looked after by whoever did.
	if (former === undefined) await write(lastVersion(folder), version);
	return former !== undefined && former !== version;
}

async function mendNow({ folder, mend, now }: UpgradePorts, version: string | undefined): Promise<readonly Mended[]> {
	await write(underWay(folder), '');
	const done = await mended(mend);
	if (done.some(({ outcome }) => outcome === 'failed')) {
		await utimes(underWay(folder), now() / 1000, now() / 1000);
		return done;
	}
	if (version !== undefined) await write(lastVersion(folder), version);
	await rm(underWay(folder), { force: true });
	return done;
}

/** A bug in it is told like a failure: what runs again and again must not end by it. */
async function mended(mend: UpgradePorts['mend']): Promise<readonly Mended[]> {
	try {
		return await mend();
	} catch (error) {
		const text = `This went wrong: ${error instanceof Error ? error.message : String(error)}.`;
		return [{ outcome: 'failed', text, hint: '`sluice doctor` says what is not as it should be.' }];
	}
}

async function moved(from: string, to: string): Promise<boolean> {
	try {
		await rename(from, to);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw error;
	}
}

async function textOf(path: string): Promise<string | undefined> {
	try {
		return await readFile(path, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

const write = (path: string, text: string): Promise<void> => writeFile(path, text, { mode: 0o600 });
