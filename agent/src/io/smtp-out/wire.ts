/**
 * A socket after its handshake: lines and content out, replies in, one deadline, one notice of loss.
 *
 * It owns the socket from here on. Whoever speaks (a transaction, the closing QUIT) listens while it speaks; a reply
 * that nobody waits for is a server that is out of step or says goodbye, and makes the wire unusable. The deadline is a
 * number; the timer behind it is set anew only when it would ring too late, so that a stage costs no timer of its own.
 *
 * Not here: what is said (transact.ts), who keeps the connection (dialer.ts). After RFC 5321 §4.5.3.2.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Reply } from '@sluice/shared/words/reply.ts';
import { createReplyReader } from './replies.ts';

export type WireListener = {
	readonly reply: (answer: Reply) => void;
	/** The last word: called at most once, then nothing more. */
	readonly lost: (error: string) => void;
};

const NEVER = Number.POSITIVE_INFINITY;

export class Wire {
	readonly #socket: Socket;
	#onClosed: (() => void) | undefined;
	#listener: WireListener | undefined;
	#usable = true;
	#lostBecause: string | undefined;
	#deadlineAt = NEVER;
	#deadlineFor = '';
	#timer: NodeJS.Timeout | undefined;
	#timerAt = NEVER;

	/** Takes the socket over. */
	constructor(socket: Socket) {
		this.#socket = socket;
		socket.setTimeout(0);
		const read = createReplyReader({
			onReply: (answer) => this.#take(answer),
			onBreach: (error) => this.#lose(error),
		});
		socket.on('data', read);
		socket.on('error', (error: NodeJS.ErrnoException) => this.#lose(error.code ?? error.message));
		socket.on('end', () => this.#lose('closed by the server'));
		socket.on('close', () => {
			this.#lose('closed');
			this.expectNothing();
			clearTimeout(this.#timer);
			this.#onClosed?.();
		});
		socket.resume();
	}

	/** Good for another transaction. */
	get usable(): boolean {
		return this.#usable;
	}

	/** `TLSv1.3`, or undefined in the clear. */
	get tls(): string | undefined {
		return this.#socket instanceof TLSSocket ? (this.#socket.getProtocol() ?? undefined) : undefined;
	}

	/** `callback` is called when the socket is closed for good, at once if it is already. */
	onceClosed(callback: () => void): void {
		if (this.#socket.closed) callback();
		else this.#onClosed = callback;
	}

	/** Replies and loss go to `listener` until the next call; a loss that has happened is told at once. */
	listen(listener: WireListener | undefined): void {
		this.#listener = listener;
		if (listener !== undefined && this.#lostBecause !== undefined) {
			this.#listener = undefined;
			listener.lost(this.#lostBecause);
		}
	}

	/** The server is not to be spoken to again, except for QUIT. */
	spoil(): void {
		this.#usable = false;
	}

	/** One write, even if it holds several commands. */
	writeLine(lines: string): void {
		this.#socket.write(lines, 'utf8');
	}

	/** Chunks as one writev; `then` runs when the kernel has taken them all. */
	writeChunks(chunks: readonly Uint8Array[], then: () => void): void {
		const last = chunks.length - 1;
		this.#socket.cork();
		for (let index = 0; index < last; index++) this.#socket.write(chunks[index] as Uint8Array);
		this.#socket.write(chunks[last] as Uint8Array, (error) => {
			if (!error) then();
		});
		this.#socket.uncork();
	}

	/** The next sign of life is due within this time, else the connection is lost. */
	expectWithin(milliseconds: number, forWhat: string): void {
		const at = performance.now() + milliseconds;
		this.#deadlineAt = at;
		this.#deadlineFor = forWhat;
		if (at < this.#timerAt) this.#arm(at, milliseconds);
	}

	expectNothing(): void {
		this.#deadlineAt = NEVER;
	}

	/** Says QUIT and closes when it is answered, or after `withinMs`. */
	quit(withinMs: number): void {
		if (this.#lostBecause !== undefined) {
			this.destroy();
			return;
		}
		this.#usable = false;
		this.#listener = {
			reply: () => this.#socket.end(() => this.destroy()),
			lost: () => this.destroy(),
		};
		this.expectWithin(withinMs, 'QUIT');
		this.writeLine('QUIT\r\n');
	}

	/** Closes without a word. */
	destroy(): void {
		this.#usable = false;
		this.#socket.destroy();
	}

	#take(answer: Reply): void {
		const listener = this.#listener;
		if (this.#lostBecause !== undefined) return;
		if (listener === undefined) this.#lose(`unexpected ${answer.code} ${answer.lines[0] ?? ''}`);
		else listener.reply(answer);
	}

	#lose(error: string): void {
		this.#usable = false;
		if (this.#lostBecause !== undefined) return;
		this.#lostBecause = error;
		this.expectNothing();
		const listener = this.#listener;
		this.#listener = undefined;
		this.#socket.destroy();
		listener?.lost(error);
	}

	#arm(at: number, milliseconds: number): void {
		clearTimeout(this.#timer);
		this.#timerAt = at;
		this.#timer = setTimeout(() => this.#ring(), Math.max(1, Math.ceil(milliseconds)));
	}

	#ring(): void {
		this.#timerAt = NEVER;
		if (this.#deadlineAt === NEVER) return;
		const left = this.#deadlineAt - performance.now();
		if (left <= 0) this.#lose(`time-out waiting for ${this.#deadlineFor}`);
		else this.#arm(this.#deadlineAt, left);
	}
}
