/**
 * A client that says exactly the bytes it is told, for tests of SMTP servers: no state, no opinion, no retries.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';

const REPLY_TIMEOUT_MS = 10_000;
/** A reply is whole at a line with a space after its code (RFC 5321 §4.2.1). */
const WHOLE_REPLY = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/;

export class RawClient {
	#socket: Socket;
	#received = '';
	#isClosed = false;
	#wake: (() => void) | undefined;

	constructor(socket: Socket) {
		this.#socket = socket;
		this.#listen(socket);
	}

	/** Connects; the greeting is the first `reply()`. */
	static async connect(port: number, host = '127.0.0.1', localAddress?: string): Promise<RawClient> {
		const socket = connect({
			port,
			host,
			...(localAddress === undefined ? {} : { localAddress }),
		});
		const client = new RawClient(socket);
		await once(socket, 'connect');
		socket.setNoDelay(true);
		return client;
	}

	get socket(): Socket {
		return this.#socket;
	}

	/** Writes bytes as they are. */
	write(bytes: string | Buffer): void {
		this.#socket.write(bytes);
	}

	/** The next reply, without its last line end; lines joined by `\n`. Rejects when the connection ends before it. */
	async reply(timeoutMs = REPLY_TIMEOUT_MS): Promise<string> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const whole = WHOLE_REPLY.exec(this.#received);
			if (whole !== null) {
				this.#received = this.#received.slice(whole[0].length);
				return whole[0].replaceAll('\r', '').trimEnd();
			}
			if (this.#isClosed) throw new Error(`connection closed; unread: ${JSON.stringify(this.#received)}`);
			await this.#change(deadline);
		}
	}

	/** Writes a line and waits for its reply. */
	async say(line: string): Promise<string> {
		this.write(`${line}\r\n`);
		return this.reply();
	}

	/** Says each line in turn; the replies. */
	async sayAll(...lines: readonly string[]): Promise<readonly string[]> {
		const replies: string[] = [];
		for (const line of lines) replies.push(await this.say(line));
		return replies;
	}

	/** Waits until the server has closed the connection; what was left unread. */
	async closed(timeoutMs = REPLY_TIMEOUT_MS): Promise<string> {
		const deadline = Date.now() + timeoutMs;
		while (!this.#isClosed) await this.#change(deadline);
		return this.#received;
	}

	/** Wraps the connection in TLS after 220 to STARTTLS. Rejects when the handshake fails. */
	async upgrade(options: ConnectionOptions = {}): Promise<TLSSocket> {
		this.#socket.removeAllListeners('data');
		this.#socket.removeAllListeners('close');
		const secured = tlsConnect({ socket: this.#socket, ...options });
		await once(secured, 'secureConnect');
		this.#socket = secured;
		this.#listen(secured);
		return secured;
	}

	stop(): void {
		this.#socket.destroy();
	}

	#listen(socket: Socket): void {
		socket.on('data', (chunk: Buffer) => {
			this.#received += chunk.toString('utf8');
			this.#wake?.();
		});
		socket.on('error', () => {});
		socket.on('close', () => {
			this.#isClosed = true;
			this.#wake?.();
		});
	}

	#change(deadline: number): Promise<void> {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error('no answer in time')), Math.max(0, deadline - Date.now()));
			this.#wake = () => {
				clearTimeout(timer);
				this.#wake = undefined;
				resolve();
			};
		});
	}
}
