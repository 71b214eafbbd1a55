/**
 * One SMTP session of a sink: commands and content in, replies out, one message record per final dot.
 *
 * Behaviour comes from the sink's settings and from magic addresses. Strict where a receiver may be: what breaks the
 * protocol is counted in `violations`. Replies of pipelined commands leave together (RFC 2920 §3.2).
 *
 * Not here: bytes and sockets (connection.ts), which parameters are fine (session-settings.ts), listening and keeping
 * records (sink.ts). RFC 5321, 2920 (PIPELINING), 3207 (STARTTLS).
 */
import type { Socket } from 'node:net';
import { type AuthStep, beginAuth } from './auth.ts';
import { Connection } from './connection.ts';
import { ContentReader } from './content-reader.ts';
import { type Fault, magicOf } from './magic.ts';
import type { ReceivedMessage } from './message.ts';
import { type PathArgument, parsePath } from './path.ts';
import { type Reply, renderReply, reply, replyText } from './reply.ts';
import { mailRefusal, offeredKeywords, rcptRefusal, type SessionSettings, tooBig } from './session-settings.ts';
import { increment, type SinkCounts } from './tally.ts';
import { noteMagic, openTransaction, recordOf, type Transaction } from './transaction.ts';

/** Longest command line taken; beyond what an MTA must take (RFC 5321 §4.5.3.1.4, RFC 3461 §5.1). */
const COMMAND_BYTES_MAX = 8192;
/** These end a group of pipelined commands: nothing may follow before their reply (RFC 2920 §3.1). */
const LAST_IN_GROUP = /^(?:EHLO|HELO|DATA|VRFY|QUIT|NOOP|STARTTLS|AUTH)\b/i;

const OK_MAIL = reply(250, 'Ok', '2.1.0');
const OK_RCPT = reply(250, 'Ok', '2.1.5');
const OK = reply(250, 'Ok', '2.0.0');

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

export class Session {
	readonly #host: SessionHost;
	readonly #settings: SessionSettings;
	readonly #connection: Connection;
	readonly #number: number;
	readonly #withStatus: boolean;
	#ehloName = '';
	#isExtended = false;
	#isTls = false;
	#user: string | undefined;
	#auth: AuthStep | undefined;
	#transactions = 0;
	#transaction: Transaction | undefined;
	#content: ContentReader | undefined;

	/** `number` counts the connections of the sink. */
	constructor(socket: Socket, number: number, host: SessionHost) {
		this.#host = host;
		this.#settings = host.settings;
		this.#number = number;
		this.#withStatus = host.settings.extensions.has('ENHANCEDSTATUSCODES');
		this.#connection = new Connection(socket, host.settings.idleTimeoutMs, {
			step: () => (this.#content === undefined ? this.#readCommand() : this.#readContent(this.#content)),
			idle: () => this.#bye(reply(421, 'Timeout exceeded', '4.4.2')),
			closed: () => host.closed(this),
		});
		this.#greet();
	}

	/** How many transactions this connection has carried so far. */
	get transactions(): number {
		return this.#transactions;
	}

	/** Cuts the connection; nothing is recorded or counted afterwards but its closing. */
	stop(): void {
		this.#connection.stop();
	}

	// --- Saying and acting ---

	#greet() {
		const { banner, greetingName } = this.#settings;
		if (banner === 'silent') return this.#connection.hold();
		if (banner !== 'greet') return this.#bye(banner);
		this.#connection.say(`220 ${greetingName} ESMTP sink\r\n`);
		this.#connection.flush();
	}

	#say(said: Reply) {
		if (said.code >= 400) {
			increment(this.#host.counts.rejected, said.code);
			this.#host.changed();
		}
		this.#connection.say(renderReply(said, this.#withStatus));
	}

	#bye(said: Reply) {
		this.#say(said);
		this.#connection.end();
	}

	#drop() {
		this.#host.counts.dropped++;
		this.#host.changed();
		this.#connection.cut();
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
				return this.#connection.hold();
			case 'delay':
				return this.#connection.later(fault.delayMs, () => answer(undefined));
			case 'first-tries':
				return answer(this.#host.triesOf(triesKey) <= fault.tries ? fault.reply : undefined);
		}
	}

	// --- Commands ---

	#readCommand(): boolean {
		const read = this.#connection.readLine();
		const bytes = read === undefined ? this.#connection.pendingBytes : read.line.length;
		if (bytes > COMMAND_BYTES_MAX) this.#bye(reply(500, 'Line too long'));
		if (bytes > COMMAND_BYTES_MAX || read === undefined) return false;
		if (!read.hasCr) this.#violation('command-without-cr');
		if (this.#auth?.next !== undefined) this.#authenticate(this.#auth.next(read.line));
		else if (this.#mayBeFollowed(read.line)) this.#command(read.line);
		return true;
	}

	/** False when the client has sent ahead although it was not told that it may. */
	#mayBeFollowed(line: string): boolean {
		if (this.#connection.pendingBytes === 0) return true;
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
				return this.#startAuth(rest.trim());
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
			lines: [`${own} Hello ${name} [${this.#connection.peerAddress}]`, ...offers],
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
			this.#transaction = openTransaction(reversePath);
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
		if (magic !== undefined) noteMagic(transaction, magic);
		const fault = magic?.stage === 'rcpt' ? magic.fault : undefined;
		const bySender = fault?.kind === 'first-tries' && fault.bySender;
		const triesKey = `${bySender ? transaction.reversePath.address : '*'} ${path.address}`.toLowerCase();
		this.#act(fault, triesKey, (instead) => this.#answerRcpt(transaction, path, instead ?? OK_RCPT));
	}

	#answerRcpt(transaction: Transaction, { address, parameters }: PathArgument, said: Reply): void {
		const isAccepted = said === OK_RCPT;
		if (isAccepted) transaction.acceptedCount++;
		transaction.recipients.push({ address, parameters, reply: replyText(said), isAccepted });
		this.#say(said);
	}

	#data() {
		const transaction = this.#transaction;
		if (transaction === undefined) return this.#say(reply(503, 'Need MAIL command'));
		if (transaction.acceptedCount === 0) return this.#say(reply(554, 'No valid recipients', '5.5.1'));
		this.#act(transaction.atData, '', (instead) => {
			if (instead !== undefined) return this.#say(instead);
			this.#connection.say('354 End data with <CR><LF>.<CR><LF>\r\n');
			const { keepsContent, extensions, messageBytesMax } = this.#settings;
			this.#content = new ContentReader(keepsContent || !extensions.has('8BITMIME'), messageBytesMax);
		});
	}

	// --- Content ---

	#readContent(content: ContentReader): boolean {
		const transaction = this.#transaction!;
		if (transaction.atContent !== undefined) this.#act(transaction.atContent, '', () => {});
		const rest = content.read(this.#connection.readAll());
		if (rest === undefined || this.#connection.isEnded) return false;
		this.#connection.unread(rest);
		this.#content = undefined;
		this.#transaction = undefined;
		this.#finish(transaction, content);
		return true;
	}

	#finish(transaction: Transaction, content: ContentReader) {
		const fault = transaction.atEnd;
		const raw = content.raw();
		const settle = (said: Reply | undefined) => this.#settle(transaction, content.bytes, raw, said);
		if (content.isTooBig) return settle(tooBig);
		if (!this.#settings.extensions.has('8BITMIME') && raw.some((byte) => byte > 127)) {
			return settle(reply(554, 'Eight-bit content is not allowed here', '5.6.1'));
		}
		if (fault?.kind === 'drop' || fault?.kind === 'silence') settle(undefined);
		this.#act(fault, '', (instead) => {
			const id = `${this.#settings.name}-${this.#number}-${this.#transactions}`;
			settle(this.#connection.isGone ? undefined : (instead ?? reply(250, `Ok: queued as ${id}`, '2.0.0')));
		});
	}

	/** Answers the final dot (not at all if there is nothing to say), counts the message and records it. */
	#settle(transaction: Transaction, bytes: number, raw: Buffer, said: Reply | undefined) {
		const { counts, record, changed, settings } = this.#host;
		const outcome = said === undefined ? 'swallowed' : said.code < 300 ? 'accepted' : 'refused';
		if (outcome === 'accepted') {
			counts.messages++;
			counts.recipients += transaction.acceptedCount;
			counts.bytes += bytes;
		}
		if (outcome === 'swallowed') counts.swallowed++;
		if (said !== undefined) this.#say(said);
		const { peerAddress, peerPort } = this.#connection;
		record?.({
			sink: settings.name,
			connection: this.#number,
			transaction: this.#transactions,
			peerAddress,
			peerPort,
			ehloName: this.#ehloName,
			isTls: this.#isTls,
			user: this.#user,
			outcome,
			reply: said === undefined ? '' : replyText(said),
			...recordOf(transaction, raw),
		});
		changed();
	}

	// --- STARTTLS and AUTH ---

	#startTls() {
		const { tls } = this.#settings;
		const { counts, changed } = this.#host;
		if (tls === undefined || this.#isTls) return this.#say(reply(503, 'TLS is not available'));
		if (tls === 'refuse') return this.#say(reply(454, 'TLS not available due to temporary reason'));
		this.#say(reply(220, 'Ready to start TLS', '2.0.0'));
		const failed = () => {
			counts.tlsFailures++;
			changed();
		};
		if (tls === 'fail') return this.#connection.cutAtNextInput(failed);
		this.#connection.secure(tls, (isSecure) => {
			if (!isSecure) return failed();
			counts.tlsHandshakes++;
			// After the handshake everything said before is forgotten (RFC 3207 §4.2).
			this.#isTls = true;
			this.#ehloName = '';
			this.#transaction = undefined;
			changed();
		});
	}

	#startAuth(argument: string) {
		if (this.#settings.credentials === undefined) return this.#say(reply(502));
		if (this.#user !== undefined) return this.#say(reply(503, 'Already authenticated'));
		this.#authenticate(beginAuth(this.#settings.credentials, argument));
	}

	#authenticate(step: AuthStep) {
		this.#auth = step;
		this.#user = step.user;
		this.#say(step.say);
	}
}
