/**
 * The conversation before the first MAIL, carried by nodemailer's SMTPConnection: greeting, EHLO or HELO, STARTTLS, AUTH.
 *
 * Its transaction log (a public option) shows each command and each reply as it happens: from it come the greeting's
 * name, the offer, and the stage with its time-out. When the handshake is over its listeners are taken off the socket
 * and the wire is ours; from then on the package's object has no part in it. Why so: docs/adr/0004.
 *
 * Not here: opening the socket and falling back to the clear (connect.ts). RFC 5321 §3.1–3.2, RFC 3207, RFC 4954.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Reply } from '@sluice/shared/words/reply.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { DialFailure, DialTarget } from '../../ports/smtp-out.ts';
import { nothingOffered, type Offer, offerOf } from './extensions.ts';
import { keptOf, parseReply, REPLY_BYTES_MAX } from './replies.ts';
import type { DialerSettings, StageTimeouts } from './settings.ts';
import { credentialsMayBeSeen, hostName, tlsOptions } from './tls-policy.ts';
import { Wire } from './wire.ts';

export type Greeted = {
	readonly wire: Wire;
	/** First word of the 220 greeting. */
	readonly greetingName: string;
	/** First word of the last answer to EHLO or HELO. */
	readonly ehloName: string;
	readonly offer: Offer;
};

/** What the package keeps to itself and we need: its socket (the TLS one after STARTTLS) and its listeners. */
export const PACKAGE_LISTENERS = {
	data: '_onSocketData',
	error: '_onSocketError',
	close: '_onSocketClose',
	end: '_onSocketEnd',
	timeout: '_onSocketTimeout',
} as const;
type PackageListener = (typeof PACKAGE_LISTENERS)[keyof typeof PACKAGE_LISTENERS];
type Internals = { readonly _socket: Socket } & Readonly<Record<PackageListener, () => void>>;

type Stage = 'greeting' | 'ehlo' | 'tls' | 'auth';
type PackageError = Error & { readonly response?: string | undefined };

const ERROR_CHARACTERS_MAX = 200;
/** RFC 1035 §2.3.4; longer is no name. */
const NAME_CHARACTERS_MAX = 255;

/** Speaks on a connected socket until mail can be sent; on failure the socket is destroyed. */
export function handshake(
	socket: Socket,
	target: DialTarget,
	settings: DialerSettings,
): Promise<Result<Greeted, DialFailure>> {
	return new Promise((resolve) => {
		const { timeouts } = settings;
		let stage: Stage = 'greeting';
		let greeting: Reply | undefined;
		let hello: Reply | undefined;
		let offer: Offer = nothingOffered;
		let command = '';
		let isSettled = false;
		let timer = setTimeout(onTimeout, timeouts.greetingMs);

		function onTimeout(): void {
			fail('time-out');
		}

		function enter(next: Stage, withinMs: number): void {
			stage = next;
			clearTimeout(timer);
			timer = setTimeout(onTimeout, withinMs);
		}

		function onCommand(line: string): void {
			command = /^[A-Za-z]{4,8}/.exec(line)?.[0].toUpperCase() ?? '';
			if (command === 'EHLO' || command === 'HELO') enter('ehlo', timeouts.ehloMs);
			if (command === 'STARTTLS') enter('tls', timeouts.tlsMs);
		}

		function onReply(text: string): void {
			const answer = parseReply(text);
			if (answer === undefined || answer.code >= 300) return;
			if (stage === 'greeting') greeting = answer;
			if (stage !== 'ehlo') return;
			hello = answer;
			offer = command === 'EHLO' ? offerOf(answer) : nothingOffered;
		}

		function settle(result: Result<Greeted, DialFailure>): void {
			isSettled = true;
			clearTimeout(timer);
			resolve(result);
		}

		function fail(error: PackageError | string): void {
			if (isSettled) return;
			settle(failed(failureOf(stage, error)));
			connection.close();
			socket.destroy();
		}

		function succeed(): void {
			const wire = new Wire(takeOver(connection));
			settle(ok({ wire, greetingName: nameIn(greeting), ehloName: nameIn(hello), offer }));
		}

		function authenticate({ user, password }: NonNullable<DialTarget['auth']>): void {
			if (target.tls !== 'none' && !credentialsMayBeSeen(target) && !isSecure(connection)) {
				stage = 'tls';
				fail('no TLS, and credentials are not sent in the clear');
				return;
			}
			enter('auth', timeouts.authMs);
			if (offer.authMechanisms.length === 0) fail('the server offers no authentication');
			else connection.login({ credentials: { user, pass: password } }, (error) => (error ? fail(error) : succeed()));
		}

		const connection = packageConnection(socket, target, settings, {
			onCommand,
			onReply,
		});
		// Stays when we are done: an error event without a listener would be thrown.
		connection.on('error', fail);
		connection.on('end', () => fail('closed by the server'));
		connection.connect((error) => {
			if (error) fail(error);
			else if (target.auth === undefined) succeed();
			else authenticate(target.auth);
		});
	});
}

const nameIn = (answer: Reply | undefined): string =>
	(answer?.lines[0]?.split(/\s/, 1)[0] ?? '').slice(0, NAME_CHARACTERS_MAX);

type Observer = {
	readonly onCommand: (line: string) => void;
	readonly onReply: (text: string) => void;
};

function packageConnection(
	socket: Socket,
	target: DialTarget,
	settings: DialerSettings,
	observer: Observer,
): SMTPConnection {
	const secured = socket instanceof TLSSocket;
	// Ours ring first, stage by stage; the package's are a second net.
	const neverMs = totalOf(settings.timeouts);
	return new SMTPConnection({
		connection: socket,
		host: hostName(target),
		port: target.port,
		secure: secured,
		secured,
		name: target.helo,
		ignoreTLS: target.tls === 'none',
		requireTLS: target.tls === 'required' && !secured,
		tls: tlsOptions(target, settings.tls),
		connectionTimeout: neverMs,
		greetingTimeout: neverMs,
		socketTimeout: neverMs,
		maxResponseSize: REPLY_BYTES_MAX,
		transactionLog: true,
		logger: {
			debug: (entry: { readonly tnx?: string }, line: string) => {
				if (entry.tnx === 'client') observer.onCommand(line);
				else if (entry.tnx === 'server') observer.onReply(line);
			},
			info: ignore,
			warn: ignore,
			error: ignore,
		},
	});
}

const ignore = (): void => {};

function totalOf(timeouts: StageTimeouts): number {
	return timeouts.greetingMs + timeouts.ehloMs * 2 + timeouts.tlsMs + timeouts.authMs + 1_000;
}

const isSecure = (connection: SMTPConnection): boolean => connection._socket instanceof TLSSocket;

/** The socket, with the package's listeners off it. Its own listeners (Node's, TLS) stay. */
function takeOver(connection: SMTPConnection): Socket {
	const internals = connection as unknown as Internals;
	for (const [event, listener] of Object.entries(PACKAGE_LISTENERS)) {
		internals._socket.removeListener(event, internals[listener]);
	}
	return internals._socket;
}

function failureOf(stage: Stage, error: PackageError | string): DialFailure {
	if (typeof error === 'string') return { stage, error };
	const answer = error.response === undefined ? undefined : parseReply(error.response);
	if (answer !== undefined) return { stage, reply: keptOf(answer) };
	// The package puts its own code in place of the system's, and that one here.
	const text = 'originalCode' in error ? String(error.originalCode) : error.message;
	return {
		stage,
		error: text.replace(/\p{Cc}/gu, ' ').slice(0, ERROR_CHARACTERS_MAX),
	};
}
