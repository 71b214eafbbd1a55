/**
 * Finds the few bytes of a text that may matter to whoever cares for lines: NUL, CR, LF and the other controls below 14.
 *
 * Looks at four bytes at once, and only at single bytes in a word that holds one: content is mostly letters. A native search for
 * each newline costs more as soon as lines are short, and with a hostile text of newlines alone many times more.
 */
/** Bytes below this are found: NUL, LF, CR, and some that only cost the caller a look, such as TAB. */
const LOOK_BELOW = 14;
const LOOK_BELOW_IN_WORD = 0x0e0e0e0e;
const HIGH_BITS = 0x80808080;

/** Steps from one byte below `LOOK_BELOW` to the next. */
export class ControlScan {
	/** All bytes passed so far, or-ed: the high bits of the four places tell whether one was above ASCII. */
	#seen = 0;
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

	/** A byte over 127 was passed. */
	get has8bit(): boolean {
		return (this.#seen & HIGH_BITS) !== 0;
	}

	/** Index of the first such byte at or behind `at`, or the length of the piece. */
	next(at: number): number {
		const piece = this.#piece;
		const words = this.#words;
		const begin = this.#wordsBegin;
		const length = piece.length;
		let seen = this.#seen;
		while (at < length && (at < begin || ((at - begin) & 3) !== 0)) {
			const byte = piece[at]!;
			seen |= byte;
			if (byte < LOOK_BELOW) {
				this.#seen = seen;
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
		this.#seen = seen;
		return at;
	}
}
