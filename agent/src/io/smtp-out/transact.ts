/**
 * One transaction: MAIL, RCPT, DATA, content, dot; and a report of what was answered.
 *
 * With PIPELINING the whole envelope is one write and the content another, so a small message is two system calls out
 * (the calls are what sending costs). Without it the same steps wait for each answer. Replies are matched to commands by
 * their order alone. Each reply advances the transaction within the read that brought it.
 *
 * It holds no opinion on what an answer means for a recipient, and never rejects: whatever happens is in the report.
 * What it does decide is whether the connection may be used again: not after 421, a loss, or an answer that does not fit.
 * A transaction that did not end with the answer to the dot leaves RSET to the next one, in whose first write it travels
 * (RFC 2920 §3.1 allows RSET anywhere in a group).
 *
 * Not here: the handshake (connect.ts), 8-bit or SMTPUTF8 content for servers that do not offer it (decided before).
 * RFC 5321 §3.3, §4.1.1, §4.5.3.2; RFC 2920.
 */
import type { Reply } from '@sluice/shared/words/reply.ts';
import type { Extensions, OutboundMessage, TransactionReport } from '../../ports/smtp-out.ts';
import { mailCommand, pathsAreSafe, rcptCommand } from './commands.ts';
import { endsWithCrlf } from './content.ts';
import { type ContentWriter, writeContent } from './content-writer.ts';
import type { StageTimeouts } from './settings.ts';
import type { Wire } from './wire.ts';

/**
 * What the next reply answers. `draining`: MAIL was refused, and the answers to what was sent along are still to come.
 * `emptyEnd`: no recipient was accepted, DATA was.
 */
type Stage = 'reset' | 'mail' | 'rcpt' | 'data' | 'body' | 'end' | 'draining' | 'emptyEnd' | 'done';

export type TransactionStart = {
	readonly wire: Wire;
	readonly extensions: Extensions;
	readonly timeouts: StageTimeouts;
	/** The transaction before this one was left unfinished. */
	readonly resetDue: boolean;
};

export type TransactionEnd = {
	readonly report: TransactionReport;
	/** This one was left unfinished. */
	readonly resetDue: boolean;
};

/** Runs one transaction; resolves when it is over, one way or another. */
export function transact(start: TransactionStart, message: OutboundMessage): Promise<TransactionEnd> {
	const fault = faultOf(message);
	if (fault !== undefined) {
		const report: TransactionReport = {
			recipients: [],
			lost: { stage: 'mail', error: fault },
		};
		return Promise.resolve({ report, resetDue: start.resetDue });
	}
	return new Promise((resolve) => {
		new Transaction(start, message, resolve).begin();
	});
}

/** What must not be sent at all: each would let content be read as commands. */
function faultOf(message: OutboundMessage): string | undefined {
	if (message.recipients.length === 0) return 'no recipients';
	if (!pathsAreSafe(message)) return 'control characters in an address';
	if (message.bytes > 0 && !endsWithCrlf(message.chunks)) return 'the content does not end with CRLF';
	return undefined;
}

/** Holds the wire from the first command to the last answer. */
class Transaction {
	readonly #wire: Wire;
	readonly #extensions: Extensions;
	readonly #timeouts: StageTimeouts;
	readonly #resetDue: boolean;
	readonly #message: OutboundMessage;
	readonly #resolve: (end: TransactionEnd) => void;
	#stage: Stage = 'mail';
	#mail: Reply | undefined;
	readonly #recipients: Reply[] = [];
	#data: Reply | undefined;
	#end: Reply | undefined;
	#lost: TransactionReport['lost'];
	#acceptedCount = 0;
	/** Answers still to come for commands sent along with a refused MAIL. */
	#drainCount = 0;
	#content: ContentWriter | undefined;
	/** Whatever the server does, it is over then. */
	readonly #endsAt: number;

	constructor(start: TransactionStart, message: OutboundMessage, resolve: (end: TransactionEnd) => void) {
		this.#wire = start.wire;
		this.#extensions = start.extensions;
		this.#timeouts = start.timeouts;
		this.#endsAt = performance.now() + start.timeouts.transactionMs;
		this.#resetDue = start.resetDue;
		this.#message = message;
		this.#resolve = resolve;
	}

	begin(): void {
		this.#wire.listen({ reply: (answer) => this.#take(answer), lost: (error) => this.#lose(error) });
		if (this.#stage === 'done') return;
		this.#stage = this.#resetDue ? 'reset' : 'mail';
		this.#expectWithin(this.#timeouts.mailMs, 'MAIL');
		if (this.#extensions.pipelining) this.#wire.writeLine(this.#envelopeLines());
		else this.#wire.writeLine(this.#resetDue ? 'RSET\r\n' : mailCommand(this.#message, this.#extensions));
	}

	#expectWithin(milliseconds: number, forWhat: string): void {
		this.#wire.expectWithin(Math.min(milliseconds, this.#endsAt - performance.now()), forWhat);
	}

	#envelopeLines(): string {
		let lines = this.#resetDue ? 'RSET\r\n' : '';
		lines += mailCommand(this.#message, this.#extensions);
		for (const recipient of this.#message.recipients) lines += rcptCommand(recipient, this.#extensions);
		return `${lines}DATA\r\n`;
	}

	#take(answer: Reply): void {
		if (answer.code === 421) this.#wire.spoil();
		if (!answers(this.#stage, answer)) {
			this.#wire.destroy();
			this.#lose(`unexpected ${answer.code} ${answer.lines[0] ?? ''}`);
			return;
		}
		switch (this.#stage) {
			case 'reset':
				this.#onReset();
				break;
			case 'mail':
				this.#onMail(answer);
				break;
			case 'rcpt':
				this.#onRcpt(answer);
				break;
			case 'data':
				this.#onData(answer);
				break;
			case 'body':
			case 'end':
				this.#onEnd(answer);
				break;
			case 'draining':
				this.#onDrained(answer);
				break;
			case 'emptyEnd':
				// The answer is about a message that does not exist.
				this.#finish(false);
				break;
			case 'done':
				break;
		}
	}

	#onReset(): void {
		this.#stage = 'mail';
		this.#expectWithin(this.#timeouts.mailMs, 'MAIL');
		if (!this.#extensions.pipelining) this.#wire.writeLine(mailCommand(this.#message, this.#extensions));
	}

	#onMail(answer: Reply): void {
		this.#mail = answer;
		if (isDone(answer)) {
			this.#stage = 'rcpt';
			this.#expectRcpt();
		} else if (this.#extensions.pipelining && answer.code !== 421) {
			this.#stage = 'draining';
			this.#drainCount = this.#message.recipients.length + 1;
			this.#expectWithin(this.#timeouts.rcptMs, 'RCPT');
		} else {
			this.#finish(true);
		}
	}

	#expectRcpt(): void {
		this.#expectWithin(this.#timeouts.rcptMs, 'RCPT');
		const recipient = this.#message.recipients[this.#recipients.length];
		if (this.#extensions.pipelining || recipient === undefined) return;
		this.#wire.writeLine(rcptCommand(recipient, this.#extensions));
	}

	#onRcpt(answer: Reply): void {
		this.#recipients.push(answer);
		if (isDone(answer)) this.#acceptedCount++;
		const areAllAnswered = this.#recipients.length === this.#message.recipients.length;
		if (areAllAnswered && this.#acceptedCount === 0 && (answer.code === 421 || !this.#extensions.pipelining)) {
			this.#finish(true);
		} else if (answer.code === 421) {
			// What was sent along is not going to be answered.
			this.#lose(`421 ${answer.lines[0] ?? ''}`);
		} else if (!areAllAnswered) {
			this.#expectRcpt();
		} else {
			this.#stage = 'data';
			this.#expectWithin(this.#timeouts.dataMs, 'DATA');
			if (!this.#extensions.pipelining) this.#wire.writeLine('DATA\r\n');
		}
	}

	#onData(answer: Reply): void {
		this.#data = answer;
		if (answer.code !== 354) {
			this.#finish(true);
		} else if (this.#acceptedCount === 0) {
			// RFC 2920 §3.1: nobody was accepted, yet the server waits for content: it gets none.
			this.#stage = 'emptyEnd';
			this.#expectWithin(this.#timeouts.endMs, 'the answer to the dot');
			this.#wire.writeLine('.\r\n');
		} else {
			this.#stage = 'body';
			this.#content = writeContent(this.#wire, this.#message.chunks, {
				slab: () => this.#expectWithin(this.#timeouts.bodyMs, 'the server to take the content'),
				flushed: () => {
					this.#stage = 'end';
					// In full, however long it took so far: who hangs up now may deliver twice (RFC 1047).
					this.#wire.expectWithin(this.#timeouts.endMs, 'the answer to the dot');
				},
			});
		}
	}

	#onEnd(answer: Reply): void {
		if (this.#content?.isDotHanded !== true) {
			// The server has had enough before the dot, and takes what follows for content or for commands: who knows.
			this.#wire.destroy();
			if (isDone(answer)) {
				this.#lose(`unexpected ${answer.code} ${answer.lines[0] ?? ''}`);
				return;
			}
		}
		this.#end = answer;
		this.#finish(false);
	}

	#onDrained(answer: Reply): void {
		this.#drainCount--;
		// Content is expected though MAIL was refused: whatever is sent now may be taken for a message.
		if (this.#drainCount === 0 && answer.code === 354) this.#wire.destroy();
		if (this.#drainCount === 0 || answer.code === 421) this.#finish(true);
		else this.#expectWithin(this.#timeouts.rcptMs, 'RCPT');
	}

	#lose(error: string): void {
		// While draining or after an empty end all that concerns the message is known.
		if (this.#stage === 'reset') this.#lost = { stage: 'mail', error };
		else if (isLosable(this.#stage)) this.#lost = { stage: this.#stage, error };
		this.#finish(false);
	}

	#finish(resetDue: boolean): void {
		if (this.#stage === 'done') return;
		this.#stage = 'done';
		this.#content?.stop();
		this.#wire.expectNothing();
		this.#wire.listen(undefined);
		const report: TransactionReport = {
			...(this.#mail === undefined ? {} : { mail: this.#mail }),
			recipients: this.#recipients,
			...(this.#data === undefined ? {} : { data: this.#data }),
			...(this.#end === undefined ? {} : { end: this.#end }),
			...(this.#lost === undefined ? {} : { lost: this.#lost }),
		};
		this.#resolve({ report, resetDue });
	}
}

/** 2yz: done. */
const isDone = (answer: Reply): boolean => answer.code < 300;

/** False when the code cannot answer what was asked: the two sides are out of step. */
function answers(stage: Stage, answer: Reply): boolean {
	if (stage === 'reset') return isDone(answer);
	if (stage === 'data') return answer.code === 354 || answer.code >= 400;
	return stage === 'draining' || isDone(answer) || answer.code >= 400;
}

const isLosable = (stage: Stage): stage is 'mail' | 'rcpt' | 'data' | 'body' | 'end' =>
	stage !== 'reset' && stage !== 'draining' && stage !== 'emptyEnd' && stage !== 'done';
