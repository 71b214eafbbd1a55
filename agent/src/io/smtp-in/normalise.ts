/**
 * Makes content safe to pass on: every newline is CRLF, and no line can be read as the end of the message.
 *
 * A CR or LF that stands alone becomes CRLF (RFC 5321 §2.3.8 forbids both; a sloppy form mailer sends them). The line that
 * begins behind such a newline was no line to the client, so its leading dot is not yet stuffed: it gets one (§4.5.2). And a
 * line that is a lone dot because a bare newline cut it, or once its NULs are taken out as some servers do, gets a second dot,
 * or it would be an end of data to the next server. All other bytes stay, whatever they are: signatures depend on it.
 *
 * One pass per piece, as the bytes come. Content is looked at four bytes at once: a word without a byte below 14 holds no
 * newline and no NUL. A piece with nothing to change is returned itself. On the way the pass learns what the bounds and the
 * header need: longest line, end of the header, 8-bit bytes.
 *
 * Pure. A piece never ends between CR and LF (end-of-data.ts sees to that). Not here: limits (reader.ts).
 */
const CR = 13;
const LF = 10;
const DOT = 46;
/** Bytes below this are looked at one by one: NUL, LF, CR and some that only cost a look, such as TAB. */
const LOOK_BELOW = 14;
const LOOK_BELOW_IN_WORD = 0x0e0e0e0e;
const HIGH_BITS = 0x80808080;
/** Shorter runs are copied byte by byte, since a native call costs more. */
const NATIVE_COPY_BYTES_MIN = 48;

export class Normaliser {
	/** Bare CR or LF found. */
	newlinesNormalised = 0;
	/** Longest finished line in bytes, without newline, with its stuffing. */
	#longestLine = 0;
	/** Length of the header block with its blank line, in output bytes; -1 while the blank line has not come. */
	headerBytes = -1;
	/** All bytes seen, or-ed. */
	#seen = 0;
	#outputBytes = 0;
	/** The line that the last piece left unfinished. */
	#lineBytes = 0;
	#lineNuls = 0;
	#lineHasDot = false;
	/** The last piece ended in a bare newline: a dot that comes first now is not stuffed. */
	#isAfterBare = false;

	get has8bit(): boolean {
		return (this.#seen & HIGH_BITS) !== 0;
	}

	/** Longest line so far, the unfinished one included. */
	get longestLine(): number {
		return Math.max(this.#longestLine, this.#lineBytes);
	}

	/** The piece as it may be passed on: itself, or a new buffer when something had to change. */
	feed(piece: Buffer): Buffer {
		const length = piece.length;
		if (length === 0) return piece;
		let edits: Edits | undefined;
		let edited = 0;
		let nuls = this.#lineNuls;
		// Where the current line began, by its length in output bytes: negative when in an earlier piece or stuffed by us.
		let lineBegin = -this.#lineBytes;
		if (this.#isAfterBare && piece[0] === DOT) {
			edits = [insert(0, DOT)];
			edited = 1;
			lineBegin--;
		}
		this.#isAfterBare = false;
		const scan = new ControlScan(piece);
		for (let at = scan.next(0); at < length; at = scan.next(at)) {
			const byte = piece[at];
			if (byte !== CR && byte !== LF) {
				if (byte === 0) nuls++;
				at++;
				continue;
			}
			const isProper = byte === CR && piece[at + 1] === LF;
			const lineBytes = at - lineBegin;
			if (lineBytes > this.#longestLine) this.#longestLine = lineBytes;
			if ((nuls > 0 || !isProper) && lineBytes - nuls === 1 && this.#hasDot(piece, lineBegin, at)) {
				edits ??= [];
				edits[edited++] = insert(at, DOT);
			}
			if (!isProper) {
				this.newlinesNormalised++;
				edits ??= [];
				edits[edited++] = byte === LF ? insert(at, CR) : insert(at + 1, LF);
			}
			at += isProper ? 2 : 1;
			if (lineBytes === 0 && this.headerBytes < 0) this.headerBytes = this.#outputBytes + at + edited;
			lineBegin = at;
			nuls = 0;
			this.#lineHasDot = false;
			if (isProper) continue;
			if (at === length) this.#isAfterBare = true;
			else if (piece[at] === DOT) {
				edits ??= [];
				edits[edited++] = insert(at, DOT);
				lineBegin--;
			}
		}
		this.#seen |= scan.seen;
		this.#lineBytes = length - lineBegin;
		this.#lineNuls = nuls;
		this.#lineHasDot = this.#lineBytes - nuls === 1 && this.#hasDot(piece, lineBegin, length);
		this.#outputBytes += length + edited;
		return edits === undefined ? piece : apply(piece, edits);
	}

	/** The only byte of the line that is not NUL is a dot, in this piece or an earlier one. */
	#hasDot(piece: Buffer, lineBegin: number, end: number): boolean {
		if (this.#lineHasDot) return true;
		for (let at = Math.max(0, lineBegin); at < end; at++) if (piece[at] === DOT) return true;
		return false;
	}
}

/** Bytes to insert, in order, each `index * 256 + byte`: one number instead of an object, since a hostile piece has thousands. */
type Edits = number[];
const insert = (at: number, byte: number): number => at * 256 + byte;

function apply(piece: Buffer, edits: Edits): Buffer {
	const output = Buffer.allocUnsafeSlow(piece.length + edits.length);
	let from = 0;
	let to = 0;
	for (const edit of edits) {
		const at = Math.floor(edit / 256);
		to = copyRun(piece, from, at, output, to);
		output[to++] = edit % 256;
		from = at;
	}
	copyRun(piece, from, piece.length, output, to);
	return output;
}

function copyRun(source: Buffer, from: number, end: number, target: Buffer, to: number): number {
	const length = end - from;
	if (length >= NATIVE_COPY_BYTES_MIN) source.copy(target, to, from, end);
	else for (let index = 0; index < length; index++) target[to + index] = source[from + index]!;
	return to + length;
}

/** Steps from one byte below `LOOK_BELOW` to the next. */
class ControlScan {
	/** All bytes passed so far, or-ed. */
	seen = 0;
	readonly #piece: Buffer;
	readonly #words: Int32Array;
	/** Index in the piece of the first whole word. */
	readonly #wordsBegin: number;

	constructor(piece: Buffer) {
		this.#piece = piece;
		this.#wordsBegin = Math.min(piece.length, (4 - (piece.byteOffset & 3)) & 3);
		const words = (piece.length - this.#wordsBegin) >> 2;
		this.#words = new Int32Array(piece.buffer, words === 0 ? 0 : piece.byteOffset + this.#wordsBegin, words);
	}

	/** Index of the first such byte at or behind `at`, or the length of the piece. */
	next(at: number): number {
		const piece = this.#piece;
		const words = this.#words;
		const begin = this.#wordsBegin;
		const length = piece.length;
		let seen = this.seen;
		while (at < length && (at < begin || ((at - begin) & 3) !== 0)) {
			const byte = piece[at]!;
			seen |= byte;
			if (byte < LOOK_BELOW) {
				this.seen = seen;
				return at;
			}
			at++;
		}
		let word = (at - begin) >> 2;
		while (word < words.length) {
			const value = words[word]!;
			seen |= value;
			// True exactly when one of the four bytes is below 14: its subtraction borrows into a high bit that it did not have.
			if (((value - LOOK_BELOW_IN_WORD) & ~value & HIGH_BITS) !== 0) break;
			word++;
		}
		if (at < begin + word * 4) at = begin + word * 4;
		while (at < length) {
			const byte = piece[at]!;
			seen |= byte;
			if (byte < LOOK_BELOW) break;
			at++;
		}
		this.seen = seen;
		return at;
	}
}
