/**
 * Where a message ends on the wire.
 *
 * Only CR LF . CR LF ends it, and nothing that merely looks alike (LF.LF, CRLF.LF, CR.CR …): reading those as an end is what
 * SMTP smuggling lives on. The five bytes are searched natively; bytes at the end of a chunk that may be the start of the end
 * (`.` or `.CR` at the beginning of a line, or a CR of which nobody knows yet whether LF follows) are kept and looked at again
 * together with the next chunk. So every piece given out is content for certain, and a CR at its end is a bare one, which
 * is what makes the next step (normalise.ts) simple.
 *
 * Pure. RFC 5321 §4.1.1.4, §2.3.8.
 */
const CR = 13;
const LF = 10;
const DOT = 46;
const TERMINATOR = Buffer.from('\r\n.\r\n');
/** The part of the terminator that is not content: the CRLF before the dot is the message's own. */
const TAIL_BYTES = 3;
const NOTHING: Buffer = Buffer.alloc(0);
const KEPT = {
	cr: Buffer.from('\r'),
	dot: Buffer.from('.'),
	dotCr: Buffer.from('.\r'),
};

export type Piece = {
	/** Content, dot-stuffed as received. May be empty. If it ends in CR, then no LF follows. */
	readonly content: Buffer;
	/** Index in the chunk just behind the terminator, or -1 when it has not come yet. */
	readonly end: number;
};

/** Finds the end of one message. `feed` the chunks in order until a piece has an `end`. */
export class EndOfData {
	// The CRLF of the DATA line counts, so that "." alone is an empty message (RFC 5321 §4.1.1.4).
	#atLineStart = true;
	#kept: Buffer = NOTHING;

	feed(chunk: Buffer, from: number): Piece {
		const kept = this.#kept.length;
		const fresh = from === 0 ? chunk : chunk.subarray(from);
		const bytes = kept === 0 ? fresh : Buffer.concat([this.#kept, fresh]);
		if (this.#atLineStart && startsLikeTail(bytes)) {
			if (bytes.length >= TAIL_BYTES) return { content: NOTHING, end: from + TAIL_BYTES - kept };
			this.#kept = bytes.length === 1 ? KEPT.dot : KEPT.dotCr;
			return { content: NOTHING, end: -1 };
		}
		const found = bytes.indexOf(TERMINATOR);
		if (found >= 0) {
			return {
				content: bytes.subarray(0, found + 2),
				end: from + found + TERMINATOR.length - kept,
			};
		}
		this.#kept = undecided(bytes);
		const content = this.#kept.length === 0 ? bytes : bytes.subarray(0, bytes.length - this.#kept.length);
		const length = content.length;
		if (length > 0) this.#atLineStart = length > 1 && content[length - 1] === LF && content[length - 2] === CR;
		return { content, end: -1 };
	}
}

/** `.`, `.CR` or `.CRLF…`: not empty, and like the tail as far as it goes. */
function startsLikeTail(bytes: Buffer): boolean {
	if (bytes[0] !== DOT) return false;
	return bytes.length === 1 || (bytes[1] === CR && (bytes.length === 2 || bytes[2] === LF));
}

/** The bytes at the end that only the next chunk can explain. */
function undecided(bytes: Buffer): Buffer {
	const last = bytes.length - 1;
	if (bytes[last] === DOT) return endsInCrlf(bytes, last) ? KEPT.dot : NOTHING;
	if (bytes[last] !== CR) return NOTHING;
	return bytes[last - 1] === DOT && endsInCrlf(bytes, last - 1) ? KEPT.dotCr : KEPT.cr;
}

/** CRLF stands directly before index `end`. */
function endsInCrlf(bytes: Buffer, end: number): boolean {
	return end >= 2 && bytes[end - 1] === LF && bytes[end - 2] === CR;
}
