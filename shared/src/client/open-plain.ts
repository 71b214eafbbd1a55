/**
 * Opening and reading a file of a folder that is another user's: what lies there may be anything by now.
 *
 * A symbolic link would lead root to a file that its maker could not read, and a named pipe would keep it waiting for ever: neither is
 * opened. A link is ELOOP; a pipe does not wait for its other end (open(2), O_NONBLOCK) and is named.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** For reading. Throws I/O errors, and for what is no file. */
export function openPlain(path: string): number {
	const fd = openSync(path, flags);
	if (fstatSync(fd).isFile()) return fd;
	closeSync(fd);
	throw new Error(`${path} is no file: somebody has put something else there`);
}

/** Up to `bytesMax` bytes from `from` on, fewer at the end of the file. Undefined: there is no such file. Throws as `openPlain` does. */
export function readPlain(path: string, bytesMax: number, from = 0): Buffer | undefined {
	let fd: number;
	try {
		fd = openPlain(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
	try {
		const bytes = Buffer.alloc(bytesMax);
		let filled = 0;
		while (filled < bytesMax) {
			const got = readSync(fd, bytes, filled, bytesMax - filled, from + filled);
			if (got === 0) break;
			filled += got;
		}
		return bytes.subarray(0, filled);
	} finally {
		closeSync(fd);
	}
}
