/**
 * The content and its dot onto the wire, in slabs.
 *
 * A slab is one writev and the next waits until the kernel has taken it, so that a large message is never held a second
 * time in the socket's (or the TLS layer's) buffers. Most messages are one slab.
 *
 * RFC 5321 §4.5.2 (the stuffing is already there), §4.5.3.2.5.
 */
import type { Wire } from './wire.ts';

/** Content handed to the socket at once. */
const SLAB_BYTES = 1 << 20;

const DOT = Buffer.from('.\r\n');

export type ContentWriter = {
	/** The dot is with the socket: a reply from here on answers the message. */
	readonly isDotHanded: boolean;
	/** Writes no further slab. */
	stop(): void;
};

/** Begins at once; `onSlab` runs before each slab, `onFlushed` when the kernel has taken the dot. */
export function writeContent(
	wire: Wire,
	chunks: readonly Uint8Array[],
	on: { readonly slab: () => void; readonly flushed: () => void },
): ContentWriter {
	let nextChunk = 0;
	let nextOffset = 0;
	let isDotHanded = false;
	let isStopped = false;

	function takeSlab(): Uint8Array[] {
		const slab: Uint8Array[] = [];
		let room = SLAB_BYTES;
		for (let chunk = chunks[nextChunk]; chunk !== undefined && room > 0; chunk = chunks[nextChunk]) {
			const part =
				chunk.length - nextOffset <= room && nextOffset === 0 ? chunk : chunk.subarray(nextOffset, nextOffset + room);
			slab.push(part);
			room -= part.length;
			nextOffset += part.length;
			if (nextOffset === chunk.length) {
				nextChunk++;
				nextOffset = 0;
			}
		}
		return slab;
	}

	function next(): void {
		if (isStopped) return;
		if (isDotHanded) {
			on.flushed();
			return;
		}
		on.slab();
		const slab = takeSlab();
		if (nextChunk === chunks.length) {
			isDotHanded = true;
			slab.push(DOT);
		}
		wire.writeChunks(slab, next);
	}

	next();
	return {
		get isDotHanded() {
			return isDotHanded;
		},
		stop() {
			isStopped = true;
		},
	};
}
