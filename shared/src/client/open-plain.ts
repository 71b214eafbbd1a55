/**
 * Opening a file of a folder that is another user's: what lies there may be anything by now.
 *
 * A symbolic link would lead root to a file that its maker could not read, and a named pipe would keep it waiting for ever: neither is
 * opened. A link is ELOOP; a pipe does not wait for its other end (open(2), O_NONBLOCK) and is named.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** For reading. Throws I/O errors, and for what is no file. */
export function openPlain(path: string): number {
	const fd = openSync(path, flags);
	if (fstatSync(fd).isFile()) return fd;
	closeSync(fd);
	throw new Error(`${path} is no file: somebody has put something else there`);
}
