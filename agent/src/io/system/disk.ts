/** Free space of the file system that holds a folder, as an unprivileged process may use it. */
import { statfs } from 'node:fs/promises';
import type { Disk } from '../../ports/system.ts';

export function diskOf(folder: string): Disk {
	return {
		async space() {
			const { bavail, blocks, bsize } = await statfs(folder);
			return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
		},
	};
}
