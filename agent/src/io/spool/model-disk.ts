/**
 * A disk in memory that can fail and lose power: for tests.
 *
 * It knows what real disks do to unflushed writes: after a power loss any sectors of them may be there and any not, and the
 * size of the file old or new. A flush that fails has written some and drops the rest: the file still reads as written,
 * later flushes succeed, and the disk never gets it. Names made or changed since the folder's last flush survive in order, up to any point.
 */
import { basename } from 'node:path';
import type { SpoolFiles } from './files.ts';

export type ModelDisk = {
	readonly files: SpoolFiles;
	/** Calls so far. */
	readonly calls: number;
	readonly failed: number;
	/** From now on nothing fails. */
	heal(): void;
	/** What the disk holds after the power went; the old one is not to be used any more. */
	powerLoss(random: () => number): ModelDisk;
	/** What the system holds after the process was killed: all that was written, flushed or not. */
	kill(): ModelDisk;
};

export type Failure = {
	/** Number of the first call that fails, from 1. */
	readonly at: number;
	readonly calls: number;
	readonly code: string;
	/** Calls that can fail. */
	readonly isMet: (call: keyof SpoolFiles) => boolean;
	/** Calls that fail always once the first has failed. */
	readonly afterwards?: (call: keyof SpoolFiles) => boolean;
};

export type Inode = { current: Buffer; durable: Buffer; readonly dirty: Set<number>; isSizeDirty: boolean };
type NameChange = (names: Map<string, Inode>) => void;

const sectorBytes = 512;

function grown(bytes: Buffer, length: number): Buffer {
	if (bytes.length >= length) return bytes;
	const longer = Buffer.alloc(length);
	bytes.copy(longer);
	return longer;
}

/** The sectors of `current` that reached the disk, over what it had. */
function settled(inode: Inode, reached: (sector: number) => boolean, isSizeNew: boolean): Buffer {
	let result: Buffer = Buffer.from(inode.durable);
	for (const sector of inode.dirty) {
		if (!reached(sector)) continue;
		const start = sector * sectorBytes;
		const bytes = inode.current.subarray(start, start + sectorBytes);
		result = grown(result, start + bytes.length);
		bytes.copy(result, start);
	}
	return isSizeNew ? grown(result, inode.current.length).subarray(0, inode.current.length) : result;
}

/** `start`: names that are durable; their content need not be. */
export function modelDisk(failure?: Failure, start: ReadonlyMap<string, Inode> = new Map()): ModelDisk {
	const durableNames = new Map(start);
	const names = new Map(durableNames);
	let changes: NameChange[] = [];
	const opened = new Map<number, Inode | 'folder'>();
	let nextFd = 100;
	let met = 0;
	let failed = 0;
	let isHealed = false;

	const fate = seeded(failure?.at ?? 0);

	const missing = (path: string) => Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
	function inodeOf(fd: number): Inode {
		const inode = opened.get(fd);
		if (inode === undefined || inode === 'folder') throw new Error(`bad file descriptor ${fd}`);
		return inode;
	}
	function change(work: NameChange): void {
		work(names);
		changes.push(work);
	}
	function openAs(inode: Inode | 'folder'): number {
		opened.set(nextFd, inode);
		return nextFd++;
	}
	function place(inode: Inode, bytes: Uint8Array, position: number): void {
		const end = position + bytes.length;
		if (end > inode.current.length) inode.isSizeDirty = true;
		// A copy: what is durable must not change with it.
		inode.current = Buffer.from(grown(inode.current, end));
		inode.current.set(bytes, position);
		for (let sector = Math.floor(position / sectorBytes); sector * sectorBytes < end; sector++) inode.dirty.add(sector);
	}
	function readAt(fd: number, buffer: Uint8Array, position: number): number {
		return inodeOf(fd).current.copy(buffer, 0, Math.min(position, inodeOf(fd).current.length));
	}
	function existing(path: string): Inode {
		const inode = names.get(basename(path));
		if (inode === undefined) throw missing(path);
		return inode;
	}

	const plain: SpoolFiles = {
		makeDirectory: () => {},
		list: () => [...names.keys()],
		openForReading: (path) => openAs(existing(path)),
		readAt,
		sizeOf: (fd) => inodeOf(fd).current.length,
		closeNow: (fd) => void opened.delete(fd),
		async open(path, mode) {
			if (!/\.|^reserve/.test(basename(path))) return openAs('folder');
			if (mode !== 'create') return openAs(existing(path));
			const inode: Inode = { current: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set(), isSizeDirty: false };
			change((target) => target.set(basename(path), inode));
			return openAs(inode);
		},
		async write(fd, buffers, position) {
			const bytes = Buffer.concat(buffers);
			place(inodeOf(fd), bytes, position);
			return bytes.length;
		},
		read: async (fd, buffer, position) => readAt(fd, buffer, position),
		async fdatasync(fd) {
			const inode = inodeOf(fd);
			inode.durable = settled(inode, () => true, true);
			inode.dirty.clear();
			inode.isSizeDirty = false;
		},
		async syncDirectory() {
			for (const work of changes) work(durableNames);
			changes = [];
		},
		async truncate(fd, bytes) {
			const inode = inodeOf(fd);
			inode.current = Buffer.from(grown(inode.current, bytes).subarray(0, bytes));
			inode.isSizeDirty = true;
			for (const sector of inode.dirty) if (sector * sectorBytes >= bytes) inode.dirty.delete(sector);
		},
		async rename(from, to) {
			const inode = existing(from);
			change((target) => {
				target.delete(basename(from));
				target.set(basename(to), inode);
			});
		},
		async unlink(path) {
			existing(path);
			change((target) => target.delete(basename(path)));
		},
		close: async (fd) => void opened.delete(fd),
		freeBytes: async () => 2 ** 40,
	};

	/** What a failing call still does: half a write, a flush that loses its pages. */
	function spoil(call: keyof SpoolFiles, values: readonly unknown[]): void {
		if (call === 'write') {
			const all = Buffer.concat(values[1] as Uint8Array[]);
			place(inodeOf(values[0] as number), all.subarray(0, all.length >> 1), values[2] as number);
		}
		if (call === 'fdatasync') {
			const inode = inodeOf(values[0] as number);
			inode.durable = settled(inode, () => fate() < 0.5, fate() < 0.5);
			inode.dirty.clear();
		}
	}

	function isHit(plan: Failure, call: keyof SpoolFiles): boolean {
		if (failed > 0 && plan.afterwards?.(call)) return true;
		if (!plan.isMet(call)) return false;
		met++;
		return met >= plan.at && met < plan.at + plan.calls;
	}

	const synchronous: ReadonlySet<string> = new Set([
		'makeDirectory',
		'list',
		'openForReading',
		'readAt',
		'sizeOf',
		'closeNow',
	]);
	const files = new Proxy(plain, {
		get(target, name) {
			const call = name as keyof SpoolFiles;
			const real = target[call] as (...values: unknown[]) => unknown;
			return (...values: unknown[]) => {
				if (failure === undefined || isHealed || !isHit(failure, call)) return real(...values);
				failed++;
				const error = Object.assign(new Error(`${failure.code} at ${call}`), { code: failure.code });
				spoil(call, values);
				if (synchronous.has(call)) throw error;
				return Promise.reject(error);
			};
		},
	});

	return {
		files,
		get calls() {
			return met;
		},
		get failed() {
			return failed;
		},
		heal() {
			isHealed = true;
		},
		kill: () => modelDisk(undefined, new Map(names)),
		powerLoss(random) {
			const kept = changes.slice(0, Math.floor(random() * (changes.length + 1)));
			for (const work of kept) work(durableNames);
			const left = new Map<string, Inode>();
			for (const [name, inode] of durableNames) {
				const bytes = settled(inode, () => random() < 0.5, !inode.isSizeDirty || random() < 0.5);
				left.set(name, { current: bytes, durable: bytes, dirty: new Set(), isSizeDirty: false });
			}
			return modelDisk(undefined, left);
		},
	};
}

/** Park and Miller's generator: the same seed, the same disk. */
export function seeded(seed: number): () => number {
	let state = (seed % 2147483646) + 1;
	const next = () => {
		state = (state * 48271) % 2147483647;
		return state / 2147483647;
	};
	// Small seeds begin with small numbers.
	for (let warm = 0; warm < 8; warm++) next();
	return next;
}
