/**
 * A sink: an SMTP server for tests that takes everything it is not asked to refuse, and remembers what it got.
 *
 * It listens on one address, answers magic addresses (magic.ts), and can be made to lack extensions, to break TLS, to
 * allow few connections or recipients. With `store: 'all'` each message is recorded; with `'counts'` only numbers are
 * kept, which is fast enough to be a benchmark's receiver. What is kept is bounded
 * (`messagesMax`, `KEPT_BYTES_MAX`); what had to go is counted as `forgotten`.
 *
 * Not here: the conversation (session.ts), DNS and which domain leads to which sink (internet.ts).
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { certificateContext } from './certificates.ts';
import type { ReceivedMessage } from './message.ts';
import { type Reply, renderReply, reply } from './reply.ts';
import { Session, type SessionHost } from './session.ts';
import { type Credentials, type Extension, everyExtension, type SessionSettings } from './session-settings.ts';
import { emptyCounts, increment, type SinkCounts, snapshot } from './tally.ts';
import { Waiters } from './waiters.ts';

/** Messages kept by default, and bytes of them in any case; older ones are forgotten first. */
const MESSAGES_MAX = 20_000;
const KEPT_BYTES_MAX = 512 * 1024 * 1024;
const MESSAGE_BYTES_MAX = 50 * 1024 * 1024;
const IDLE_TIMEOUT_MS = 300_000;
/** Keys of first tries remembered; when full, all are forgotten. */
const TRIES_MAX = 100_000;

export type SinkOptions = {
	/** Loopback address to listen on, default 127.0.0.1. */
	readonly address?: string;
	/** 0 (default) takes any free port. */
	readonly port?: number;
	/** Name in records and queue ids, default `sink`. */
	readonly name?: string;
	/** Name in banner and EHLO, default `NAME.sink.test`. */
	readonly greetingName?: string;
	/** STARTTLS: good or bad certificate, cut after 220, refused with 454, or (default) not offered. */
	readonly tls?: 'good' | 'bad' | 'fail' | 'refuse' | 'none';
	/** Extensions not offered. */
	readonly without?: readonly Extension[];
	readonly banner?: SessionSettings['banner'];
	readonly echoesEhloName?: boolean;
	readonly speaksEsmtp?: boolean;
	readonly credentials?: Credentials;
	readonly messageBytesMax?: number;
	readonly recipientsPerTransactionMax?: number;
	readonly transactionsPerConnectionMax?: number;
	/** More connections at one time are told 421. */
	readonly connectionsMax?: number;
	readonly idleTimeoutMs?: number;
	/** `all` (default) keeps messages, `counts` only numbers. */
	readonly store?: 'all' | 'counts';
	/** With `all`: how many messages are kept; with 0 `onMessage` still gets each of them whole. */
	readonly messagesMax?: number;
	readonly onMessage?: (message: ReceivedMessage) => void;
	/** Called (often) when anything counted has changed. */
	readonly onChange?: () => void;
	/** Memory of first tries (greylisting); give one map to several sinks to share it. */
	readonly tries?: Map<string, number>;
};

export type SinkView = {
	/** Messages read to their final dot, in order; look at `outcome`. */
	readonly messages: readonly ReceivedMessage[];
	readonly counts: () => SinkCounts;
};

export type Sink = SinkView & {
	readonly name: string;
	readonly address: string;
	readonly port: number;
	/** Resolves when the predicate holds; rejects after `timeoutMs` with the counts in the message. */
	readonly waitFor: (predicate: (view: SinkView) => boolean, timeoutMs?: number) => Promise<void>;
	/** Forgets the messages kept (not the counts). */
	readonly forget: () => void;
	/** Stops listening and cuts all connections. */
	readonly stop: () => Promise<void>;
};

const CONNECTIONS_FULL: Reply = reply(421, 'Too many concurrent connections from your address', '4.7.0');

/** Starts a sink. Rejects with the system's error when the address cannot be bound. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
	const { address = '127.0.0.1', port = 0, name = 'sink', connectionsMax = Number.POSITIVE_INFINITY } = options;
	const messages: ReceivedMessage[] = [];
	const counts = emptyCounts();
	const sessions = new Set<Session>();
	const view: SinkView = {
		messages,
		counts: () => countsWithOpen(counts, sessions),
	};
	const waiters = new Waiters(view, () => JSON.stringify(view.counts()));
	const changed = (): void => {
		waiters.wake();
		options.onChange?.();
	};
	const host: SessionHost = {
		settings: settingsOf(options, name),
		counts,
		triesOf: triesIn(options.tries ?? new Map()),
		record: recorder(options, messages, counts),
		changed,
		closed: (session) => {
			sessions.delete(session);
			counts.connectionsOpen--;
			increment(counts.transactionsPerConnection, session.transactions);
			changed();
		},
	};
	const accept = (socket: Socket) => {
		if (sessions.size >= connectionsMax) {
			increment(counts.rejected, CONNECTIONS_FULL.code);
			socket.on('error', () => {});
			socket.end(renderReply(CONNECTIONS_FULL, true));
			return changed();
		}
		counts.connections++;
		counts.connectionsOpen++;
		counts.connectionsOpenMax = Math.max(counts.connectionsOpenMax, counts.connectionsOpen);
		sessions.add(new Session(socket, counts.connections, host));
		changed();
	};
	const server = createServer(accept);
	server.listen(port, address);
	await once(server, 'listening');
	return {
		...view,
		name,
		address,
		port: (server.address() as AddressInfo).port,
		waitFor: (predicate, timeoutMs = 10_000) => waiters.waitFor(predicate, timeoutMs),
		forget: () => {
			messages.length = 0;
		},
		stop: async () => {
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			for (const session of sessions) session.stop();
			waiters.stop();
			await closed;
		},
	};
}

function settingsOf(options: SinkOptions, name: string): SessionSettings {
	const { tls = 'none', without = [] } = options;
	return {
		name,
		greetingName: options.greetingName ?? `${name}.sink.test`,
		banner: options.banner ?? 'greet',
		echoesEhloName: options.echoesEhloName ?? false,
		speaksEsmtp: options.speaksEsmtp ?? true,
		extensions: new Set(everyExtension.filter((extension) => !without.includes(extension))),
		tls: tls === 'none' ? undefined : tls === 'good' || tls === 'bad' ? certificateContext(tls) : tls,
		credentials: options.credentials,
		messageBytesMax: options.messageBytesMax ?? MESSAGE_BYTES_MAX,
		recipientsPerTransactionMax: options.recipientsPerTransactionMax ?? Number.POSITIVE_INFINITY,
		transactionsPerConnectionMax: options.transactionsPerConnectionMax ?? Number.POSITIVE_INFINITY,
		keepsContent: options.store !== 'counts',
		idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
	};
}

function recorder(options: SinkOptions, messages: ReceivedMessage[], counts: SinkCounts): SessionHost['record'] {
	const { store = 'all', messagesMax = MESSAGES_MAX, onMessage } = options;
	const keeps = store === 'all' && messagesMax > 0;
	if (!keeps && onMessage === undefined) return undefined;
	let keptBytes = 0;
	const keep = (message: ReceivedMessage) => {
		if (messages.length === 0) keptBytes = 0;
		messages.push(message);
		keptBytes += message.raw.length;
		while (messages.length > messagesMax || keptBytes > KEPT_BYTES_MAX) {
			keptBytes -= messages.shift()!.raw.length;
			counts.forgotten++;
		}
	};
	return (message) => {
		if (keeps) keep(message);
		onMessage?.(message);
	};
}

function triesIn(tries: Map<string, number>): (key: string) => number {
	return (key) => {
		if (tries.size >= TRIES_MAX) tries.clear();
		const seen = (tries.get(key) ?? 0) + 1;
		tries.set(key, seen);
		return seen;
	};
}

/** Connections still open count as carriers of their transactions too. */
function countsWithOpen(counts: SinkCounts, sessions: ReadonlySet<Session>): SinkCounts {
	const copy = snapshot(counts);
	for (const session of sessions) increment(copy.transactionsPerConnection, session.transactions);
	return copy;
}
