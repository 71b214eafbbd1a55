/**
 * A file read through a buffer that moves along: what is near is there already, what is skipped is never read.
 *
 * Small bodies come along with the headers around them, which is cheaper than stepping over each; a body larger than the
 * buffer is left out.
 */
import type { ReadFiles } from './files.ts';

export type FileWindow = {
	/** The bytes from `offset` on that are at hand: at least `atLeast`, unless the file ends. Valid until the next call. */
	peek(offset: number, atLeast: number): Buffer;
	/** Exactly `length` bytes, or fewer at the end of the file. Valid until the next call. */
	bytes(offset: number, length: number): Buffer;
};

const windowBytes = 128 * 1024;

export function fileWindow(files: ReadFiles, fd: number): FileWindow {
	let buffer = Buffer.allocUnsafe(windowBytes);
	let start = 0;
	let filled = 0;

	function peek(offset: number, atLeast: number): Buffer {
		if (offset < start || offset + atLeast > start + filled) {
			if (atLeast > buffer.length) buffer = Buffer.allocUnsafe(atLeast);
			start = offset;
			filled = files.readAt(fd, buffer, offset);
		}
		return buffer.subarray(offset - start, filled);
	}

	return {
		peek,
		bytes: (offset, length) => peek(offset, length).subarray(0, length),
	};
}
