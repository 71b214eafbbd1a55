/**
 * Mark and version of a database file, read from its bytes: no binding is loaded, no lock is taken, no file appears beside it.
 *
 * For whoever must know what wrote a file before anything opens it: a later version's files are not to be touched, and root looks at files
 * that are another user's, where opening one would leave a `-shm` that its owner cannot use. What was committed last may stand in the
 * write-ahead log alone, so its frames of the first page count too. After the file format of SQLite, §1.3 and §4.
 *
 * Not here: whether the rest of the file is whole.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export type FileMark = { readonly applicationId: number; readonly version: number };

const headerBytes = 100;
const versionOffset = 60;
const applicationOffset = 68;
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const largestPage = 65_536;

type Open = (path: string) => number;
const openToRead: Open = (path) => openSync(path, 'r');

/** `open`: for a folder of another user. Undefined: no such file, or nothing in it yet. Throws the I/O error. */
export function markOfFile(path: string, open: Open = openToRead): FileMark | undefined {
	const page = lastFirstPage(`${path}-wal`, open) ?? withFile(path, open, (read) => read(0, headerBytes));
	if (page === undefined || page.length < headerBytes) return undefined;
	return { applicationId: page.readUInt32BE(applicationOffset), version: page.readUInt32BE(versionOffset) };
}

/** Beginning of the first page as the last commit in the log left it. */
function lastFirstPage(path: string, open: Open): Buffer | undefined {
	return withFile(path, open, (read) => {
		const header = read(0, walHeaderBytes);
		if (header.length < walHeaderBytes) return undefined;
		const pageBytes = header.readUInt32BE(8) === 1 ? largestPage : header.readUInt32BE(8);
		const salts = header.subarray(16, 24);
		let pending: Buffer | undefined;
		let committed: Buffer | undefined;
		for (let at = walHeaderBytes; ; at += frameHeaderBytes + pageBytes) {
			const frame = read(at, frameHeaderBytes);
			// Frames of an earlier round stand behind the end, under other salts.
			if (frame.length < frameHeaderBytes || !frame.subarray(8, 16).equals(salts)) return committed;
			if (frame.readUInt32BE(0) === 1) pending = read(at + frameHeaderBytes, headerBytes);
			const isCommit = frame.readUInt32BE(4) !== 0;
			if (isCommit && pending !== undefined) committed = pending;
		}
	});
}

function withFile<T>(path: string, open: Open, use: (read: (at: number, bytes: number) => Buffer) => T): T | undefined {
	let fd: number;
	try {
		fd = open(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
	try {
		return use((at, bytes) => {
			const buffer = Buffer.alloc(bytes);
			return buffer.subarray(0, readSync(fd, buffer, 0, bytes, at));
		});
	} finally {
		closeSync(fd);
	}
}
