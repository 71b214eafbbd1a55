/**
 * What is said at the relay port between two messages: one command line in, one reply out.
 *
 * Holds the state of the session (greeting, XFORWARD, login, transaction) and asks flow where flow decides. Strict about order and
 * syntax, patient with an MTA: what a pipelining client says after a refused MAIL is answered and not held against it, since it could not
 * know (RFC 2920 §3.1). Only what no MTA says counts towards `badCommandsMax`.
 *
 * Synchronous, no I/O: the caller writes the reply and does what `after` says. Not here: bytes and time (connection.ts), content
 * (reader.ts). RFC 5321 §4.1, RFC 2034, 2920, 3207, 3461, 4954.
 */
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { LoginAnswer, LoginAttempt, Peer, ReceptionHandlers, SmtpSession, XForward } from '../../ports/smtp-in.ts';
import type { AuthStep } from './auth-exchange.ts';
import { Authentication } from './authentication.ts';
import type { CommandLine } from './input.ts';
import { mailVerb, parseMail, parseRecipient, rcptVerb } from './parser.ts';
import { bannerWire, ehloWire, faultWire, heloWire, wireOf, wires } from './replies.ts';
import type { SmtpInSettings } from './settings.ts';
import { Transaction } from './transaction.ts';
import { readXforward } from './xforward.ts';

/** What the connection does once the reply is written. */
export type After = 'command' | 'content' | 'tls' | 'login' | 'close';

export type ConversationSetup = {
	readonly id: string;
	readonly settings: SmtpInSettings;
	readonly handlers: ReceptionHandlers;
	readonly hasTls: boolean;
};

/** Calls of `refused` per connection, so that a broken client cannot fill the log. */
const REPORTS_MAX = 50;
/** RFC 5321 §4.5.3.1.2. */
const HELO_CHARS_MAX = 255;
const HELO = /^[\x21-\x7e]+$/;
const NO_XFORWARD: XForward = Object.freeze({});
/** A browser or a proxy speaks, made to by somebody else's page: what follows is text that a tenant chose. */
const HTTP_VERBS: ReadonlySet<string> = new Set([
	'GET',
	'POST',
	'PUT',
	'HEAD',
	'CONNECT',
	'OPTIONS',
	'DELETE',
	'PATCH',
]);
const NOT_IMPLEMENTED: ReadonlySet<string> = new Set([
	'BDAT',
	'BURL',
	'ETRN',
	'EXPN',
	'LHLO',
	'SAML',
	'SEND',
	'SOML',
	'STARTTLS',
	'TURN',
	'XCLIENT',
]);

export class Conversation {
	/** What follows the last reply. */
	after: After = 'command';
	readonly #setup: ConversationSetup;
	#peer: Peer;
	/** What every further command is answered, before the connection ends. */
	#refusal: string | undefined;
	readonly #authentication = new Authentication();
	#helo = '';
	#isExtended = false;
	#isTls = false;
	#xforward = NO_XFORWARD;
	#session: SmtpSession | undefined;
	#transaction: Transaction | undefined;
	#badCommands = 0;
	#reports = 0;

	constructor(setup: ConversationSetup, peer: Peer) {
		this.#setup = setup;
		this.#peer = peer;
	}

	get session(): SmtpSession {
		const { credential } = this.#authentication;
		this.#session ??= {
			id: this.#setup.id,
			peer: this.#peer,
			helo: this.#helo,
			protocol: this.#protocol,
			xforward: this.#xforward,
			...(credential === undefined ? {} : { credential }),
		};
		return this.#session;
	}

	/** RFC 3848. */
	get #protocol(): string {
		if (!this.#isExtended) return 'SMTP';
		return `ESMTP${this.#isTls ? 'S' : ''}${this.#authentication.credential === undefined ? '' : 'A'}`;
	}

	/** MAIL may be said: always at the relay port, after a login at a submission listener. */
	get isWelcome(): boolean {
		return !this.#setup.settings.needsLogin || this.#authentication.credential !== undefined;
	}

	/** User and password to check. Only after `login`. */
	get attempt(): LoginAttempt {
		return this.#authentication.attempt as LoginAttempt;
	}

	/** The banner, or flow's refusal of the connection. */
	greet(): string {
		const refusal = this.#ask(() => this.#setup.handlers.connect(this.#peer));
		if (refusal === undefined) return bannerWire(this.#setup.settings);
		this.after = 'close';
		return refusal;
	}

	/** The peer is now known better. Flow's refusal on the wire, if it refuses; nothing is answered to such a peer any more. */
	identify(peer: Peer): string | undefined {
		this.#peer = peer;
		this.#session = undefined;
		this.#refusal = this.#ask(() => this.#setup.handlers.identified?.(peer));
		return this.#refusal;
	}

	/** TLS is up: nothing that was said before counts (RFC 3207 §4.2). */
	secure(): void {
		this.after = 'command';
		this.#isTls = true;
		this.#helo = '';
		this.#isExtended = false;
		this.resetTransaction();
		this.#session = undefined;
	}

	resetTransaction(): void {
		this.#transaction = undefined;
		if (this.#xforward === NO_XFORWARD) return;
		this.#xforward = NO_XFORWARD;
		this.#session = undefined;
	}

	/** The envelope of the content that has just come. Only between DATA and `resetTransaction`. */
	envelope(contentHas8bit: boolean): Envelope {
		return this.#transaction!.envelope(contentHas8bit);
	}

	/** The content has been answered; wrong commands before it are forgotten. */
	endContent(): void {
		this.after = 'command';
		this.#badCommands = 0;
		this.resetTransaction();
	}

	/** Tells flow that the edge refused something, with the wire of the refusal. */
	refuse(fault: FaultName, detail: string): string {
		if (faults[fault].reply.code === 421) this.after = 'close';
		if (this.#reports++ < REPORTS_MAX) this.#setup.handlers.refused(this.session, fault, detail);
		return faultWire(fault);
	}

	/** What flow answered, on the wire. 421 closes whoever says it (RFC 5321 §3.8). */
	said(answer: Reply): string {
		if (answer.code === 421) this.after = 'close';
		return wireOf(answer);
	}

	/** The reply to one command, on the wire. */
	answer(line: CommandLine): string {
		if (this.#refusal !== undefined) {
			this.after = 'close';
			return this.#refusal;
		}
		if (this.#authentication.isUnderWay) return this.#takeAuth(line);
		if (line.fault !== undefined) return this.#wrong(line.fault, 'line');
		const { text } = line;
		const space = text.indexOf(' ');
		const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase();
		const farewell = verb === 'QUIT' ? undefined : this.#farewell();
		if (farewell !== undefined) return farewell;
		switch (verb) {
			case 'RCPT':
				return this.#rcpt(text);
			case 'MAIL':
				return this.#mail(text);
			case 'DATA':
				return space < 0 ? this.#data() : this.#wrong('argument', text);
			case 'EHLO':
			case 'HELO':
				return this.#hello(verb, text.slice(5).trim());
			case 'AUTH':
				return this.#auth(text.slice(5));
			case 'XFORWARD':
				return this.#forward(text.slice(9));
			case 'RSET':
				if (space >= 0) return this.#wrong('argument', text);
				this.resetTransaction();
				return wires.ok;
			case 'NOOP':
				return wires.ok;
			case 'QUIT':
				this.after = 'close';
				return wires.bye;
			case 'VRFY':
				return space < 0 ? this.#wrong('argument', text) : wires.verify;
			case 'HELP':
				return wires.help;
			case 'STARTTLS':
				if (!this.#setup.hasTls || this.#isTls) return this.#wrong('notImplemented', verb);
				if (space >= 0) return this.#wrong('argument', text);
				this.after = 'tls';
				return wires.startTls;
			default:
				if (HTTP_VERBS.has(verb)) return this.refuse('tooManyBadCommands', this.#quoted(text));
				return this.#wrong(NOT_IMPLEMENTED.has(verb) ? 'notImplemented' : 'syntax', this.#quoted(text));
		}
	}

	/** A command for the log. Where passwords are said, what is no command may be one. */
	#quoted(text: string): string {
		return this.#setup.settings.needsLogin ? `${text.length} characters` : text.slice(0, 80);
	}

	/** The end of a session whose login holds no longer. */
	#farewell(): string | undefined {
		if (this.#authentication.credential === undefined) return undefined;
		return this.#ask(() => this.#setup.handlers.stillWelcome?.(this.session));
	}

	#auth(args: string): string {
		// Without its argument: that is a password.
		if (!this.#setup.settings.needsLogin) return this.#wrong('notImplemented', 'AUTH');
		const isInTransaction = this.#transaction !== undefined;
		return this.#authStep(
			this.#authentication.begin(args, { isTls: this.#isTls, hasEhlo: this.#isExtended, isInTransaction }),
		);
	}

	#takeAuth(line: CommandLine): string {
		if (line.fault === undefined) return this.#authStep(this.#authentication.take(line.text));
		this.#authentication.cancel();
		return this.#wrong(line.fault === 'lineTooLong' ? 'authLineTooLong' : line.fault, 'AUTH');
	}

	#authStep(step: AuthStep): string {
		switch (step.kind) {
			case 'ask':
				return step.wire;
			case 'login':
				this.after = 'login';
				return '';
			case 'fault':
				return this.#wrong(step.fault, 'AUTH');
		}
	}

	/** What came of the attempt, on the wire. */
	loggedIn(answer: LoginAnswer): string {
		this.after = 'command';
		this.#authentication.decided(answer.ok ? answer.credential : undefined);
		this.#session = undefined;
		if (answer.ok) return wires.loggedIn;
		if (this.#authentication.isSpent) this.#refusal = faultWire('authBlocked');
		return this.said(answer.reply);
	}

	/** The attempt could not be checked: a bug. Nobody is told what it was. */
	loginFailed(error: unknown): string {
		this.after = 'command';
		this.#authentication.cancel();
		this.#authentication.attempt = undefined;
		return this.refuse('authUnavailable', errorDetail(error));
	}

	/** A reply to something that no MTA says. */
	#wrong(fault: FaultName, detail: string): string {
		this.#badCommands++;
		return this.refuse(this.#badCommands > this.#setup.settings.badCommandsMax ? 'tooManyBadCommands' : fault, detail);
	}

	#hello(verb: 'EHLO' | 'HELO', name: string): string {
		if (name.length > HELO_CHARS_MAX || !HELO.test(name)) return this.#wrong('argument', verb);
		// RFC 5321 §4.1.4: EHLO in mid-session clears all buffers.
		this.resetTransaction();
		this.#helo = name;
		this.#isExtended = verb === 'EHLO';
		this.#session = undefined;
		const { settings, hasTls } = this.#setup;
		if (!this.#isExtended) return heloWire(settings);
		return ehloWire(settings, {
			xforward: this.#peer.proved,
			tls: hasTls && !this.#isTls,
			auth: settings.needsLogin && this.#isTls && !this.isWelcome,
		});
	}

	#forward(args: string): string {
		if (!this.#peer.proved) return this.#wrong('notAllowed', 'XFORWARD');
		if (this.#transaction !== undefined) return this.#wrong('sequence', 'XFORWARD');
		const known = readXforward(args, this.#xforward);
		if (known === undefined) return this.#wrong('argument', `XFORWARD ${args}`);
		this.#xforward = known;
		this.#session = undefined;
		return wires.ok;
	}

	#mail(text: string): string {
		if (this.#helo === '') return this.#wrong('sequence', 'MAIL before EHLO');
		if (!this.isWelcome) return this.#wrong('authRequired', 'MAIL');
		if (this.#transaction !== undefined) return this.#wrong('nestedMail', text);
		if (text.slice(0, mailVerb.length).toUpperCase() !== mailVerb) return this.#wrong('argument', text);
		const mail = parseMail(text);
		if (typeof mail === 'string') return this.refuse(mail, text);
		if (mail.sizeBytes !== undefined && mail.sizeBytes > this.#setup.settings.messageBytesMax) {
			return this.refuse('messageSize', `SIZE=${mail.sizeBytes}`);
		}
		const refusal = this.#ask(() => this.#setup.handlers.mail(this.session, mail));
		if (refusal !== undefined) return refusal;
		this.#transaction = new Transaction(mail);
		return wires.mail;
	}

	#rcpt(text: string): string {
		const transaction = this.#transaction;
		// Not counted as wrong: pipelined behind a MAIL that was refused.
		if (transaction === undefined) return faultWire('sequence');
		if (text.slice(0, rcptVerb.length).toUpperCase() !== rcptVerb) return this.#wrong('argument', text);
		if (transaction.acceptedCount >= this.#setup.settings.recipientsMax) return this.#overflow(transaction);
		const recipient = parseRecipient(text, transaction.mail.smtpUtf8);
		if (typeof recipient === 'string') return this.refuse(recipient, text);
		if (transaction.has(recipient.address)) return wires.rcpt;
		const refusal = this.#ask(() => this.#setup.handlers.recipient(this.session, recipient, transaction));
		if (refusal !== undefined) return refusal;
		transaction.add(recipient);
		return wires.rcpt;
	}

	#overflow(transaction: Transaction): string {
		if (transaction.isOverflowReported) return faultWire('recipientsMax');
		transaction.isOverflowReported = true;
		return this.refuse('recipientsMax', `over ${this.#setup.settings.recipientsMax}`);
	}

	#data(): string {
		if (this.#transaction === undefined) return faultWire('sequence');
		// The transaction stays open, as RFC 5321 §3.3 has it: the client sends RSET, another RCPT, or leaves.
		if (this.#transaction.acceptedCount === 0) return faultWire('noRecipients');
		this.after = 'content';
		return wires.data;
	}

	/** Flow's refusal on the wire, if it refuses. A bug in flow defers and does not take the connection with it. */
	#ask(question: () => Reply | undefined): string | undefined {
		try {
			const refusal = question();
			return refusal === undefined ? undefined : this.said(refusal);
		} catch (error) {
			return this.refuse('internal', errorDetail(error));
		}
	}
}

/** The stack for the log. */
export const errorDetail = (error: unknown): string =>
	error instanceof Error ? (error.stack ?? error.message) : String(error);
