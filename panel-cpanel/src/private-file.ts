/**
 * A file of root's own, written whole: a new one beside it, synced, takes its place. Its folder is made where it is not there.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Nobody else may read it. Throws for broken I/O; what was there stays then, and nothing beside it. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	const fresh = `${path}.${randomBytes(6).toString('hex')}.new`;
	try {
		const handle = await open(fresh, 'wx', 0o600);
		try {
			await handle.writeFile(text);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(fresh, path);
	} catch (error) {
		await rm(fresh, { force: true });
		throw error;
	}
}
