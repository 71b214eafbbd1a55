/**
 * The content of one message as it arrives: where it ends, how big it is, and, if wanted, its bytes.
 */
import { EndOfDataFinder, terminatorTailBytes } from './end-of-data.ts';

export class ContentReader {
	readonly #finder = new EndOfDataFinder();
	readonly #chunks: Buffer[] = [];
	readonly #keeps: boolean;
	#bytes = 0;

	/** `bytesMax`: content beyond it is read to its end, counted, and not kept. */
	constructor(keeps: boolean, bytesMax: number) {
		this.#keeps = keeps;
		this.bytesMax = bytesMax;
	}

	readonly bytesMax: number;

	/** Takes what belongs to the message; the rest of the chunk once the final dot is in, undefined before. */
	read(chunk: Buffer): Buffer | undefined {
		const end = this.#finder.feed(chunk);
		this.#bytes += end < 0 ? chunk.length : end;
		if (this.#keeps && this.#bytes <= this.bytesMax + terminatorTailBytes) {
			this.#chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
		}
		return end < 0 ? undefined : chunk.subarray(end);
	}

	/** Bytes of the content as on the wire, without the terminator. */
	get bytes(): number {
		return this.#bytes - terminatorTailBytes;
	}

	get isTooBig(): boolean {
		return this.bytes > this.bytesMax;
	}

	/** The content as on the wire; empty when it was not kept or is too big. */
	raw(): Buffer {
		if (!this.#keeps || this.isTooBig) return Buffer.alloc(0);
		const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
		return all.subarray(0, this.bytes);
	}
}
