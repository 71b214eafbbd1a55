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
import { ControlScan } from './control-scan.ts';
import { Rewrite } from './rewrite.ts';

const CR = 13;
const LF = 10;
const DOT = 46;

export class Normaliser {
	/** Bare CR or LF found. */
	newlinesNormalised = 0;
	/** Longest finished line in bytes, without newline, with its stuffing. */
	#longestLine = 0;
	/** Length of the header block with its blank line, in output bytes; -1 while the blank line has not come. */
	headerBytes = -1;
	/** Lines of the header block so far. */
	headerLines = 0;
	has8bit = false;
	#outputBytes = 0;
	/** The line that the last piece left unfinished. */
	#lineBytes = 0;
	#lineNuls = 0;
	#lineHasDot = false;
	/** The last piece ended in a bare newline: a dot that comes first now is not stuffed. */
	#isAfterBare = false;

	/** Longest line so far, the unfinished one included. */
	get longestLine(): number {
		return Math.max(this.#longestLine, this.#lineBytes);
	}

	/** The piece as it may be passed on: itself, or a new buffer when something had to change. */
	feed(piece: Buffer): Buffer {
		const length = piece.length;
		if (length === 0) return piece;
		let rewrite: Rewrite | undefined;
		let inserted = 0;
		let nuls = this.#lineNuls;
		// Where the current line began, by its length in output bytes: negative when in an earlier piece or stuffed by us.
		let lineBegin = -this.#lineBytes;
		if (this.#isAfterBare && piece[0] === DOT) {
			rewrite = new Rewrite(piece);
			rewrite.insert(0, DOT);
			inserted++;
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
				rewrite ??= new Rewrite(piece);
				rewrite.insert(at, DOT);
				inserted++;
			}
			if (!isProper) {
				this.newlinesNormalised++;
				rewrite ??= new Rewrite(piece);
				if (byte === LF) rewrite.insert(at, CR);
				else rewrite.insert(at + 1, LF);
				inserted++;
			}
			at += isProper ? 2 : 1;
			if (this.headerBytes < 0) {
				this.headerLines++;
				if (lineBytes === 0) this.headerBytes = this.#outputBytes + at + inserted;
			}
			lineBegin = at;
			nuls = 0;
			this.#lineHasDot = false;
			if (isProper) continue;
			if (at === length) this.#isAfterBare = true;
			else if (piece[at] === DOT) {
				rewrite ??= new Rewrite(piece);
				rewrite.insert(at, DOT);
				inserted++;
				lineBegin--;
			}
		}
		this.has8bit ||= scan.has8bit;
		this.#lineBytes = length - lineBegin;
		this.#lineNuls = nuls;
		this.#lineHasDot = this.#lineBytes - nuls === 1 && this.#hasDot(piece, lineBegin, length);
		this.#outputBytes += length + inserted;
		return rewrite === undefined ? piece : rewrite.finish();
	}

	/** The only byte of the line that is not NUL is a dot, in this piece or an earlier one. */
	#hasDot(piece: Buffer, lineBegin: number, end: number): boolean {
		if (this.#lineHasDot) return true;
		for (let at = Math.max(0, lineBegin); at < end; at++) if (piece[at] === DOT) return true;
		return false;
	}
}
