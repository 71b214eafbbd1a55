/**
 * The bytes that came and are not looked at yet, as command lines or as content.
 *
 * A command line ends at LF; one without CR before it is given out as a fault and not as a command (RFC 5321 §2.3.8: to take it
 * would let content that another server sees as text be commands here). A line over the bound is skipped to its end without being kept.
 * What waits between two reads is a part of one line at most, so an idle connection holds next to nothing.
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { ContentReader } from './reader.ts';

const CR = 13;
const LF = 10;
const NOTHING: Buffer = Buffer.alloc(0);

export type CommandLine = {
	/** Without CRLF, one char a byte. Empty when there is a fault. */
	readonly text: string;
	readonly fault?: FaultName;
};

const BARE_LF: CommandLine = { text: '', fault: 'syntax' };
const TOO_LONG: CommandLine = { text: '', fault: 'lineTooLong' };

export class Input {
	readonly #lineBytesMax: number;
	#chunk: Buffer = NOTHING;
	#at = 0;
	#later: Buffer[] = [];
	#laterBytes = 0;
	/** Bytes skipped of a line that is too long; 0 when not skipping. */
	skippedBytes = 0;

	constructor(lineBytesMax: number) {
		this.#lineBytesMax = lineBytesMax;
	}

	get bytes(): number {
		return this.#chunk.length - this.#at + this.#laterBytes;
	}

	append(chunk: Buffer): void {
		if (this.#at === this.#chunk.length && this.#laterBytes === 0) {
			this.#chunk = chunk;
			this.#at = 0;
			return;
		}
		this.#later.push(chunk);
		this.#laterBytes += chunk.length;
	}

	discard(): void {
		this.#chunk = NOTHING;
		this.#at = 0;
		this.#later = [];
		this.#laterBytes = 0;
	}

	/** The next whole line, undefined when it has not come yet. */
	nextLine(): CommandLine | undefined {
		for (;;) {
			const end = this.#chunk.indexOf(LF, this.#at);
			if (end >= 0) return this.#takeLine(end);
			const bytes = this.#chunk.length - this.#at;
			// +1: the CR of a line that is just as long as allowed.
			if (this.skippedBytes > 0 || bytes > this.#lineBytesMax + 1) {
				this.skippedBytes += bytes;
				this.#at = this.#chunk.length;
			}
			if (!this.#join()) return undefined;
		}
	}

	/** Gives bytes to the reader; true when its message has ended, false when all bytes that came are content. */
	feed(reader: ContentReader): boolean {
		for (;;) {
			if (this.#at < this.#chunk.length) {
				const end = reader.feed(this.#chunk, this.#at);
				this.#at = end < 0 ? this.#chunk.length : end;
				if (end >= 0) return true;
			}
			const next = this.#later.shift();
			if (next === undefined) {
				this.#chunk = NOTHING;
				this.#at = 0;
				return false;
			}
			this.#laterBytes -= next.length;
			this.#chunk = next;
			this.#at = 0;
		}
	}

	#takeLine(end: number): CommandLine {
		const from = this.#at;
		this.#at = end + 1;
		if (this.skippedBytes > 0) {
			this.skippedBytes = 0;
			return TOO_LONG;
		}
		const isCrlf = end > from && this.#chunk[end - 1] === CR;
		const lineEnd = isCrlf ? end - 1 : end;
		if (lineEnd - from > this.#lineBytesMax) return TOO_LONG;
		return isCrlf ? { text: this.#chunk.toString('latin1', from, lineEnd) } : BARE_LF;
	}

	/** Brings the next chunk behind the rest of this one; false when there is none. */
	#join(): boolean {
		const rest = this.#chunk.subarray(this.#at);
		const next = this.#later.shift();
		this.#at = 0;
		if (next === undefined) {
			// A copy: the part of a line must not pin the read that it came in.
			this.#chunk = rest.length === 0 ? NOTHING : Buffer.from(rest);
			return false;
		}
		this.#laterBytes -= next.length;
		this.#chunk = rest.length === 0 ? next : Buffer.concat([rest, next]);
		return true;
	}
}
