/**
 * Submit: one message over SMTP, as a mail program of a customer would, on a plain socket.
 *
 * A test says exactly what goes over the wire: parameters of MAIL and RCPT as text, and the message as bytes, which are
 * only dot-stuffed. Every stage's reply is a value; refusals do not throw, a broken connection does.
 *
 * Not here: TLS, pipelining, composing (message.ts). RFC 5321, RFC 4954 (AUTH PLAIN), RFC 3461 (DSN).
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type Submission = {
	readonly port: number;
	readonly host?: string;
	/** Own address on the loopback, say 127.0.0.9. */
	readonly localAddress?: string;
	readonly ehlo?: string;
	readonly auth?: { readonly user: string; readonly password: string };
	/** Reverse-path without brackets; '' is the null reverse-path. */
	readonly from: string;
	/** ESMTP parameters after MAIL FROM, e.g. `RET=HDRS ENVID=x`. */
	readonly mailParameters?: string;
	readonly recipients: readonly (string | { readonly address: string; readonly parameters: string })[];
	readonly message: string | Uint8Array;
	/** Commands to send before MAIL, e.g. an XFORWARD; their replies are in `extra`. */
	readonly before?: readonly string[];
	readonly timeoutMs?: number;
};

export type Reply = { readonly code: number; readonly text: string };

export type SubmissionReplies = {
	readonly greeting: Reply;
	readonly ehlo?: Reply;
	readonly auth?: Reply;
	readonly extra: readonly Reply[];
	readonly mail?: Reply;
	/** One for each recipient, in order. */
	readonly recipients: readonly Reply[];
	/** To the DATA command; absent when no recipient was accepted. */
	readonly data?: Reply;
	/** To the end of the message: the answer that counts. */
	readonly end?: Reply;
};

const TIMEOUT_MS_DEFAULT = 30_000;

/** Hands over one message. Stops at the first stage that was refused; always says QUIT. */
export async function submit(submission: Submission): Promise<SubmissionReplies> {
	const dialog = await Dialog.open(submission);
	try {
		const greeting = await dialog.reply();
		const replies: Mutable<SubmissionReplies> = { greeting, extra: [], recipients: [] };
		if (isPositive(greeting)) await converse(dialog, submission, replies);
		return replies;
	} finally {
		dialog.quit();
	}
}

/** Hands over one message and throws, with the reply, unless it and every recipient were accepted. Answers with the last reply. */
export async function submitAccepted(submission: Submission): Promise<Reply> {
	const replies = await submit(submission);
	const { end, recipients } = replies;
	if (end === undefined || !isPositive(end) || !recipients.every(isPositive))
		throw new Error(`not accepted: ${JSON.stringify(replies)}`);
	return end;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] extends readonly (infer V)[] ? V[] : T[key] };

async function converse(dialog: Dialog, submission: Submission, replies: Mutable<SubmissionReplies>): Promise<void> {
	replies.ehlo = await dialog.command(`EHLO ${submission.ehlo ?? 'client.example.test'}`);
	if (!isPositive(replies.ehlo)) return;
	if (submission.auth !== undefined) {
		const { user, password } = submission.auth;
		replies.auth = await dialog.command(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`);
		if (!isPositive(replies.auth)) return;
	}
	for (const line of submission.before ?? []) replies.extra.push(await dialog.command(line));
	replies.mail = await dialog.command(withParameters(`MAIL FROM:<${submission.from}>`, submission.mailParameters));
	if (!isPositive(replies.mail)) return;
	for (const recipient of submission.recipients) {
		const { address, parameters } = typeof recipient === 'string' ? { address: recipient, parameters: '' } : recipient;
		replies.recipients.push(await dialog.command(withParameters(`RCPT TO:<${address}>`, parameters)));
	}
	if (!replies.recipients.some(isPositive)) return;
	replies.data = await dialog.command('DATA');
	if (replies.data.code !== 354) return;
	dialog.write(dotStuffed(submission.message));
	replies.end = await dialog.reply();
}

function withParameters(command: string, parameters: string | undefined): string {
	return parameters ? `${command} ${parameters}` : command;
}

/** RFC 5321 §4.5.2: a dot is put before every line that begins with one; then the end. */
export function dotStuffed(message: string | Uint8Array): Buffer {
	const text = typeof message === 'string' ? message : Buffer.from(message).toString('latin1');
	const stuffed = text.replace(/^\./, '..').replaceAll('\r\n.', '\r\n..');
	const ended = stuffed === '' || stuffed.endsWith('\r\n') ? stuffed : `${stuffed}\r\n`;
	return Buffer.from(`${ended}.\r\n`, typeof message === 'string' ? 'utf8' : 'latin1');
}

function isPositive(reply: Reply): boolean {
	return reply.code >= 200 && reply.code < 300;
}

class Dialog {
	readonly #socket: Socket;
	readonly #timeoutMs: number;
	#pending = '';
	#failure: Error | undefined;

	static async open(submission: Submission): Promise<Dialog> {
		const { port, host = '127.0.0.1', localAddress } = submission;
		const socket = connect({ port, host, ...(localAddress === undefined ? {} : { localAddress }) });
		await once(socket, 'connect');
		return new Dialog(socket, submission.timeoutMs ?? TIMEOUT_MS_DEFAULT);
	}

	constructor(socket: Socket, timeoutMs: number) {
		this.#socket = socket;
		this.#timeoutMs = timeoutMs;
		socket.setEncoding('latin1').setNoDelay(true);
		socket.on('data', (text: string) => {
			this.#pending += text;
			socket.emit('progress');
		});
		socket.on('error', (error) => this.#fail(error));
		socket.on('close', () => this.#fail(new Error('connection closed by the server')));
	}

	async command(line: string): Promise<Reply> {
		this.write(Buffer.from(`${line}\r\n`));
		return this.reply();
	}

	write(bytes: Uint8Array): void {
		this.#socket.write(bytes);
	}

	/** The next whole reply, of one line or several. */
	async reply(): Promise<Reply> {
		const deadline = AbortSignal.timeout(this.#timeoutMs);
		for (;;) {
			const whole = /^(?:\d{3}-.*\r\n)*(\d{3})(?: .*)?\r\n/.exec(this.#pending);
			if (whole !== null) {
				this.#pending = this.#pending.slice(whole[0].length);
				return { code: Number(whole[1]), text: whole[0].replaceAll('\r\n', '\n').trim() };
			}
			if (this.#failure !== undefined) throw this.#failure;
			await once(this.#socket, 'progress', { signal: deadline });
		}
	}

	/** Says QUIT and does not wait for the answer: Exim sleeps 200 ms over it. */
	quit(): void {
		this.#socket.end('QUIT\r\n');
		this.#socket.unref();
	}

	#fail(error: Error): void {
		this.#failure ??= error;
		this.#socket.emit('progress');
	}
}
