/**
 * The content of one message while it comes in: found by its end, normalised, held in memory, kept inside bounds.
 *
 * The bytes are kept as they were received (dot-stuffed, in the chunks of the network) so that they can be stored and sent on
 * without a copy. Copied are only pieces that would pin much more memory than they hold: many tiny ones, and a small part of a
 * large read. When a bound is broken the content is dropped at once and the rest is read without being kept, until the end: the
 * client then gets its answer and the connection stays usable.
 *
 * Pure. Not here: where the bytes come from and how long they may take (connection.ts), memory of all connections together
 * (body-memory.ts).
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { ReceivedContent } from '../../ports/smtp-in.ts';
import { EndOfData } from './end-of-data.ts';
import { Normaliser } from './normalise.ts';

export type ContentBounds = {
	readonly messageBytesMax: number;
	readonly headerBytesMax: number;
	readonly lineBytesMax: number;
	readonly bareNewline: 'normalise' | 'reject';
};

/**
 * Lines of a header block. Real ones have hundreds, a list of recipients in To: thousands; a megabyte of `a:` has a quarter of a
 * million, and each line is looked at by itself.
 */
const HEADER_LINES_MAX = 50_000;
/** A message may come in this many pieces, however small, before small ones are copied together. */
const PIECES_AS_THEY_COME = 8;
/** A piece of at least this size is kept as it is. */
const LARGE_PIECE_BYTES = 4_096;
/** Blocks for copies grow with the message up to this size, so that a small message never holds a large block. */
const BLOCK_BYTES_MAX = 65_536;

export class ContentReader {
	/** The bound that was broken first. From then on nothing is kept. */
	fault: FaultName | undefined;
	/** Content bytes held now. */
	heldBytes = 0;
	/** Content bytes that came, kept or not. */
	receivedBytes = 0;
	readonly #bounds: ContentBounds;
	readonly #endOfData = new EndOfData();
	readonly #normaliser = new Normaliser();
	#chunks: Buffer[] = [];
	#block: Buffer = Buffer.alloc(0);
	/** The part of the block that holds content not yet in `#chunks`. */
	#blockFrom = 0;
	#blockTo = 0;

	constructor(bounds: ContentBounds) {
		this.#bounds = bounds;
	}

	/** Takes the bytes from index `from` on; the index just behind the end of the message, or -1 when all of them are content. */
	feed(chunk: Buffer, from: number): number {
		const { content, end } = this.#endOfData.feed(chunk, from);
		this.receivedBytes += content.length;
		if (content.length > 0 && this.fault === undefined) {
			const piece = this.#normaliser.feed(content);
			this.heldBytes += piece.length;
			this.#checkBounds();
			if (this.fault === undefined) this.#keep(piece);
		}
		return end;
	}

	/** Drops what is held and keeps nothing more. The first fault stays. */
	refuse(fault: FaultName): void {
		this.fault ??= fault;
		this.heldBytes = 0;
		this.#chunks = [];
		this.#block = Buffer.alloc(0);
		this.#blockFrom = 0;
		this.#blockTo = 0;
	}

	/** The whole message. Only after its end, and only without a fault. */
	content(): ReceivedContent {
		this.#sealBlock();
		return {
			chunks: this.#chunks,
			bytes: this.heldBytes,
			headerText: latin1Prefix(this.#chunks, this.#headerBytes()),
			has8bit: this.#normaliser.has8bit,
			newlinesNormalised: this.#normaliser.newlinesNormalised,
		};
	}

	#headerBytes(): number {
		return this.#normaliser.headerBytes < 0 ? this.heldBytes : this.#normaliser.headerBytes;
	}

	#checkBounds(): void {
		const { messageBytesMax, headerBytesMax, lineBytesMax, bareNewline } = this.#bounds;
		if (this.heldBytes > messageBytesMax) this.refuse('messageSize');
		else if (this.#headerBytes() > headerBytesMax || this.#normaliser.headerLines > HEADER_LINES_MAX)
			this.refuse('headerSize');
		else if (this.#normaliser.longestLine > lineBytesMax) this.refuse('lineLength');
		else if (bareNewline === 'reject' && this.#normaliser.newlinesNormalised > 0) this.refuse('bareNewline');
	}

	#keep(piece: Buffer): void {
		const isTiny = this.#chunks.length >= PIECES_AS_THEY_COME && piece.length < LARGE_PIECE_BYTES;
		const pinnedBytes = piece.buffer.byteLength - piece.length;
		if (!isTiny && pinnedBytes <= piece.length + LARGE_PIECE_BYTES) {
			this.#sealBlock();
			this.#chunks.push(piece);
			return;
		}
		for (let from = 0; from < piece.length; ) {
			if (this.#blockTo === this.#block.length) {
				this.#sealBlock();
				this.#block = Buffer.allocUnsafeSlow(Math.max(piece.length - from, Math.min(BLOCK_BYTES_MAX, this.heldBytes)));
				this.#blockFrom = 0;
				this.#blockTo = 0;
			}
			const copied = piece.copy(this.#block, this.#blockTo, from);
			this.#blockTo += copied;
			from += copied;
		}
	}

	#sealBlock(): void {
		if (this.#blockTo === this.#blockFrom) return;
		this.#chunks.push(this.#block.subarray(this.#blockFrom, this.#blockTo));
		this.#blockFrom = this.#blockTo;
	}
}

/** The first `length` bytes over the chunks, one char a byte. */
function latin1Prefix(chunks: readonly Buffer[], length: number): string {
	let text = '';
	let left = length;
	for (const chunk of chunks) {
		if (left === 0) break;
		const take = Math.min(left, chunk.length);
		text += chunk.toString('latin1', 0, take);
		left -= take;
	}
	return text;
}
