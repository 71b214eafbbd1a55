/**
 * A client that does what it is told: raw bytes out, lines in. Every wait has a deadline, so a test fails and does not hang.
 */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Address = { readonly host: string; readonly port: number };

const WAIT_MS = 5_000;
const POLL_MS = 5;

export class Client {
	#socket: Socket;
	#received = '';
	#hasEnded = false;
	#wake: (() => void) | undefined;
	/** Reads that brought something: how often the server wrote, on loopback and for small replies. */
	reads = 0;

	private constructor(socket: Socket) {
		this.#socket = socket;
		this.#listen(socket);
	}

	static async open(address: Address): Promise<Client> {
		const socket = connectTcp({ ...address, noDelay: true, allowHalfOpen: true });
		await once(socket, 'connect');
		return new Client(socket);
	}

	get localPort(): number {
		return this.#socket.localPort!;
	}

	/** Everything received that `line` has not taken. */
	get unread(): string {
		return this.#received;
	}

	get hasEnded(): boolean {
		return this.#hasEnded;
	}

	get socket(): Socket {
		return this.#socket;
	}

	send(bytes: Buffer | string): void {
		this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
	}

	/** Sends, and waits until the bytes have left for the kernel. */
	async push(bytes: Buffer): Promise<void> {
		await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
	}

	/** The next line without CRLF. */
	async line(waitMs = WAIT_MS): Promise<string> {
		await this.until(() => this.#received.includes('\n') || this.#hasEnded, 'a line', waitMs);
		const end = this.#received.indexOf('\r\n');
		if (end < 0) throw new Error(`the server closed, received ${JSON.stringify(this.#received)}`);
		const line = this.#received.slice(0, end);
		this.#received = this.#received.slice(end + 2);
		return line;
	}

	/** The next reply, all of its lines. */
	async reply(waitMs = WAIT_MS): Promise<readonly string[]> {
		const lines: string[] = [];
		do lines.push(await this.line(waitMs));
		while (/^\d{3}-/.test(lines.at(-1)!));
		return lines;
	}

	/** Says one command and returns the last line of the reply. */
	async say(command: string): Promise<string> {
		this.send(`${command}\r\n`);
		return (await this.reply()).at(-1)!;
	}

	async closed(waitMs = WAIT_MS): Promise<void> {
		await this.until(() => this.#hasEnded, 'the end', waitMs);
	}

	async startTls(): Promise<void> {
		const plain = this.#socket;
		for (const event of ['data', 'end', 'error', 'close']) plain.removeAllListeners(event);
		const secure = connectTls({ socket: plain, rejectUnauthorized: false });
		this.#socket = secure;
		this.#listen(secure);
		await once(secure, 'secureConnect');
	}

	end(): void {
		this.#socket.end();
	}

	drop(): void {
		this.#socket.destroy();
	}

	async until(condition: () => boolean, what: string, waitMs = WAIT_MS): Promise<void> {
		const deadline = performance.now() + waitMs;
		while (!condition()) {
			if (performance.now() > deadline)
				throw new Error(`waited ${waitMs} ms for ${what}, received ${JSON.stringify(this.#received)}`);
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				// The condition may be about the server, which does not wake us.
				setTimeout(resolve, POLL_MS);
			});
		}
	}

	#listen(socket: Socket): void {
		socket.on('data', (chunk: Buffer) => {
			this.reads++;
			this.#received += chunk.toString('latin1');
			this.#wake?.();
		});
		const ended = (): void => {
			this.#hasEnded = true;
			this.#wake?.();
		};
		socket.on('end', ended);
		socket.on('close', ended);
		socket.on('error', ended);
	}
}
