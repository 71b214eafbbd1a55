/**
 * The end of a message on the wire, and what it was before it was dot-stuffed.
 *
 * Only CR LF . CR LF ends a message, wherever the network cut it into chunks; a bare CR or LF is content (RFC 5321
 * §4.1.1.4, §2.3.8). The finder carries how much of the five bytes the last chunk ended with, so a chunk is searched
 * once, natively. Not here: what the receiver does with the message (session.ts).
 */
const CR = 13;
const LF = 10;
const DOT = 46;
const TERMINATOR = Buffer.from('\r\n.\r\n');
/** The part of the terminator after the content: the CRLF before the dot belongs to the content. */
export const terminatorTailBytes = 3;

/** One byte further in the terminator, from `matched` bytes of it: the new count, 5 when it is complete. */
function step(matched: number, byte: number): number {
	if (byte === TERMINATOR[matched]) return matched + 1;
	return byte === CR ? 1 : 0;
}

/** Finds the terminator of one message over its chunks. `feed` them in order until it returns a position. */
export class EndOfDataFinder {
	// The CRLF of the DATA command counts: a message may be empty, "." alone (RFC 5321 §4.1.1.4).
	#matched = 2;

	/** The position just behind the terminator in this chunk, or -1 when it is not complete yet. */
	feed(chunk: Buffer): number {
		const head = Math.min(chunk.length, TERMINATOR.length - 1);
		for (let at = 0; at < head; at++) {
			this.#matched = step(this.#matched, chunk[at]!);
			if (this.#matched === TERMINATOR.length) return at + 1;
		}
		if (head === chunk.length) return -1;
		const found = chunk.indexOf(TERMINATOR);
		if (found >= 0) return found + TERMINATOR.length;
		this.#matched = 0;
		for (let at = chunk.length - (TERMINATOR.length - 1); at < chunk.length; at++) {
			this.#matched = step(this.#matched, chunk[at]!);
		}
		return -1;
	}
}

/** Content without dot-stuffing: the first dot of each line that begins with one is removed (RFC 5321 §4.5.2). */
export function unstuff(raw: Buffer): Buffer {
	if (raw[0] !== DOT && raw.indexOf('\r\n.') < 0) return raw;
	const content = Buffer.allocUnsafe(raw.length);
	let to = 0;
	let lineStarts = true;
	for (let at = 0; at < raw.length; at++) {
		const byte = raw[at]!;
		if (!(lineStarts && byte === DOT)) content[to++] = byte;
		lineStarts = byte === LF && at > 0 && raw[at - 1] === CR;
	}
	return content.subarray(0, to);
}
