/**
 * Reading single messages back, with a few segment files held open.
 *
 * While a segment is being read it must not be overwritten; `isReading` tells.
 */
import { join } from 'node:path';
import { recordBytesMax, recordHeaderBytes, segmentName } from '../../core/log/format.ts';
import type { BodyRef, StoredMessage } from '../../ports/spool.ts';
import type { SpoolFiles } from './files.ts';
import { decodeMessage, spoolError } from './record.ts';

export type Bodies = {
	/** Reads and verifies. Rejects with ESPOOLDAMAGED or a system error. */
	read(ref: BodyRef): Promise<StoredMessage>;
	isReading(segment: number): boolean;
	/** The segment is going: its file is closed. */
	forget(segment: number): void;
	close(): Promise<void>;
};

const openFilesMax = 16;

type OpenFile = { readonly fd: Promise<number>; readers: number };

export function segmentBodies(files: SpoolFiles, directory: string): Bodies {
	const open = new Map<number, OpenFile>();

	function use(segment: number): OpenFile {
		const known = open.get(segment);
		if (known !== undefined) {
			// Last used, last closed.
			open.delete(segment);
			open.set(segment, known);
			return known;
		}
		for (const [oldest, { readers }] of open) {
			if (open.size < openFilesMax) break;
			if (readers === 0) forget(oldest);
		}
		const file = {
			fd: files.open(join(directory, segmentName(segment, 'log')), 'read'),
			readers: 0,
		};
		file.fd.catch(() => open.delete(segment));
		open.set(segment, file);
		return file;
	}

	function forget(segment: number): void {
		const file = open.get(segment);
		open.delete(segment);
		// A read-only file that will not close or never opened loses nothing.
		file?.fd.then((fd) => files.close(fd)).catch(() => {});
	}

	return {
		async read(ref) {
			if (!(ref.bytes >= recordHeaderBytes && ref.bytes <= recordBytesMax))
				throw spoolError('ESPOOLDAMAGED', `no record is ${ref.bytes} bytes long`);
			const file = use(ref.segment);
			file.readers++;
			try {
				const fd = await file.fd;
				const bytes = Buffer.allocUnsafeSlow(ref.bytes);
				let filled = 0;
				while (filled < bytes.length) {
					const got = await files.read(fd, bytes.subarray(filled), ref.offset + filled);
					if (got === 0) break;
					filled += got;
				}
				return decodeMessage(bytes.subarray(0, filled), ref);
			} finally {
				file.readers--;
			}
		},
		isReading: (segment) => (open.get(segment)?.readers ?? 0) > 0,
		forget,
		async close() {
			const closing = [...open.values()];
			open.clear();
			await Promise.allSettled(closing.map(async ({ fd }) => files.close(await fd)));
		},
	};
}
