/**
 * A server for tests that follows a script written as a dialogue: say this, expect that, close, fall silent.
 *
 * The script is a function, so it can do what no well-behaved server does. A step that fails (another line than
 * expected, a connection that ends) fails the script, and `stop` throws what went wrong: a test that stops its server
 * has checked both sides of the dialogue. Loopback only; not part of the agent.
 */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

const STEP_TIMEOUT_MS = 5_000;

/** One connection as its script sees it. */
export class Peer {
	/** Count of chunks read: an envelope in one write arrives as one. */
	reads = 0;
	/** Address the client connected from. */
	readonly from: string;
	#socket: Socket;
	#received = '';
	#isEnded = false;
	#wake: (() => void) | undefined;

	constructor(socket: Socket) {
		this.#socket = socket;
		this.from = socket.remoteAddress ?? '';
		this.#attach(socket);
	}

	/** Writes lines as one write, CRLF behind each. */
	say(...lines: string[]): void {
		this.#socket.write(lines.map((line) => `${line}\r\n`).join(''));
	}

	/** Writes bytes as they are. */
	write(bytes: string | Uint8Array): void {
		this.#socket.write(bytes);
	}

	/** Takes the next line, without CRLF; it must begin with `start`. */
	async expect(start: string): Promise<string> {
		const line = await this.#upTo('\r\n', start);
		if (!line.startsWith(start)) throw new Error(`expected ${JSON.stringify(start)}, got ${JSON.stringify(line)}`);
		return line;
	}

	/** Takes content up to the dot line and gives it as it came, without the dot line. */
	async content(): Promise<string> {
		while (!this.#received.startsWith('.\r\n') && !this.#received.includes('\r\n.\r\n')) await this.#more('the dot');
		if (this.#received.startsWith('.\r\n')) return this.#upTo('.\r\n', 'the dot');
		return `${await this.#upTo('\r\n.\r\n', 'the dot')}\r\n`;
	}

	/** Takes whatever comes until this many bytes are there. */
	async bytes(count: number): Promise<string> {
		while (this.#received.length < count) await this.#more(`${count} bytes`);
		const taken = this.#received.slice(0, count);
		this.#received = this.#received.slice(count);
		return taken;
	}

	/** Waits until the client has closed, and answers its QUIT; anything else it says is an error. */
	async ended(): Promise<void> {
		while (!this.#isEnded) {
			if (this.#received === 'QUIT\r\n') this.say('221 bye');
			await this.#more('the end');
		}
		if (this.#received !== '' && this.#received !== 'QUIT\r\n') {
			throw new Error(`unexpected ${JSON.stringify(this.#received)} before the end`);
		}
	}

	/** 220, EHLO and an offer: one line a keyword. */
	async greet(...keywords: string[]): Promise<void> {
		this.say('220 mx.test ESMTP ready');
		await this.expect('EHLO ');
		this.offer(...keywords);
	}

	/** The answer to EHLO. */
	offer(...keywords: string[]): void {
		const lines = ['mx.test hello', ...keywords];
		this.say(...lines.map((line, index) => `250${index < lines.length - 1 ? '-' : ' '}${line}`));
	}

	/** Becomes the server of a TLS handshake. Rejects when it fails. */
	async startTls(secureContext: SecureContext): Promise<void> {
		this.#socket.removeAllListeners('data');
		const secured = new TLSSocket(this.#socket, { isServer: true, secureContext });
		this.#attach(secured);
		await Promise.race([
			once(secured, 'secure'),
			once(secured, 'close').then(() => Promise.reject(new Error('closed'))),
		]);
	}

	/** Ends our side. */
	close(): void {
		this.#socket.end();
	}

	/** Cuts the connection with a reset. */
	reset(): void {
		this.#socket.resetAndDestroy();
	}

	/** Reads no more: the client's writes fill the buffers. */
	stall(): void {
		this.#socket.pause();
	}

	destroy(): void {
		this.#socket.destroy();
	}

	#attach(socket: Socket): void {
		this.#socket = socket;
		socket.setNoDelay(true);
		socket.on('data', (chunk: Buffer) => {
			this.reads++;
			this.#received += chunk.toString('latin1');
			this.#wake?.();
		});
		const end = (): void => {
			this.#isEnded = true;
			this.#wake?.();
		};
		socket.on('error', end);
		socket.on('close', end);
		socket.on('end', end);
	}

	async #upTo(mark: string, what: string): Promise<string> {
		let at = this.#received.indexOf(mark);
		while (at < 0) {
			await this.#more(what);
			at = this.#received.indexOf(mark);
		}
		const taken = this.#received.slice(0, at);
		this.#received = this.#received.slice(at + mark.length);
		return taken;
	}

	#more(what: string): Promise<void> {
		if (this.#isEnded) {
			return Promise.reject(new Error(`ended while ${what} was expected; unread: ${JSON.stringify(this.#received)}`));
		}
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no ${what} in time`)), STEP_TIMEOUT_MS);
			this.#wake = () => {
				clearTimeout(timer);
				this.#wake = undefined;
				resolve();
			};
		});
	}
}

export class ScriptedServer {
	/** Connections so far. */
	connections = 0;
	readonly port: number;
	readonly #listener: net.Server;
	readonly #peers: Peer[] = [];
	readonly #scripts: Promise<void>[] = [];

	private constructor(listener: net.Server, script: (peer: Peer, index: number) => Promise<void>) {
		this.#listener = listener;
		this.port = (listener.address() as AddressInfo).port;
		listener.on('connection', (socket) => {
			const peer = new Peer(socket);
			this.#peers.push(peer);
			const run = script(peer, this.connections++);
			run.catch(() => peer.destroy());
			this.#scripts.push(run);
		});
	}

	/** Runs `script` for each connection; `index` counts them from 0. */
	static async start(script: (peer: Peer, index: number) => Promise<void>): Promise<ScriptedServer> {
		const listener = net.createServer();
		listener.listen(0, '127.0.0.1');
		// A test that failed before `stop` must not keep its process.
		listener.unref();
		await once(listener, 'listening');
		return new ScriptedServer(listener, script);
	}

	/** Closes everything; throws when a script failed. */
	async stop(): Promise<void> {
		this.#listener.close();
		const ends = await Promise.allSettled(this.#scripts);
		for (const peer of this.#peers) peer.destroy();
		for (const end of ends) if (end.status === 'rejected') throw end.reason;
	}
}
