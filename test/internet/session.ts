/**
 * One SMTP session of a sink: bytes in, replies out, one message record per final dot.
 *
 * The loop in `#run` takes one command or one piece of content at a time until nothing is left or the session is
 * `#blocked` (a slow reply, a handshake, silence); replies gather in `#output` and leave as one write a turn, which is
 * what makes pipelining fast (RFC 2920 §3.2). Behaviour comes from the sink's settings and from magic addresses.
 * Strict where a receiver may be: what breaks the protocol is counted in `violations`.
 *
 * Not here: listening and keeping records (sink.ts), what parameters are fine (session-settings.ts).
 * RFC 5321, 2920 (PIPELINING), 3207 (STARTTLS), 4954 (AUTH).
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ContentReader } from './content-reader.ts';
import { unstuff } from './end-of-data.ts';
import { type Fault, magicOf } from './magic.ts';
import { bodySha256, type ReceivedMessage, type ReceivedRecipient } from './message.ts';
import { type PathArgument, parsePath } from './path.ts';
import { type Reply, renderReply, reply, replyText } from './reply.ts';
import { mailRefusal, offeredKeywords, rcptRefusal, type SessionSettings, tooBig } from './session-settings.ts';
import { increment, type SinkCounts } from './tally.ts';

const EMPTY = Buffer.alloc(0);
const LF = 10;
const CR = 13;
/** Longest command line taken; beyond what an MTA must take (RFC 5321 §4.5.3.1.4, RFC 3461 §5.1). */
const COMMAND_BYTES_MAX = 8192;
/** Input held back while a session is blocked; more, and the socket is paused. */
const BLOCKED_BYTES_MAX = 1 << 20;
/** These end a group of pipelined commands: nothing may follow before their reply (RFC 2920 §3.1). */
const LAST_IN_GROUP = /^(?:EHLO|HELO|DATA|VRFY|QUIT|NOOP|STARTTLS|AUTH)\b/i;

const OK_MAIL = reply(250, 'Ok', '2.1.0');
const OK_RCPT = reply(250, 'Ok', '2.1.5');
const OK = reply(250, 'Ok', '2.0.0');
const OK_RCPT_TEXT = replyText(OK_RCPT);

/** What a session needs of its sink. */
export type SessionHost = {
	readonly settings: SessionSettings;
	readonly counts: SinkCounts;
	/** How often a key was seen, this time included. */
	readonly triesOf: (key: string) => number;
	/** Takes records of messages; undefined when nobody wants them. */
	readonly record: ((message: ReceivedMessage) => void) | undefined;
	/** Something counted has changed. */
	readonly changed: () => void;
	/** The connection is closed; called once. */
	readonly closed: (session: Session) => void;
};

type Transaction = {
	readonly reversePath: PathArgument;
	readonly recipients: ReceivedRecipient[];
	acceptedCount: number;
	atData: Fault | undefined;
	atContent: Fault | undefined;
	atEnd: Fault | undefined;
};

export class Session {
	readonly #host: SessionHost;
	readonly #settings: SessionSettings;
	readonly #connection: number;
	readonly #peerAddress: string;
	readonly #peerPort: number;
	readonly #withStatus: boolean;
	#socket: Socket;
	#input: Buffer = EMPTY;
	#output = '';
	#blocked = false;
	#ended = false;
	#gone = false;
	#waiting: { readonly timer: NodeJS.Timeout; readonly then: () => void } | undefined;
	#ehloName = '';
	#isExtended = false;
	#isTls = false;
	#user: string | undefined;
	#authStep: ((line: string) => void) | undefined;
	#transactions = 0;
	#transaction: Transaction | undefined;
	#content: ContentReader | undefined;

	constructor(socket: Socket, connection: number, host: SessionHost) {
		this.#socket = socket;
		this.#connection = connection;
		this.#host = host;
		this.#settings = host.settings;
		this.#withStatus = host.settings.extensions.has('ENHANCEDSTATUSCODES');
		this.#peerAddress = socket.remoteAddress ?? '';
		this.#peerPort = socket.remotePort ?? 0;
		socket.setNoDelay(true);
		this.#listen(socket);
		this.#greet();
	}

	/** How many transactions this connection has carried so far. */
	get transactions(): number {
		return this.#transactions;
	}

	/** Cuts the connection; no record or count comes from it afterwards. */
	stop(): void {
		this.#ended = true;
		if (this.#waiting !== undefined) clearTimeout(this.#waiting.timer);
		this.#waiting = undefined;
		this.#socket.destroy();
	}

	// --- The connection ---

	#listen(socket: Socket) {
		socket.on('data', (chunk: Buffer) => this.#receive(chunk));
		socket.on('error', () => {});
		socket.on('close', () => this.#close());
		socket.setTimeout(this.#settings.idleTimeoutMs, () => this.#bye(reply(421, 'Timeout exceeded', '4.4.2')));
	}

	#close() {
		if (this.#gone) return;
		this.#gone = true;
		// What was to be answered later is settled now: a message read in full must leave its record.
		if (this.#waiting !== undefined) {
			clearTimeout(this.#waiting.timer);
			this.#waiting.then();
		}
		this.#ended = true;
		this.#host.closed(this);
	}

	#greet() {
		const { banner, greetingName } = this.#settings;
		if (banner === 'silent') this.#blocked = true;
		else if (banner === 'greet') this.#output = `220 ${greetingName} ESMTP sink\r\n`;
		else this.#bye(banner);
		this.#flush();
	}

	#receive(chunk: Buffer) {
		if (this.#ended) return;
		this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
		if (this.#blocked && this.#input.length > BLOCKED_BYTES_MAX) this.#socket.pause();
		this.#run();
	}

	#run() {
		while (!this.#blocked && !this.#ended && this.#input.length > 0) {
			if (this.#content !== undefined) this.#readContent(this.#content);
			else if (!this.#readCommand()) break;
		}
		this.#flush();
	}

	#flush() {
		if (this.#output === '') return;
		const bytes = this.#output;
		this.#output = '';
		if (this.#socket.writable) this.#socket.write(bytes);
	}

	#say(said: Reply) {
		if (said.code >= 400) {
			increment(this.#host.counts.rejected, said.code);
			this.#host.changed();
		}
		this.#output += renderReply(said, this.#withStatus);
	}

	#bye(said: Reply) {
		if (this.#ended) return;
		this.#say(said);
		this.#flush();
		this.#ended = true;
		this.#socket.end();
	}

	#drop() {
		this.#host.counts.dropped++;
		this.#host.changed();
		this.#flush();
		this.#ended = true;
		this.#socket.destroy();
	}

	/** Takes no input until `then` has run. */
	#later(delayMs: number, then: () => void) {
		this.#blocked = true;
		const timer = setTimeout(() => {
			this.#waiting = undefined;
			this.#blocked = false;
			then();
			this.#socket.resume();
			this.#run();
		}, delayMs);
		this.#waiting = { timer, then };
	}

	#violation(name: string) {
		increment(this.#host.counts.violations, name);
		this.#host.changed();
	}

	/** Acts out a fault. `answer` is called unless the connection ends or stays silent; with the reply to give instead. */
	#act(fault: Fault | undefined, triesKey: string, answer: (instead: Reply | undefined) => void) {
		switch (fault?.kind) {
			case undefined:
				return answer(undefined);
			case 'reply':
				return answer(fault.reply);
			case 'bye':
				return this.#bye(fault.reply);
			case 'drop':
				return this.#drop();
			case 'silence':
				this.#blocked = true;
				return;
			case 'delay':
				return this.#later(fault.delayMs, () => answer(undefined));
			case 'first-tries':
				return answer(this.#host.triesOf(triesKey) <= fault.tries ? fault.reply : undefined);
		}
	}

	// --- Commands ---

	/** Reads one line of the input and acts on it; false when no whole line is there. */
	#readCommand(): boolean {
		const end = this.#input.indexOf(LF);
		if (Math.max(end, end < 0 ? this.#input.length : 0) > COMMAND_BYTES_MAX) {
			this.#bye(reply(500, 'Line too long'));
			return false;
		}
		if (end < 0) return false;
		const hasCr = end > 0 && this.#input[end - 1] === CR;
		if (!hasCr) this.#violation('command-without-cr');
		const line = this.#input.toString('utf8', 0, hasCr ? end - 1 : end);
		this.#input = this.#input.subarray(end + 1);
		if (this.#authStep !== undefined) this.#authStep(line);
		else if (this.#mayBeFollowed(line)) this.#command(line);
		return true;
	}

	/** False when the client has sent ahead although it was not told that it may. */
	#mayBeFollowed(line: string): boolean {
		if (this.#input.length === 0) return true;
		if (!this.#isExtended || !this.#settings.extensions.has('PIPELINING')) {
			this.#violation('pipelining-not-offered');
			this.#say(reply(503, 'Improper use of SMTP command pipelining', '5.5.0'));
			return false;
		}
		if (LAST_IN_GROUP.test(line)) this.#violation('sent-ahead-of-last-in-group');
		return true;
	}

	#command(line: string) {
		const space = line.indexOf(' ');
		const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
		const rest = space < 0 ? '' : line.slice(space + 1);
		switch (verb) {
			case 'EHLO':
			case 'HELO':
				return this.#hello(verb, rest.trim());
			case 'MAIL':
				return this.#mail(rest);
			case 'RCPT':
				return this.#rcpt(rest);
			case 'DATA':
				return this.#data();
			case 'RSET':
				this.#transaction = undefined;
				return this.#say(OK);
			case 'NOOP':
				return this.#say(OK);
			case 'QUIT':
				return this.#bye(reply(221, 'Bye', '2.0.0'));
			case 'STARTTLS':
				return this.#startTls();
			case 'AUTH':
				return this.#auth(rest.trim());
			case 'VRFY':
				return this.#say(reply(252, 'Send some mail, I will try my best', '2.0.0'));
			default:
				return this.#say(reply(500));
		}
	}

	#hello(verb: 'EHLO' | 'HELO', name: string) {
		if (name === '') return this.#say(reply(501, `Syntax: ${verb} hostname`));
		if (verb === 'EHLO' && !this.#settings.speaksEsmtp) return this.#say(reply(502));
		this.#ehloName = name;
		this.#isExtended = verb === 'EHLO';
		this.#transaction = undefined;
		const own = this.#settings.echoesEhloName ? name : this.#settings.greetingName;
		const offers = this.#isExtended ? offeredKeywords(this.#settings, this.#isTls) : [];
		this.#say({
			code: 250,
			status: '',
			lines: [`${own} Hello ${name} [${this.#peerAddress}]`, ...offers],
		});
	}

	#mail(rest: string) {
		if (this.#ehloName === '') return this.#say(reply(503, 'Say EHLO first'));
		if (this.#transaction !== undefined) return this.#say(reply(503, 'Nested MAIL command'));
		if (this.#settings.credentials !== undefined && this.#user === undefined) return this.#say(reply(530));
		if (this.#transactions >= this.#settings.transactionsPerConnectionMax) {
			return this.#bye(reply(421, 'Too many messages in this connection', '4.7.0'));
		}
		const reversePath = /^FROM:/i.test(rest) ? parsePath(rest.slice(5)) : undefined;
		if (reversePath === undefined) return this.#say(reply(501, 'Syntax: MAIL FROM:<address>', '5.1.7'));
		const refusal = mailRefusal(this.#settings, reversePath, this.#isExtended);
		if (refusal !== undefined) return this.#say(refusal);
		const magic = magicOf(reversePath.localPart);
		this.#act(magic?.stage === 'mail' ? magic.fault : undefined, '', (instead) => {
			if (instead !== undefined) return this.#say(instead);
			this.#transactions++;
			this.#host.counts.transactions++;
			this.#transaction = {
				reversePath,
				recipients: [],
				acceptedCount: 0,
				atData: undefined,
				atContent: undefined,
				atEnd: undefined,
			};
			this.#say(OK_MAIL);
		});
	}

	#rcpt(rest: string) {
		const transaction = this.#transaction;
		if (transaction === undefined) return this.#say(reply(503, 'Need MAIL command'));
		const path = /^TO:/i.test(rest) ? parsePath(rest.slice(3)) : undefined;
		if (path === undefined || path.address === '') {
			return this.#say(reply(501, 'Syntax: RCPT TO:<address>', '5.1.3'));
		}
		const refusal =
			rcptRefusal(this.#settings, path, transaction.reversePath, this.#isExtended) ??
			(transaction.acceptedCount >= this.#settings.recipientsPerTransactionMax
				? reply(452, 'Too many recipients', '4.5.3')
				: undefined);
		if (refusal !== undefined) return this.#answerRcpt(transaction, path, refusal);
		const magic = magicOf(path.localPart);
		if (magic?.stage === 'data') transaction.atData ??= magic.fault;
		if (magic?.stage === 'content') transaction.atContent ??= magic.fault;
		if (magic?.stage === 'end') transaction.atEnd ??= magic.fault;
		const fault = magic?.stage === 'rcpt' ? magic.fault : undefined;
		const bySender = fault?.kind === 'first-tries' && fault.bySender;
		const triesKey = `${bySender ? transaction.reversePath.address : '*'} ${path.address}`.toLowerCase();
		this.#act(fault, triesKey, (instead) => this.#answerRcpt(transaction, path, instead ?? OK_RCPT));
	}

	#answerRcpt(transaction: Transaction, { address, parameters }: PathArgument, said: Reply): void {
		const isAccepted = said === OK_RCPT;
		if (isAccepted) transaction.acceptedCount++;
		const text = isAccepted ? OK_RCPT_TEXT : replyText(said);
		transaction.recipients.push({
			address,
			parameters,
			reply: text,
			isAccepted,
		});
		this.#say(said);
	}

	#data() {
		const transaction = this.#transaction;
		if (transaction === undefined) return this.#say(reply(503, 'Need MAIL command'));
		if (transaction.acceptedCount === 0) return this.#say(reply(554, 'No valid recipients', '5.5.1'));
		this.#act(transaction.atData, '', (instead) => {
			if (instead !== undefined) return this.#say(instead);
			this.#output += '354 End data with <CR><LF>.<CR><LF>\r\n';
			const { keepsContent, extensions, messageBytesMax } = this.#settings;
			this.#content = new ContentReader(keepsContent || !extensions.has('8BITMIME'), messageBytesMax);
		});
	}

	// --- Content ---

	#readContent(content: ContentReader) {
		const transaction = this.#transaction!;
		if (transaction.atContent !== undefined) return this.#act(transaction.atContent, '', () => {});
		const rest = content.read(this.#input);
		this.#input = rest ?? EMPTY;
		if (rest === undefined) return;
		this.#content = undefined;
		this.#transaction = undefined;
		this.#end(transaction, content);
	}

	#end(transaction: Transaction, content: ContentReader) {
		const { extensions, name } = this.#settings;
		const fault = transaction.atEnd;
		const raw = content.raw();
		const settle = (said: Reply | undefined): void => this.#settle(transaction, content, raw, said);
		if (content.isTooBig) return settle(tooBig);
		if (!extensions.has('8BITMIME') && raw.some((byte) => byte > 127)) {
			return settle(reply(554, 'Eight-bit content is not allowed here', '5.6.1'));
		}
		if (fault?.kind === 'drop' || fault?.kind === 'silence') settle(undefined);
		this.#act(fault, '', (instead) => {
			const id = `${name}-${this.#connection}-${this.#transactions}`;
			settle(instead ?? (this.#gone ? undefined : reply(250, `Ok: queued as ${id}`, '2.0.0')));
		});
	}

	/** Answers the final dot (not at all if there is nothing to say), counts the message and records it. */
	#settle(transaction: Transaction, content: ContentReader, raw: Buffer, said: Reply | undefined): void {
		const { counts, record, changed } = this.#host;
		const outcome = said === undefined ? 'swallowed' : said.code < 300 ? 'accepted' : 'refused';
		if (outcome === 'accepted') {
			counts.messages++;
			counts.recipients += transaction.acceptedCount;
			counts.bytes += content.bytes;
		}
		if (outcome === 'swallowed') counts.swallowed++;
		if (said !== undefined) this.#say(said);
		if (record !== undefined) record(this.#recordOf(transaction, raw, outcome, said));
		changed();
	}

	#recordOf(
		transaction: Transaction,
		raw: Buffer,
		outcome: ReceivedMessage['outcome'],
		said: Reply | undefined,
	): ReceivedMessage {
		const content = unstuff(raw);
		const { reversePath, recipients } = transaction;
		return {
			sink: this.#settings.name,
			at: Date.now(),
			connection: this.#connection,
			transaction: this.#transactions,
			peerAddress: this.#peerAddress,
			peerPort: this.#peerPort,
			ehloName: this.#ehloName,
			isTls: this.#isTls,
			user: this.#user,
			reversePath: reversePath.address,
			mailParameters: reversePath.parameters,
			recipients,
			acceptedRecipients: recipients.filter((one) => one.isAccepted).map((one) => one.address),
			raw,
			content,
			bodySha256: bodySha256(content),
			outcome,
			reply: said === undefined ? '' : replyText(said),
		};
	}

	// --- STARTTLS and AUTH ---

	#startTls() {
		const { tls } = this.#settings;
		if (tls === undefined || this.#isTls) return this.#say(reply(503, 'TLS is not available'));
		if (tls === 'refuse') return this.#say(reply(454, 'TLS not available due to temporary reason'));
		// What came behind STARTTLS in the clear is never obeyed (RFC 3207 §4, CVE-2011-0411).
		this.#input = EMPTY;
		this.#say(reply(220, 'Ready to start TLS', '2.0.0'));
		this.#flush();
		this.#blocked = true;
		const plain = this.#socket;
		plain.removeAllListeners('data');
		plain.removeAllListeners('timeout');
		if (tls === 'fail') {
			plain.once('data', () => {
				this.#host.counts.tlsFailures++;
				this.#drop();
			});
			return;
		}
		const secured = new TLSSocket(plain, {
			isServer: true,
			secureContext: tls,
		});
		this.#socket = secured;
		secured.once('secure', () => this.#secured());
		secured.on('error', () => {
			if (!this.#isTls) this.#host.counts.tlsFailures++;
			secured.destroy();
		});
		this.#listen(secured);
	}

	/** After the handshake everything said before is forgotten (RFC 3207 §4.2). */
	#secured() {
		this.#host.counts.tlsHandshakes++;
		this.#isTls = true;
		this.#ehloName = '';
		this.#transaction = undefined;
		this.#blocked = false;
		this.#run();
	}

	#auth(rest: string) {
		if (this.#settings.credentials === undefined) return this.#say(reply(502));
		if (this.#user !== undefined) return this.#say(reply(503, 'Already authenticated'));
		const [mechanism, initial] = rest.split(' ');
		const base64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
		switch (mechanism?.toUpperCase()) {
			case 'PLAIN':
				return this.#ask('', initial, (answer) => {
					const [, user, password] = base64(answer).split('\0');
					this.#checkPassword(user, password);
				});
			case 'LOGIN':
				return this.#ask('VXNlcm5hbWU6', initial, (user) =>
					this.#ask('UGFzc3dvcmQ6', undefined, (password) => this.#checkPassword(base64(user), base64(password))),
				);
			default:
				return this.#say(reply(504, 'Unrecognized authentication type', '5.5.4'));
		}
	}

	/** Puts a challenge and gives the next line to `answer`, at once if the client sent it along (RFC 4954 §4). */
	#ask(challenge: string, given: string | undefined, answer: (line: string) => void) {
		if (given !== undefined) return answer(given);
		this.#say({ code: 334, status: '', lines: [challenge] });
		this.#authStep = (line) => {
			this.#authStep = undefined;
			answer(line);
		};
	}

	#checkPassword(user: string | undefined, password: string | undefined) {
		const { credentials } = this.#settings;
		if (user !== credentials?.user || password !== credentials?.password) return this.#say(reply(535));
		this.#user = user;
		this.#say(reply(235, 'Authentication successful', '2.7.0'));
	}
}
