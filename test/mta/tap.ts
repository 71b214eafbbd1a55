/**
 * A tap in the line between MTA and agent: passes everything on, and holds a connection at a chosen point of its first transaction.
 *
 * What is held stays held until `cut`, so that a test can kill the agent at exactly that point, on several connections at once. The tap runs
 * as root, so that the agent takes it for a proved peer; source addresses are not kept. Not a strict reader of SMTP: it looks for the few
 * words it needs, as a real MTA sends them (pipelined or not).
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { until } from './until.ts';

/**
 * `greeting`: before the banner. `mail`: MAIL was sent but has not reached the agent. `reply`: the agent has answered MAIL, RCPT and DATA, and
 * the MTA has not heard it. `content`: inside the message. `end`: the agent has answered the final dot and the MTA has not heard it.
 */
export const holdPoints = ['greeting', 'mail', 'reply', 'content', 'end'] as const;
export type HoldPoint = (typeof holdPoints)[number];

/** Bytes of the content that the agent gets to see at `content`. */
const CONTENT_BYTES_PASSED = 200;
const HELD_WAIT_MS = 15_000;

export async function startTap(port: number): Promise<Tap> {
	const tap = new Tap(port);
	await tap.listen();
	return tap;
}

export class Tap {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #next: HoldPoint[] = [];
	readonly #held: HoldPoint[] = [];
	#agentPort = 0;
	readonly #port: number;

	constructor(port: number) {
		this.#port = port;
		this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#pass(socket));
	}

	async listen(): Promise<void> {
		this.#server.listen(this.#port, '127.0.0.1');
		await once(this.#server, 'listening');
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Where the agent is; may change with each start of it. */
	leadTo(agentPort: number): void {
		this.#agentPort = agentPort;
	}

	/** Holds the next new connection there; resolves when it has come to that point. */
	async holdNext(point: HoldPoint, send: () => Promise<unknown>): Promise<void> {
		const before = this.#held.length;
		this.#next.push(point);
		await send();
		await until(() => this.#held.length > before, {
			waitMs: HELD_WAIT_MS,
			otherwise: () => `no connection came to ${point}`,
		});
	}

	/** Ends all connections, held ones too. */
	cut(): void {
		for (const socket of this.#sockets) socket.destroy();
		this.#held.length = 0;
	}

	async stop(): Promise<void> {
		this.cut();
		this.#server.close();
		await once(this.#server, 'close');
	}

	#pass(client: Socket): void {
		const point = this.#next.shift();
		this.#track(client);
		const hold = (): void => void this.#held.push(point!);
		if (point === 'greeting') {
			hold();
			return;
		}
		const agent = connect(this.#agentPort, '127.0.0.1');
		this.#track(agent);
		client.on('close', () => agent.destroy());
		if (point === undefined) {
			agent.on('close', () => client.destroy());
			client.pipe(agent);
			agent.pipe(client);
			return;
		}
		holdAt(point, { client, agent, hold });
	}

	#track(socket: Socket): void {
		this.#sockets.add(socket);
		socket.setNoDelay(true);
		socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
	}
}

type Line = { readonly client: Socket; readonly agent: Socket; readonly hold: () => void };

function holdAt(point: Exclude<HoldPoint, 'greeting'>, { client, agent, hold }: Line): void {
	let isHeld = false;
	let isContent = false;
	let passed = 0;
	const holdNow = (): void => {
		if (!isHeld) hold();
		isHeld = true;
	};
	// Exim says QUIT together with the final dot and ends its side, so that the agent closes while its answer is held.
	client.on('end', () => {
		if (!isHeld) agent.end();
	});
	agent.on('close', () => {
		if (!isHeld) client.destroy();
	});
	client.on('data', (chunk: Buffer) => {
		if (isHeld) return;
		if (point === 'mail' && /^MAIL FROM:/im.test(chunk.toString('latin1'))) {
			holdNow();
			return;
		}
		if (point === 'content' && isContent) {
			const part = chunk.subarray(0, CONTENT_BYTES_PASSED - passed);
			passed += part.length;
			agent.write(part, () => {
				if (passed >= CONTENT_BYTES_PASSED) holdNow();
			});
			return;
		}
		agent.write(chunk);
	});
	agent.on('data', (chunk: Buffer) => {
		const text = chunk.toString('latin1');
		if (/^354 /m.test(text)) {
			isContent = true;
			if (point === 'reply') holdNow();
		} else if (isContent && /^250 2\.0\.0 /m.test(text) && point === 'end') holdNow();
		if (!isHeld || point === 'content') client.write(chunk);
	});
}
