/**
 * The spool's only way to the file system: a dozen calls, so that tests can let any of them fail.
 *
 * Writes and flushes are asynchronous, save that small writes go into the page cache at once: the copy is cheaper than the way
 * to the thread pool and back (measured: 5 µs against 40 µs at 2 kB). Reading at start is synchronous: nothing else runs then,
 * and the follower of the log runs in a worker.
 */
import {
	close,
	closeSync,
	constants,
	fdatasync,
	fstatSync,
	fsync,
	ftruncate,
	mkdirSync,
	open,
	openSync,
	read,
	readdirSync,
	readSync,
	rename,
	statfs,
	unlink,
	writev,
	writevSync,
} from 'node:fs';

/** What reading the log needs. Synchronous. */
export type ReadFiles = {
	/** Names in a folder. */
	list(directory: string): readonly string[];
	openForReading(path: string): number;
	/** Fills `buffer` from `position`; returns the bytes read, fewer only at the end of the file. */
	readAt(fd: number, buffer: Uint8Array, position: number): number;
	sizeOf(fd: number): number;
	closeNow(fd: number): void;
};

/** What writing the log needs. Every call may reject with a system error (`code` ENOSPC, EIO, …). */
export type WriteFiles = {
	makeDirectory(path: string): void;
	/** `create`: for reading and writing, emptied; `existing`: for reading and writing. */
	open(path: string, mode: 'create' | 'existing' | 'read'): Promise<number>;
	/** May write less than asked, as the system call. */
	write(fd: number, buffers: readonly Uint8Array[], position: number): Promise<number>;
	read(fd: number, buffer: Uint8Array, position: number): Promise<number>;
	fdatasync(fd: number): Promise<void>;
	/** Makes names in the folder durable. `fd` is the folder's. */
	syncDirectory(fd: number): Promise<void>;
	truncate(fd: number, bytes: number): Promise<void>;
	rename(from: string, to: string): Promise<void>;
	unlink(path: string): Promise<void>;
	close(fd: number): Promise<void>;
	freeBytes(directory: string): Promise<number>;
};

export type SpoolFiles = ReadFiles & WriteFiles;

/** Up to this many bytes are copied into the page cache on the loop (about 30 µs), more in the thread pool. */
const immediateWriteBytesMax = 128 * 1024;

type Done<T> = (error: Error | null, value: T) => void;

const promised = <T>(start: (done: Done<T>) => void): Promise<T> =>
	new Promise((resolve, reject) => {
		start((error, value) => (error === null ? resolve(value) : reject(error)));
	});

const openFlags = {
	create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
	existing: constants.O_RDWR,
	read: constants.O_RDONLY,
} as const;

const ownerOnly = 0o600;

export const readFiles: ReadFiles = {
	list: (directory) => readdirSync(directory),
	openForReading: (path) => openSync(path, 'r'),
	readAt(fd, buffer, position) {
		let filled = 0;
		while (filled < buffer.length) {
			const got = readSync(fd, buffer, filled, buffer.length - filled, position + filled);
			if (got === 0) break;
			filled += got;
		}
		return filled;
	},
	sizeOf: (fd) => fstatSync(fd).size,
	closeNow: (fd) => closeSync(fd),
};

export const nodeFiles: SpoolFiles = {
	...readFiles,
	makeDirectory: (path) => {
		mkdirSync(path, { recursive: true, mode: 0o700 });
	},
	open: (path, mode) => promised((done) => open(path, openFlags[mode], ownerOnly, done)),
	async write(fd, buffers, position) {
		let bytes = 0;
		for (const buffer of buffers) bytes += buffer.length;
		if (bytes <= immediateWriteBytesMax) return writevSync(fd, buffers, position);
		return promised((done) => writev(fd, buffers, position, done));
	},
	read: (fd, buffer, position) => promised((done) => read(fd, buffer, 0, buffer.length, position, done)),
	fdatasync: (fd) => promised((done) => fdatasync(fd, done as Done<unknown> as () => void)),
	syncDirectory: (fd) => promised((done) => fsync(fd, done as Done<unknown> as () => void)),
	truncate: (fd, bytes) => promised((done) => ftruncate(fd, bytes, done as Done<unknown> as () => void)),
	rename: (from, to) => promised((done) => rename(from, to, done as Done<unknown> as () => void)),
	unlink: (path) => promised((done) => unlink(path, done as Done<unknown> as () => void)),
	close: (fd) => promised((done) => close(fd, done as Done<unknown> as () => void)),
	freeBytes: (directory) =>
		promised<number>((done) =>
			statfs(directory, (error, stats) => (error === null ? done(null, stats.bavail * stats.bsize) : done(error, 0))),
		),
};
