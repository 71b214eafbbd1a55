/**
 * Files and folders that are whole or not there: made under a name of their own, synced, then put where they belong.
 *
 * Not here: the machine as the installers see it (machine.ts).
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** What a file shall be; `content` is latin1. */
type Wanted = { readonly content: string; readonly mode: number; readonly uid: number; readonly gid: number };

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

export async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
	try {
		return await asked;
	} catch (error) {
		if (isMissing(error)) return undefined;
		throw error;
	}
}

/** Where a new text is tried before it takes the place of the old one: a name that no part of a configuration has. */
export const stagedPath = (path: string): string => `${dirname(path)}/.${basename(path)}.sluice-new`;

/** Under a name of its own beside the target, then where it belongs: by `place`. */
async function writeWhole(
	target: string,
	{ content, mode, uid, gid }: Wanted,
	place: (fresh: string) => Promise<void>,
): Promise<void> {
	const fresh = join(dirname(target), `.${basename(target)}.sluice-${randomBytes(6).toString('hex')}`);
	try {
		const handle = await open(fresh, 'wx', 0o600);
		try {
			await handle.writeFile(content, 'latin1');
			await handle.chown(uid, gid);
			await handle.chmod(mode);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await place(fresh);
	} catch (error) {
		await rm(fresh, { force: true });
		throw error;
	}
	await syncFolder(dirname(target));
}

export const writeAtomically = (target: string, file: Wanted): Promise<void> =>
	writeWhole(target, file, (fresh) => rename(fresh, target));

const createTriesMax = 3;

/** A link to a name that is there fails, so only one can make it, and what it leads to is whole. */
export async function createAtomically(target: string, file: Wanted, tries = 1): Promise<boolean> {
	try {
		await writeWhole(target, file, async (fresh) => {
			await link(fresh, target);
			await rm(fresh);
		});
		return true;
	} catch (error) {
		if (codeOf(error) === 'EEXIST') return false;
		// Another command has swept our half as a leftover.
		if (codeOf(error) === 'ENOENT' && tries < createTriesMax) return createAtomically(target, file, tries + 1);
		throw error;
	}
}

/** A rename is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
	const folder = await open(path);
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}

/** Under another name first, so that what was cut off is never taken for the whole. */
export async function copyWhole(from: string, to: string): Promise<void> {
	const fresh = stagedPath(to);
	await rm(fresh, { recursive: true, force: true });
	try {
		await promisify(execFile)('cp', ['-a', '--reflink=auto', from, fresh]);
		await promisify(execFile)('sync', ['-f', fresh]);
		await rename(fresh, to);
	} catch (error) {
		await rm(fresh, { recursive: true, force: true });
		throw error;
	}
	await syncFolder(dirname(to));
}

/** Made or led elsewhere at once. */
export async function linkAtomically(path: string, target: string): Promise<void> {
	const fresh = `${stagedPath(path)}-link`;
	await rm(fresh, { force: true });
	await symlink(target, fresh);
	await rename(fresh, path);
	await syncFolder(dirname(path));
}
