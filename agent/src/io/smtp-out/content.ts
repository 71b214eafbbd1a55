/**
 * What must hold of content before the dot line follows it.
 *
 * What goes out is put together in core/delivery/content.ts. RFC 5321 §4.1.1.4.
 */

const CR = 13;
const LF = 10;

/** True when the last two bytes are CRLF, wherever the chunk borders are. False for no bytes at all. */
export function endsWithCrlf(chunks: readonly Uint8Array[]): boolean {
	let wanted = LF;
	for (let index = chunks.length - 1; index >= 0; index--) {
		const chunk = chunks[index] as Uint8Array;
		for (let at = chunk.length - 1; at >= 0; at--) {
			if (chunk[at] !== wanted) return false;
			if (wanted === CR) return true;
			wanted = CR;
		}
	}
	return false;
}
