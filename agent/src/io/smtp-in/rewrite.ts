/**
 * A copy of a buffer with bytes inserted, in one pass and in order.
 *
 * Written into a scratch buffer, since how many bytes come is known only at the end and a hostile text asks for tens of thousands;
 * what is returned has a buffer of its own of just the right size. Synchronous between `new` and `finish`, so that the scratch buffer
 * can serve all.
 */
/** Shorter runs are copied byte by byte, since a native call costs more. */
const NATIVE_COPY_BYTES_MIN = 48;
/** Twice what the network hands over at once, and a little. */
const scratch = Buffer.allocUnsafeSlow(2 * 65_536 + 2);

export class Rewrite {
	readonly #source: Buffer;
	readonly #output: Buffer;
	#from = 0;
	#to = 0;

	/** At most as many bytes as the source has, and two more, may be inserted. */
	constructor(source: Buffer) {
		const bytesMax = 2 * source.length + 2;
		this.#source = source;
		this.#output = bytesMax <= scratch.length ? scratch : Buffer.allocUnsafeSlow(bytesMax);
	}

	/** Inserts a byte before index `at` of the source; not before an earlier one. */
	insert(at: number, byte: number): void {
		this.#copyTo(at);
		this.#output[this.#to++] = byte;
	}

	finish(): Buffer {
		this.#copyTo(this.#source.length);
		const result = Buffer.allocUnsafeSlow(this.#to);
		this.#output.copy(result, 0, 0, this.#to);
		return result;
	}

	#copyTo(end: number): void {
		const source = this.#source;
		const output = this.#output;
		const from = this.#from;
		const to = this.#to;
		const length = end - from;
		if (length >= NATIVE_COPY_BYTES_MIN) source.copy(output, to, from, end);
		else for (let index = 0; index < length; index++) output[to + index] = source[from + index]!;
		this.#from = end;
		this.#to = to + length;
	}
}
