/**
 * A probe message: a whole SMTP transaction with the agent, as the MTA would do it, to an address that the agent stores and drops.
 *
 * Nothing less tells whether mail flows: a port can be open while its process is stopped, and a process can greet while its disk is full.
 * Each answer has a deadline of its own and the whole has one; what is read is bounded. The null reverse-path, so that nothing can ever
 * answer it. Not here: what an outcome means (judge.ts).
 */
import { connect, type Socket } from 'node:net';
import { watchProbeDomain } from '@sluice/shared/words/probe.ts';
import type { ProbeOutcome, ProbePhase } from './outcome.ts';

export type ProbeOptions = {
	readonly port: number;
	readonly host?: string;
	/** Makes the address of this probe one of its own: letters and digits. */
	readonly token: string;
	readonly nowMs: number;
	readonly answerMsMax?: number;
	readonly wholeMsMax?: number;
};

/** An agent that syncs a slow disk may take a while; one that takes longer keeps mail waiting. */
const answerMsMaxDefault = 10_000;
const wholeMsMaxDefault = 25_000;
const replyBytesMax = 64 << 10;
const replyCharsMax = 200;

const message = ({ token, nowMs }: ProbeOptions): string =>
	[
		`Date: ${new Date(nowMs).toUTCString().replace('GMT', '+0000')}`,
		`From: sluice-watch@${watchProbeDomain}`,
		`To: ${token}@${watchProbeDomain}`,
		`Message-ID: <${token}@${watchProbeDomain}>`,
		'Subject: Probe message',
		'Auto-Submitted: auto-generated',
		'',
		'Whether the agent takes mail. Stored and dropped.',
		'.',
		'',
	].join('\r\n');

type Turn = { readonly phase: ProbePhase; readonly send?: string; readonly expects: RegExp };

const turns = (options: ProbeOptions): readonly Turn[] => [
	{ phase: 'greeting', expects: /^220/ },
	{ phase: 'EHLO', send: 'EHLO sluice-watch.invalid\r\n', expects: /^250/ },
	{ phase: 'MAIL', send: 'MAIL FROM:<>\r\n', expects: /^250/ },
	{ phase: 'RCPT', send: `RCPT TO:<${options.token}@${watchProbeDomain}>\r\n`, expects: /^25[01]/ },
	{ phase: 'DATA', send: 'DATA\r\n', expects: /^354/ },
	{ phase: 'message', send: message(options), expects: /^250/ },
];

/** Throws nothing: whatever happens is an outcome. */
export async function probe(options: ProbeOptions): Promise<ProbeOutcome> {
	const { answerMsMax = answerMsMaxDefault, wholeMsMax = wholeMsMaxDefault } = options;
	const beganMs = performance.now();
	const reached = await reach(options, answerMsMax);
	if ('kind' in reached) return reached;
	const replies = repliesOf(reached.socket);
	try {
		for (const { phase, send, expects } of turns(options)) {
			if (send !== undefined) reached.socket.write(send);
			const leftMs = Math.min(answerMsMax, wholeMsMax - (performance.now() - beganMs));
			const answer = await replies.next(leftMs);
			if (answer === 'silent' || answer === 'cut') return { kind: answer, phase };
			if (!expects.test(answer)) return { kind: 'refused', phase, reply: shown(answer) };
		}
		reached.socket.write('QUIT\r\n');
		return { kind: 'accepted', ms: Math.round(performance.now() - beganMs) };
	} finally {
		replies.stop();
		reached.socket.destroySoon();
	}
}

function reach(
	{ port, host = '127.0.0.1' }: ProbeOptions,
	msMax: number,
): Promise<{ readonly socket: Socket } | ProbeOutcome> {
	return new Promise((resolve) => {
		const socket = connect({ port, host });
		const timer = setTimeout(() => {
			socket.destroy();
			resolve({ kind: 'unreachable', code: 'ETIMEDOUT' });
		}, msMax);
		socket.once('connect', () => {
			clearTimeout(timer);
			resolve({ socket });
		});
		socket.once('error', (error: NodeJS.ErrnoException) => {
			clearTimeout(timer);
			resolve({ kind: 'unreachable', code: error.code ?? 'EUNKNOWN' });
		});
	});
}

/** A line that goes on: RFC 5321 §4.2.1. What is no SMTP at all ends with its first line. */
const goesOn = /^\d{3}-/;

/** Length of the whole reply at the head of the text; undefined: it is not all here. */
function replyLength(text: string): number | undefined {
	for (let at = 0; ; ) {
		const end = text.indexOf('\n', at);
		if (end < 0) return undefined;
		if (!goesOn.test(text.slice(at, end))) return end + 1;
		at = end + 1;
	}
}

type Replies = { next(msMax: number): Promise<string | 'silent' | 'cut'>; stop(): void };

function repliesOf(socket: Socket): Replies {
	let text = '';
	let isClosed = false;
	let wake = (): void => {};
	socket.setEncoding('latin1');
	socket.on('data', (part: string) => {
		text += part;
		if (text.length > replyBytesMax) socket.destroy();
		wake();
	});
	const close = (): void => {
		isClosed = true;
		wake();
	};
	socket.on('error', close);
	socket.on('end', close);
	socket.on('close', close);
	const taken = (): string | undefined => {
		const length = replyLength(text);
		if (length === undefined) return undefined;
		const reply = text.slice(0, length);
		text = text.slice(reply.length);
		return reply;
	};
	return {
		next: (msMax) =>
			new Promise((resolve) => {
				const timer = setTimeout(() => finish('silent'), Math.max(0, msMax));
				const finish = (answer: string): void => {
					clearTimeout(timer);
					wake = () => {};
					resolve(answer);
				};
				wake = () => {
					const reply = taken();
					if (reply !== undefined) finish(reply);
					else if (isClosed) finish('cut');
				};
				wake();
			}),
		stop: () => {
			wake = () => {};
		},
	};
}

/** One line that a terminal and a mail may show. */
function shown(reply: string): string {
	const lines = reply.trim().split(/\r?\n/);
	const last = lines.at(-1) ?? '';
	return last.replace(/[^\x20-\x7e]/g, '?').slice(0, replyCharsMax);
}
