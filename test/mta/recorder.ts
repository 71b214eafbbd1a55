/**
 * Recorder: an SMTP server that takes everything and keeps it byte by byte.
 *
 * It stands where the agent or the internet would stand and shows what a mail server really sends: peer address, EHLO name,
 * XFORWARD, ESMTP parameters and the message with its dots unstuffed. `answer` lets a test refuse, defer or cut.
 *
 * Not here: judging, delivering, TLS, AUTH. It is no strict server.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type Header = { readonly name: string; readonly value: string };

export type Transaction = {
	readonly peer: string;
	readonly ehlo: string;
	/** XFORWARD attributes as sent for this transaction, xtext decoded; `[UNAVAILABLE]` is kept. */
	readonly xforward: Readonly<Record<string, string>>;
	/** Reverse-path without brackets; empty for the null reverse-path. */
	readonly from: string;
	readonly mailParameters: string;
	/** Recipients that were accepted. */
	readonly recipients: readonly { readonly address: string; readonly parameters: string }[];
	/** Header fields in order, values with their folds, latin1. */
	readonly headers: readonly Header[];
	/** The whole message, CRLF, dots unstuffed, latin1. */
	readonly message: string;
	/** What the message was answered. */
	readonly reply: string;
};

export type Stage = 'connect' | 'mail' | 'rcpt' | 'data';

/** A reply such as `450 4.2.1 later`, `cut` to drop the connection, or undefined to accept. `value` is the address, if any. */
export type Answer = (stage: Stage, value: string, transaction: Open) => string | 'cut' | undefined;

type Open = {
	peer: string;
	ehlo: string;
	xforward: Record<string, string>;
	/** Undefined until MAIL was accepted. */
	from: string | undefined;
	mailParameters: string;
	recipients: { address: string; parameters: string }[];
};

export type RecorderOptions = { readonly host?: string; readonly port?: number; readonly answer?: Answer };

const WAIT_MS_DEFAULT = 15_000;
const EXTENSIONS = [
	'recorder.test',
	'PIPELINING',
	'8BITMIME',
	'SIZE 104857600',
	'DSN',
	'SMTPUTF8',
	'ENHANCEDSTATUSCODES',
	'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE',
];

/** Listens on 127.0.0.1, port 0 unless told. */
export async function startRecorder(options: RecorderOptions = {}): Promise<Recorder> {
	const recorder = new Recorder(options.answer);
	await recorder.listen(options.port ?? 0, options.host ?? '127.0.0.1');
	return recorder;
}

export class Recorder {
	/** All messages so far, in order of their end. Those that were refused after DATA are among them. */
	readonly transactions: Transaction[] = [];
	/** May be changed while running. */
	answer: Answer | undefined;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #waiting = new Set<() => void>();

	constructor(answer?: Answer) {
		this.answer = answer;
		this.#server = createServer({ noDelay: true }, (socket) => this.#converse(socket));
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	async listen(port: number, host: string): Promise<void> {
		this.#server.listen(port, host);
		await once(this.#server, 'listening');
	}

	/** The first message that fits, past or to come. Throws after `waitMs` with a list of what came instead. */
	async waitFor(fits: (transaction: Transaction) => boolean, waitMs = WAIT_MS_DEFAULT): Promise<Transaction> {
		const deadline = AbortSignal.timeout(waitMs);
		for (;;) {
			const found = this.transactions.find(fits);
			if (found !== undefined) return found;
			if (deadline.aborted) throw new Error(`no such message in ${waitMs} ms; came: ${this.#summary()}`);
			await new Promise<void>((resolve) => {
				const wake = () => {
					this.#waiting.delete(wake);
					deadline.removeEventListener('abort', wake);
					resolve();
				};
				this.#waiting.add(wake);
				deadline.addEventListener('abort', wake);
			});
		}
	}

	/** The message with this Subject. */
	waitForSubject(subject: string, waitMs?: number): Promise<Transaction> {
		return this.waitFor((transaction) => headerOf(transaction, 'Subject') === subject, waitMs);
	}

	async stop(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		if (!this.#server.listening) return;
		this.#server.close();
		await once(this.#server, 'close');
	}

	#summary(): string {
		return this.transactions.map((each) => `<${each.from}> ${headerOf(each, 'Subject') ?? '(no subject)'}`).join('; ');
	}

	#record(transaction: Transaction): void {
		this.transactions.push(transaction);
		for (const wake of [...this.#waiting]) wake();
	}

	#converse(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
		const peer = socket.remoteAddress ?? '';
		let open: Open = { peer, ehlo: '', xforward: {}, from: undefined, mailParameters: '', recipients: [] };
		let data: string | undefined; // collects the message while it comes
		let pending = '';
		const fresh = () => {
			open = { peer, ehlo: open.ehlo, xforward: {}, from: undefined, mailParameters: '', recipients: [] };
		};
		/** Sends the test's own reply or this one and answers with it; undefined when it was a cut. */
		const say = (stage: Stage, value: string, otherwise: string): string | undefined => {
			const reply = this.answer?.(stage, value, open) ?? otherwise;
			if (reply === 'cut') {
				socket.destroy();
				return undefined;
			}
			socket.write(`${reply}\r\n`);
			return reply;
		};
		const command = (line: string): void => {
			const [verb = '', ...rest] = line.split(' ');
			const [, path = '', parameters = ''] = /^[^:]*:\s*<([^>]*)>\s*(.*)$/.exec(line) ?? [];
			switch (verb.toUpperCase()) {
				case 'EHLO':
					open.ehlo = rest.join(' ');
					socket.write(
						EXTENSIONS.map((text, at) => `250${at === EXTENSIONS.length - 1 ? ' ' : '-'}${text}\r\n`).join(''),
					);
					return;
				case 'HELO':
					open.ehlo = rest.join(' ');
					socket.write('250 recorder.test\r\n');
					return;
				case 'XFORWARD':
					for (const pair of rest) {
						const at = pair.indexOf('=');
						open.xforward[pair.slice(0, at).toUpperCase()] = fromXtext(pair.slice(at + 1));
					}
					socket.write('250 2.0.0 Ok\r\n');
					return;
				case 'MAIL':
					open.from = path;
					open.mailParameters = parameters;
					if (!say('mail', path, '250 2.1.0 Ok')?.startsWith('2')) fresh();
					return;
				case 'RCPT':
					// A pipelining client sends RCPT before it knows that MAIL was refused.
					if (open.from === undefined) {
						socket.write('503 5.5.1 MAIL first\r\n');
						return;
					}
					if (say('rcpt', path, '250 2.1.5 Ok')?.startsWith('2')) open.recipients.push({ address: path, parameters });
					return;
				case 'DATA':
					if (open.recipients.length === 0) socket.write('554 5.5.1 no recipients\r\n');
					else {
						socket.write('354 go on\r\n');
						data = '\r\n'; // so that a first line "." is found as an end
					}
					return;
				case 'RSET':
					fresh();
					socket.write('250 2.0.0 Ok\r\n');
					return;
				case 'QUIT':
					socket.end('221 2.0.0 Bye\r\n');
					return;
				default:
					socket.write(verb.toUpperCase() === 'NOOP' ? '250 2.0.0 Ok\r\n' : '502 5.5.2 what?\r\n');
			}
		};
		const finish = (stuffed: string): void => {
			const message = stuffed.replaceAll('\r\n..', '\r\n.').slice(2);
			const done = { ...open, from: open.from ?? '' };
			const reply = say('data', done.from, `250 2.0.0 Ok: recorded ${this.transactions.length + 1}`);
			fresh();
			this.#record({ ...done, headers: headersOf(message), message, reply: reply ?? 'cut' });
		};
		say('connect', peer, '220 recorder.test ESMTP');
		socket.setEncoding('latin1').on('data', (text: string) => {
			pending += text;
			for (;;) {
				if (data !== undefined) {
					// A terminator may be cut between two reads, so search over the seam.
					const from = Math.max(0, data.length - 4);
					data += pending;
					pending = '';
					const end = data.indexOf('\r\n.\r\n', from);
					if (end < 0) return;
					pending = data.slice(end + 5);
					const whole = data.slice(0, end + 2);
					data = undefined;
					finish(whole);
				}
				const end = pending.indexOf('\r\n');
				if (end < 0) return;
				const line = pending.slice(0, end);
				pending = pending.slice(end + 2);
				command(line);
			}
		});
	}
}

/** Value of the first header field of this name, unfolded and trimmed. */
export function headerOf(transaction: Pick<Transaction, 'headers'>, name: string): string | undefined {
	const found = transaction.headers.find((header) => header.name.toLowerCase() === name.toLowerCase());
	return found?.value.replace(/\r\n(?=[ \t])/g, '').trim();
}

/** Header fields of a message as they stand, up to the empty line. */
export function headersOf(message: string): readonly Header[] {
	const end = message.startsWith('\r\n') ? 0 : message.indexOf('\r\n\r\n');
	const block = end < 0 ? message : message.slice(0, end);
	return block
		.split(/\r\n(?![ \t])/)
		.filter((field) => field.includes(':'))
		.map((field) => {
			const colon = field.indexOf(':');
			return { name: field.slice(0, colon), value: field.slice(colon + 1) };
		});
}

/** RFC 3461 §4: xtext. */
function fromXtext(text: string): string {
	return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
