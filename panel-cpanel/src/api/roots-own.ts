/**
 * A text file that is believed because nobody but root can have written it: a file, not a link, root's, writable by nobody else, not too large.
 *
 * What is asked is the opened file itself, so that it is the one that is read.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const othersWrite = 0o022;
/** No such file, a folder on the way that is none, a link in its place. */
const isNone = (code: string | undefined): boolean => ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code ?? '');

/** Undefined: not there, or not to be believed. Broken I/O is thrown. */
export async function rootsOwnText(path: string, bytesMax: number): Promise<string | undefined> {
	try {
		// A pipe in its place would be waited for.
		const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
		try {
			const { uid, mode, size } = await handle.stat();
			const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
			if (!isFile || uid !== 0 || (mode & othersWrite) !== 0 || size > bytesMax) return undefined;
			return await handle.readFile('utf8');
		} finally {
			await handle.close();
		}
	} catch (error) {
		if (isNone((error as NodeJS.ErrnoException).code)) return undefined;
		throw error;
	}
}
