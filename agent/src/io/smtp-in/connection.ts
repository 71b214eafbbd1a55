/**
 * One connection at the relay port: bytes in, replies out, time and memory watched.
 *
 * The loop in `#run` takes one command or one piece of content at a time until nothing is left or something must be waited for: flow
 * making a message durable, the kernel naming the peer, a TLS handshake, a client that does not read. Replies gather and leave as one
 * write per turn (RFC 2920 §3.2: fewer writes are what pipelining is for, and where the time goes). While it waits, pipelined bytes are
 * kept up to a bound, then left in the kernel.
 *
 * After STARTTLS every byte that came in the clear is dropped unread (RFC 3207 §4.2, CVE-2011-0411). A connection that is closed by us
 * is read on for a moment without being looked at: closing with unread bytes would reset it and lose the last reply.
 *
 * Not here: what commands mean (conversation.ts), content (reader.ts), which connections there are (server.ts).
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Peer, ReceptionHandlers } from '../../ports/smtp-in.ts';
import type { BodyHolder, BodyMemory } from './body-memory.ts';
import { Conversation, errorDetail } from './conversation.ts';
import { Input } from './input.ts';
import { Pace } from './pace.ts';
import { ContentReader } from './reader.ts';
import { faultWire } from './replies.ts';
import type { SmtpInSettings } from './settings.ts';

/** What all connections of a listener share. */
export type ConnectionHost = {
	readonly settings: SmtpInSettings;
	readonly handlers: ReceptionHandlers;
	readonly clock: Clock;
	readonly memory: BodyMemory;
	/** Of the next handshake; undefined: there is no TLS. */
	readonly secureContext: () => SecureContext | undefined;
	/** TLS from the first byte (RFC 8314 §3). */
	readonly isImplicitTls: boolean;
	/** Who the peer is, once the kernel has said so; absent when that is known from the start. Never rejects. */
	readonly identify: ((peer: Peer) => Promise<Peer>) | undefined;
	/** Connections whose peer was refused and that have not closed yet. */
	readonly refused: { count: number };
	readonly closed: (connection: Connection) => void;
};

/** Pipelined bytes kept while the connection waits; one read more may come on top. */
const PIPELINED_BYTES_MAX = 65_536;
/** A command line that never ends is given up at this many times its bound. */
const SKIPPED_LINES_MAX = 16;
/** Content that is refused is read on for its end, up to this many times the bound of a message. */
const REFUSED_MESSAGES_MAX = 10;
/** Who says nothing for so long while we stop is not about to hand over a message. */
const DRAIN_SILENCE_MS = 2_000;
/** How long a connection that we have ended may take to close. */
const LINGER_MS = 2_000;
/** Refused peers that may linger so long at once; any user of the machine can connect, and must not take the MTA's places. */
const REFUSED_LINGERING_MAX = 50;
/** A handshake takes seconds; who needs longer holds a place that others want. */
const HANDSHAKE_MS_MAX = 30_000;
/** How much it may still send meanwhile. */
const LINGER_BYTES_MAX = 4 * 1024 * 1024;

export class Connection implements BodyHolder {
	readonly #host: ConnectionHost;
	readonly #conversation: Conversation;
	readonly #input: Input;
	#peer: Peer;
	#socket: Socket;
	#output = '';
	#reader: ContentReader | undefined;
	#waitsFor: 'peer' | 'message' | 'login' | 'tls' | undefined;
	/** The client does not read its replies. */
	#isCongested = false;
	/** Not read for want of memory for its content. */
	#isStarved = false;
	#isPaused = false;
	#isDraining = false;
	#hasClientEnded = false;
	/** We have said our last reply: when. */
	#endedAt: number | undefined;
	#bytesSinceEnd = 0;
	#isClosed = false;
	#isRefused = false;
	readonly #pace: Pace;
	readonly #beganAt: number;
	readonly #onData = (chunk: Buffer): void => this.#receive(chunk);
	readonly #onEnd = (): void => this.#clientEnded();
	readonly #onDrain = (): void => {
		this.#isCongested = false;
		this.#goOn();
	};
	readonly #onClose = (): void => this.#close();

	constructor(host: ConnectionHost, socket: Socket, peer: Peer, id: string) {
		const { settings, handlers } = host;
		this.#host = host;
		this.#socket = socket;
		this.#peer = peer;
		this.#conversation = new Conversation({ id, settings, handlers, hasTls: host.secureContext() !== undefined }, peer);
		this.#input = new Input(settings.commandLineBytesMax);
		this.#beganAt = host.clock.monotonic();
		this.#pace = new Pace(settings, this.#beganAt);
		// Bytes of an implicit handshake are not ours to read.
		if (!host.isImplicitTls) this.#attach(socket);
	}

	/** Says the banner, or the refusal of flow. The peer is looked up meanwhile. */
	greet(): void {
		const { identify, isImplicitTls } = this.#host;
		const banner = this.#conversation.greet();
		if (isImplicitTls) {
			this.#greetOverTls(banner);
			return;
		}
		this.#output += banner;
		if (this.#conversation.after === 'close') {
			this.#end('');
			return;
		}
		this.#flush();
		if (identify === undefined) return;
		this.#waitsFor = 'peer';
		void identify(this.#peer).then((peer) => {
			this.#waitsFor = undefined;
			const refusal = this.#conversation.identify(peer);
			if (refusal === undefined) this.#goOn();
			else this.#turnAway(refusal);
		});
	}

	/** Who is refused is not worth a handshake, and could not read the reply without one. */
	#greetOverTls(banner: string): void {
		if (this.#conversation.after === 'close') {
			this.#attach(this.#socket);
			this.#socket.destroy();
			return;
		}
		this.#waitsFor = 'tls';
		this.#wrap(this.#socket, () => {
			this.#output += banner;
		});
	}

	/** Ends it without waiting for the first command, whose answer the client will take this for. */
	#turnAway(refusal: string): void {
		if (this.#isClosed || this.#endedAt !== undefined) return;
		this.#isRefused = true;
		this.#host.refused.count++;
		this.#end(refusal);
		if (this.#host.refused.count > REFUSED_LINGERING_MAX) this.#socket.destroySoon();
	}

	/** Looks whether the client keeps its times. Called every second or so. */
	check(): void {
		const now = this.#host.clock.monotonic();
		if (this.#endedAt !== undefined) {
			if (now - this.#endedAt >= LINGER_MS) this.#socket.destroy();
			return;
		}
		if (this.#isDraining) this.#endWhenSilent(now);
		if (this.#endedAt !== undefined) return;
		if (this.#waitsFor === 'peer' || this.#waitsFor === 'message' || this.#waitsFor === 'login') return;
		if (this.#waitsFor === 'tls' && this.#pace.hasLasted(HANDSHAKE_MS_MAX, now)) {
			this.#socket.destroy();
			return;
		}
		if (!this.#conversation.isWelcome && now - this.#beganAt >= this.#host.settings.loginTimeoutSeconds * 1_000) {
			this.#endWith('idle', 'waiting for a login');
			return;
		}
		const pursuit = this.#reader === undefined ? 'command' : this.#isStarved ? 'memory' : 'content';
		const fault = this.#pace.overdue(pursuit, now);
		if (fault === 'memory') this.#giveUpContent();
		else if (fault !== undefined) this.#endWith(fault, `waiting for ${pursuit}`);
	}

	/**
	 * The listener stops. Who has just spoken is about to hand over a message and may: an MTA that is told 421 after its first
	 * command puts the message off for minutes, and one that waits for the next agent to take the connection does not.
	 */
	drain(): void {
		this.#isDraining = true;
		this.#endWhenSilent(this.#host.clock.monotonic());
	}

	/** Of a draining connection: ended once its client has said nothing for a while, content and waiting for our answer aside. */
	#endWhenSilent(now: number): void {
		if (this.#reader !== undefined || this.#waitsFor === 'message') return;
		if (this.#pace.hasLasted(DRAIN_SILENCE_MS, now)) this.#end(faultWire('shuttingDown'));
	}

	/** Ends it whatever it does. */
	abort(): void {
		if (this.#endedAt === undefined) this.#end(faultWire('shuttingDown'));
		this.#socket.destroySoon();
	}

	resumeReading(): void {
		this.#isStarved = false;
		this.#pace.restart(this.#host.clock.monotonic());
		this.#steerReading();
	}

	// --- Bytes ---

	#attach(socket: Socket): void {
		this.#socket = socket;
		socket.on('data', this.#onData);
		socket.on('end', this.#onEnd);
		socket.on('drain', this.#onDrain);
		socket.on('close', this.#onClose);
		// 'close' follows, and says all there is to do.
		socket.on('error', () => {});
	}

	/** Leaves the socket to TLS. */
	#detach(socket: Socket): void {
		socket.off('data', this.#onData);
		socket.off('end', this.#onEnd);
		socket.off('drain', this.#onDrain);
		socket.off('close', this.#onClose);
	}

	#receive(chunk: Buffer): void {
		if (this.#endedAt !== undefined) {
			this.#bytesSinceEnd += chunk.length;
			if (this.#bytesSinceEnd > LINGER_BYTES_MAX) this.#socket.destroy();
			return;
		}
		if (this.#waitsFor === 'tls') return;
		this.#input.append(chunk);
		if (this.#isBlocked()) this.#steerReading();
		else this.#run();
	}

	#isBlocked(): boolean {
		return this.#waitsFor !== undefined || this.#isCongested || this.#endedAt !== undefined;
	}

	#goOn(): void {
		if (this.#isClosed) return;
		this.#pace.restart(this.#host.clock.monotonic());
		if (!this.#isBlocked()) this.#run();
	}

	#run(): void {
		try {
			while (!this.#isBlocked()) {
				if (this.#reader !== undefined) {
					if (!this.#takeContent(this.#reader)) break;
				} else if (!this.#takeCommand()) break;
			}
		} catch (error) {
			// A bug of ours costs one session and not all of them.
			this.#endWith('internal', errorDetail(error));
		}
		this.#flush();
		this.#steerReading();
		if (this.#hasClientEnded && !this.#isBlocked()) this.#end('');
	}

	/** Pauses the socket when there is no use for more bytes now, and takes that back. */
	#steerReading(): void {
		const shouldPause =
			this.#isStarved || (this.#endedAt === undefined && this.#isBlocked() && this.#input.bytes > PIPELINED_BYTES_MAX);
		if (shouldPause === this.#isPaused) return;
		this.#isPaused = shouldPause;
		if (shouldPause) this.#socket.pause();
		else this.#socket.resume();
	}

	#flush(): void {
		if (this.#output === '') return;
		const output = this.#output;
		this.#output = '';
		if (!this.#socket.write(output, 'latin1')) this.#isCongested = true;
	}

	// --- Commands ---

	/** Answers the next command; false when none has come whole. */
	#takeCommand(): boolean {
		const line = this.#input.nextLine();
		if (line === undefined) {
			const skippedMax = this.#host.settings.commandLineBytesMax * SKIPPED_LINES_MAX;
			if (this.#input.skippedBytes > skippedMax) this.#endWith('tooManyBadCommands', 'endless line');
			return false;
		}
		const conversation = this.#conversation;
		this.#output += conversation.answer(line);
		this.#pace.restart(this.#host.clock.monotonic());
		if (conversation.after === 'command') return true;
		if (conversation.after === 'content') this.#beginContent();
		else if (conversation.after === 'tls') this.#startTls();
		else if (conversation.after === 'login') this.#login();
		else this.#end('');
		return true;
	}

	#startTls(): void {
		this.#waitsFor = 'tls';
		if (this.#input.bytes > 0) {
			this.#host.handlers.refused(this.#conversation.session, 'sequence', 'bytes behind STARTTLS dropped');
		}
		this.#input.discard();
		const plain = this.#socket;
		plain.pause();
		const wire = this.#output;
		this.#output = '';
		plain.write(wire, 'latin1', (error) => {
			if (error || this.#endedAt !== undefined || this.#isClosed) return;
			this.#detach(plain);
			this.#wrap(plain, () => {});
		});
	}

	/** Gives the socket to TLS and goes on when the handshake is done. */
	#wrap(plain: Socket, begun: () => void): void {
		const secureContext = this.#host.secureContext();
		const secure = new TLSSocket(plain, {
			isServer: true,
			...(secureContext !== undefined && { secureContext }),
		});
		this.#attach(secure);
		secure.once('secure', () => {
			this.#waitsFor = undefined;
			this.#conversation.secure();
			begun();
			this.#goOn();
		});
	}

	/** Has user and password checked. Nothing that the client says meanwhile is looked at. */
	#login(): void {
		const { handlers } = this.#host;
		const conversation = this.#conversation;
		const { attempt, session } = conversation;
		this.#waitsFor = 'login';
		const answered = (wire: () => string): void => {
			this.#waitsFor = undefined;
			if (this.#isClosed || this.#endedAt !== undefined) return;
			this.#output += wire();
			if (conversation.after === 'close') this.#end('');
			this.#goOn();
		};
		const failed = (error: unknown): void => answered(() => conversation.loginFailed(error));
		// A later turn even for an answer that is there already, so that `waitsFor` never changes under the loop.
		Promise.resolve()
			.then(() => handlers.login?.(session, attempt) ?? Promise.reject(new Error('no login here')))
			.then((answer) => answered(() => conversation.loggedIn(answer)), failed);
	}

	// --- Content ---

	#beginContent(): void {
		this.#reader = new ContentReader(this.#host.settings);
		this.#host.memory.begin(this);
		this.#pace.restart(this.#host.clock.monotonic());
	}

	/** Gives the reader what has come; false when that was all and the message has not ended. */
	#takeContent(reader: ContentReader): boolean {
		const { memory, settings, clock } = this.#host;
		const heldBefore = reader.heldBytes;
		const receivedBefore = reader.receivedBytes;
		const hasEnded = this.#input.feed(reader);
		memory.grow(reader.heldBytes - heldBefore);
		this.#pace.progress(reader.receivedBytes - receivedBefore);
		if (hasEnded) {
			this.#endContent(reader);
			return true;
		}
		if (reader.fault !== undefined) {
			// It holds nothing more, so it is not the one that all others wait for.
			memory.end(this);
			if (reader.receivedBytes > settings.messageBytesMax * REFUSED_MESSAGES_MAX) {
				this.#endWith(reader.fault, 'content never ends');
			}
		} else if (!this.#isStarved && !memory.mayRead(this)) {
			this.#isStarved = true;
			this.#pace.restart(clock.monotonic());
		}
		return false;
	}

	/** Memory did not come: the content is dropped, its rest read to the end, and the answer will be 451. */
	#giveUpContent(): void {
		const { memory } = this.#host;
		const reader = this.#reader!;
		memory.grow(-reader.heldBytes);
		reader.refuse('memory');
		memory.end(this);
		this.resumeReading();
	}

	#endContent(reader: ContentReader): void {
		const { memory, handlers } = this.#host;
		const conversation = this.#conversation;
		this.#reader = undefined;
		memory.end(this);
		if (reader.fault !== undefined) {
			const { fault, receivedBytes } = reader;
			this.#answerContent(() => conversation.refuse(fault, `${receivedBytes} bytes`));
			return;
		}
		this.#waitsFor = 'message';
		const content = reader.content();
		// The callbacks run in a later turn, so `waitsFor` is set by then whatever the handler does.
		const answered = (wire: () => string): void => {
			memory.release(content.bytes);
			this.#waitsFor = undefined;
			this.#answerContent(wire);
			this.#goOn();
		};
		const internal = (error: unknown): void => answered(() => conversation.refuse('internal', errorDetail(error)));
		try {
			handlers
				.message(conversation.session, conversation.envelope(content.has8bit), content)
				.then((reply) => answered(() => conversation.said(reply)), internal);
		} catch (error) {
			queueMicrotask(() => internal(error));
		}
	}

	#answerContent(wire: () => string): void {
		this.#conversation.endContent();
		this.#output += wire();
		if (this.#isDraining) this.#end(faultWire('shuttingDown'));
		else if (this.#conversation.after === 'close') this.#end('');
	}

	// --- The end ---

	#endWith(fault: FaultName, detail: string): void {
		this.#end(this.#conversation.refuse(fault, detail));
	}

	/** Says the last reply, drops what has not been looked at, and waits for the client to close. */
	#end(wire: string): void {
		if (this.#endedAt !== undefined || this.#isClosed) return;
		this.#output += wire;
		this.#flush();
		this.#endedAt = this.#host.clock.monotonic();
		this.#dropContent();
		this.#input.discard();
		this.#isStarved = false;
		this.#steerReading();
		if (this.#waitsFor === 'tls' || this.#hasClientEnded) this.#socket.destroySoon();
		else this.#socket.end();
	}

	#clientEnded(): void {
		this.#hasClientEnded = true;
		if (this.#endedAt !== undefined) this.#socket.destroySoon();
		else if (!this.#isBlocked()) this.#run();
	}

	#dropContent(): void {
		const { memory } = this.#host;
		if (this.#reader === undefined) return;
		memory.grow(-this.#reader.heldBytes);
		this.#reader = undefined;
		memory.end(this);
	}

	#close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#endedAt ??= this.#host.clock.monotonic();
		this.#dropContent();
		this.#input.discard();
		if (this.#isRefused) this.#host.refused.count--;
		this.#host.closed(this);
	}
}
