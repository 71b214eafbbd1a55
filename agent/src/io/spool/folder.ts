/**
 * The spool's folder: how segment files come and go.
 *
 *     0000000012.log      a segment
 *     0000000009.spare    a finished segment, to be overwritten as a later one
 *     0000000013.new      a segment being made
 *     0000000003.damaged  a finished segment in which something could not be read, kept for whoever wants to look
 *     reserve             real blocks for the day the disk is full
 *
 * A segment gets its name only after its header is durable, so a `.log` file always has one. The reserve is not deleted to make
 * room: on a full disk somebody else would take the room at once. It is renamed and becomes the next segment.
 *
 * Not here: when a segment begins or may go (writer.ts, ledger.ts).
 */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { encodeSegmentHeader, segmentHeaderBytes, segmentName, segmentOfName } from '../../core/log/format.ts';
import type { SpoolFiles } from './files.ts';
import { crc } from './record.ts';
import type { SpoolSettings } from './settings.ts';

/** Where the blocks of a new segment come from. `any`: a spare if there is one, else a new file. */
export type SegmentSource = 'any' | 'spare' | 'reserve';

export type NewSegment = {
	readonly segment: number;
	readonly salt: number;
	readonly fd: number;
	/** The segment may grow up to here. */
	readonly bytesMax: number;
};

export type Creation =
	| { readonly kind: 'created'; readonly created: NewSegment }
	/** `isNamed`: the file may carry its name already, and with it ends the segment before it. */
	| {
			readonly kind: 'failed';
			readonly error: unknown;
			readonly isNamed: boolean;
	  };

export type Folder = {
	create(
		header: {
			readonly segment: number;
			readonly previous: number;
			readonly previousEnd: number;
			readonly isPreviousAcknowledged: boolean;
			readonly nowMs: number;
		},
		source: SegmentSource,
	): Promise<Creation>;
	/** Cuts a finished segment's file off behind its records. */
	trim(segment: number, end: number): Promise<void>;
	/** A finished segment becomes a spare, or goes. */
	retire(segment: number): Promise<void>;
	/** A finished segment that is damaged leaves the log but not the disk. */
	setAside(segment: number): Promise<void>;
	/** Makes the reserve unless it is there. Rejects when there is no room for it. */
	ensureReserve(): Promise<void>;
	readonly hasReserve: boolean;
	readonly spares: number;
	freeBytes(): Promise<number>;
	close(): Promise<void>;
};

const reserveName = 'reserve';
const reserveNewName = 'reserve.new';
const fillBlockBytes = 1024 * 1024;

/** Opens the folder, making it if need be, and clears away what an interrupted change left. */
export async function openFolder(input: {
	readonly files: SpoolFiles;
	readonly directory: string;
	readonly settings: SpoolSettings;
}): Promise<Folder> {
	const { files, directory, settings } = input;
	files.makeDirectory(directory);
	const names = files.list(directory);
	const spares: string[] = [];
	for (const name of names) {
		const isSpare = segmentOfName(name, 'spare') !== undefined;
		if (isSpare && spares.length < settings.sparesMax) spares.push(join(directory, name));
		else if (isSpare || segmentOfName(name, 'new') !== undefined || name === reserveNewName)
			await files.unlink(join(directory, name));
	}
	const reservePath = join(directory, reserveName);
	let hasReserve = names.includes(reserveName);
	const directoryFd = await files.open(directory, 'read');

	async function create(header: Parameters<Folder['create']>[0], source: SegmentSource): Promise<Creation> {
		const { segment, nowMs, ...before } = header;
		const spare = source === 'reserve' ? reservePath : spares.pop();
		if (spare === undefined && source !== 'any')
			return {
				kind: 'failed',
				error: new Error('no spare segment'),
				isNamed: false,
			};
		const path = spare ?? join(directory, segmentName(segment, 'new'));
		let fd: number | undefined;
		let isNamed = false;
		try {
			fd = await files.open(path, spare === undefined ? 'create' : 'existing');
			const salt = randomInt(2 ** 32);
			const isRecycled = spare !== undefined;
			const block = encodeSegmentHeader({ ...before, segment, salt, isRecycled, createdMs: nowMs }, crc);
			await writeAll(files, fd, [block], 0);
			await files.fdatasync(fd);
			isNamed = true;
			await files.rename(path, join(directory, segmentName(segment, 'log')));
			await files.syncDirectory(directoryFd);
			if (source === 'reserve') hasReserve = false;
			const bytesMax = source === 'reserve' ? settings.reserveBytes : settings.segmentBytes;
			return { kind: 'created', created: { segment, salt, fd, bytesMax } };
		} catch (error) {
			if (fd !== undefined) await files.close(fd).catch(ignore);
			if (!isNamed && source !== 'reserve') await files.unlink(path).catch(ignore);
			// Renamed or not, nobody knows: the next start looks again.
			if (isNamed && source === 'reserve') hasReserve = false;
			return { kind: 'failed', error, isNamed };
		}
	}

	async function withFile(
		path: string,
		mode: 'create' | 'existing',
		work: (fd: number) => Promise<void>,
	): Promise<void> {
		const fd = await files.open(path, mode);
		try {
			await work(fd);
		} finally {
			// What counts was flushed; a descriptor that will not close changes nothing.
			await files.close(fd).catch(ignore);
		}
	}

	const logPath = (segment: number): string => join(directory, segmentName(segment, 'log'));

	return {
		create,
		trim: (segment, end) =>
			withFile(logPath(segment), 'existing', async (fd) => {
				await files.truncate(fd, Math.max(end, segmentHeaderBytes));
				await files.fdatasync(fd);
			}),
		async retire(segment) {
			if (spares.length >= settings.sparesMax) {
				await files.unlink(logPath(segment));
				await files.syncDirectory(directoryFd);
				return;
			}
			const spare = join(directory, segmentName(segment, 'spare'));
			await files.rename(logPath(segment), spare);
			// Not before the rename is durable: an overwritten file must not come back under its old name.
			await files.syncDirectory(directoryFd);
			spares.push(spare);
		},
		async setAside(segment) {
			await files.rename(logPath(segment), join(directory, segmentName(segment, 'damaged')));
			await files.syncDirectory(directoryFd);
		},
		async ensureReserve() {
			if (hasReserve) return;
			const path = join(directory, reserveNewName);
			try {
				// Not zeros: a file system that compresses would keep no blocks for them.
				const block = randomBytes(Math.min(fillBlockBytes, settings.reserveBytes));
				await withFile(path, 'create', async (fd) => {
					for (let offset = 0; offset < settings.reserveBytes; offset += block.length)
						await writeAll(files, fd, [block.subarray(0, settings.reserveBytes - offset)], offset);
					await files.fdatasync(fd);
				});
				await files.rename(path, reservePath);
				await files.syncDirectory(directoryFd);
				hasReserve = true;
			} catch (error) {
				await files.unlink(path).catch(ignore);
				throw error;
			}
		},
		get hasReserve() {
			return hasReserve;
		},
		get spares() {
			return spares.length;
		},
		freeBytes: () => files.freeBytes(directory),
		close: () => files.close(directoryFd).catch(ignore),
	};
}

/** Writes every byte, however the system cuts it. */
export async function writeAll(
	files: SpoolFiles,
	fd: number,
	buffers: readonly Uint8Array[],
	position: number,
): Promise<void> {
	let rest = buffers;
	let at = position;
	for (;;) {
		let written = await files.write(fd, rest, at);
		at += written;
		let skipped = 0;
		while (skipped < rest.length && written >= (rest[skipped] as Uint8Array).length) {
			written -= (rest[skipped] as Uint8Array).length;
			skipped++;
		}
		if (skipped === rest.length) return;
		rest = [(rest[skipped] as Uint8Array).subarray(written), ...rest.slice(skipped + 1)];
	}
}

/** For tidying up, where a failure changes nothing. */
const ignore = (): void => {};
