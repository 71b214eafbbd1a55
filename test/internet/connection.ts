/**
 * The socket side of a session: what was said leaves as one write a turn, input waits while the session is held.
 *
 * `step` is called as long as there is input, unless the connection is held or ended; it reads a line or a chunk and
 * answers, or says that it needs more. TLS can be put underneath in the middle (RFC 3207).
 * Not here: what is said (session.ts).
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

const EMPTY = Buffer.alloc(0);
const CR = 13;
const LF = 10;
/** Input kept while held; more, and the socket is paused. */
const HELD_BYTES_MAX = 1 << 20;

export type ConnectionEvents = {
	/** Reads something and acts on it; false when that needs more input. */
	readonly step: () => boolean;
	readonly idle: () => void;
	/** Called once. */
	readonly closed: () => void;
};

export class Connection {
	readonly peerAddress: string;
	readonly peerPort: number;
	readonly #events: ConnectionEvents;
	readonly #idleTimeoutMs: number;
	#socket: Socket;
	#input: Buffer = EMPTY;
	#output = '';
	#isHeld = false;
	#isEnded = false;
	#isGone = false;
	#waiting: { readonly timer: NodeJS.Timeout; readonly then: () => void } | undefined;

	constructor(socket: Socket, idleTimeoutMs: number, events: ConnectionEvents) {
		this.#socket = socket;
		this.#idleTimeoutMs = idleTimeoutMs;
		this.#events = events;
		this.peerAddress = socket.remoteAddress ?? '';
		this.peerPort = socket.remotePort ?? 0;
		socket.setNoDelay(true);
		this.#listen(socket);
	}

	/** The client is no longer there to read an answer. */
	get isGone(): boolean {
		return this.#isGone;
	}

	/** Nothing more is taken or said. */
	get isEnded(): boolean {
		return this.#isEnded;
	}

	/** Bytes received and not yet read. */
	get pendingBytes(): number {
		return this.#input.length;
	}

	/** The next line without its end, and whether that was CRLF; undefined when none is whole. */
	readLine(): { readonly line: string; readonly hasCr: boolean } | undefined {
		const end = this.#input.indexOf(LF);
		if (end < 0) return undefined;
		const hasCr = end > 0 && this.#input[end - 1] === CR;
		const line = this.#input.toString('utf8', 0, hasCr ? end - 1 : end);
		this.#input = this.#input.subarray(end + 1);
		return { line, hasCr };
	}

	/** All input there is. */
	readAll(): Buffer {
		const input = this.#input;
		this.#input = EMPTY;
		return input;
	}

	/** Gives back the end of what was read. */
	unread(rest: Buffer): void {
		this.#input = rest;
	}

	/** Gathers bytes to be written at the end of this turn, or with `flush`. */
	say(bytes: string): void {
		this.#output += bytes;
	}

	flush(): void {
		if (this.#output === '') return;
		const bytes = this.#output;
		this.#output = '';
		if (this.#socket.writable) this.#socket.write(bytes);
	}

	/** Says what is gathered and closes; input is no longer taken. */
	end(): void {
		if (this.#isEnded) return;
		this.flush();
		this.#isEnded = true;
		this.#socket.end();
	}

	/** Says what is gathered and cuts. */
	cut(): void {
		this.flush();
		this.#isEnded = true;
		this.#socket.destroy();
	}

	/** Takes no more input, for good. */
	hold(): void {
		this.#isHeld = true;
	}

	/** Takes no input until `then` has run, after `delayMs` or when the client is gone. */
	later(delayMs: number, then: () => void): void {
		this.#isHeld = true;
		const timer = setTimeout(() => {
			this.#waiting = undefined;
			this.#isHeld = false;
			then();
			this.#socket.resume();
			this.#run();
		}, delayMs);
		this.#waiting = { timer, then };
	}

	/** Says what is gathered and cuts when the next bytes come. */
	cutAtNextInput(then: () => void): void {
		this.flush();
		this.#isHeld = true;
		this.#socket.once('data', () => {
			this.cut();
			then();
		});
	}

	/** Says what is gathered, forgets input that came with it, and waits for the client's handshake. */
	secure(secureContext: SecureContext, settled: (isSecure: boolean) => void): void {
		this.flush();
		// What came behind STARTTLS in the clear is never obeyed (RFC 3207 §4.2, CVE-2011-0411).
		this.#input = EMPTY;
		this.#isHeld = true;
		const plain = this.#socket;
		plain.removeAllListeners('data');
		plain.removeAllListeners('timeout');
		const secured = new TLSSocket(plain, { isServer: true, secureContext });
		let isSecure = false;
		secured.once('secure', () => {
			isSecure = true;
			this.#isHeld = false;
			settled(true);
			this.#run();
		});
		secured.once('close', () => {
			if (!isSecure) settled(false);
		});
		this.#socket = secured;
		this.#listen(secured);
	}

	/** Cuts at once; nothing that was waiting happens any more. */
	stop(): void {
		this.#isEnded = true;
		if (this.#waiting !== undefined) clearTimeout(this.#waiting.timer);
		this.#waiting = undefined;
		this.#socket.destroy();
	}

	#listen(socket: Socket): void {
		socket.on('data', (chunk: Buffer) => this.#receive(chunk));
		socket.on('error', () => socket.destroy());
		socket.on('close', () => this.#close());
		socket.setTimeout(this.#idleTimeoutMs, this.#events.idle);
	}

	#receive(chunk: Buffer): void {
		if (this.#isEnded) return;
		this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
		if (this.#isHeld && this.#input.length > HELD_BYTES_MAX) this.#socket.pause();
		this.#run();
	}

	#run(): void {
		while (!this.#isHeld && !this.#isEnded && this.#input.length > 0) {
			if (!this.#events.step()) break;
		}
		this.flush();
	}

	#close(): void {
		if (this.#isGone) return;
		this.#isGone = true;
		// What was to be answered later is settled now: a message read in full must leave its record.
		const waiting = this.#waiting;
		this.#waiting = undefined;
		if (waiting !== undefined) {
			clearTimeout(waiting.timer);
			waiting.then();
		}
		this.#isEnded = true;
		this.#events.closed();
	}
}
