/**
 * The relay port: listens, counts connections, sweeps for silent ones, stops gracefully.
 *
 * Takes an address or a socket that is already listening (systemd keeps it over restarts, so no connection is refused meanwhile).
 * Over `connectionsMax` a client is told 421 and not just dropped: an MTA then waits instead of taking the host for dead.
 * There is no pause before the banner; it would cost more than a message and keep nobody out.
 *
 * Not here: TLS keys on disk, LISTEN_FDS (agent/main), who is proved (main gives the rule).
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Peer, PeerLookup, ReceptionHandlers, SmtpListener, TlsPair } from '../../ports/smtp-in.ts';
import { BodyMemory } from './body-memory.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { Places } from './places.ts';
import { faultWire } from './replies.ts';
import type { SmtpInSettings } from './settings.ts';

export type ListenSmtp = {
	/** An address, or the descriptor of a listening socket that was passed to the process. */
	readonly listen: { readonly host: string; readonly port: number } | { readonly fd: number };
	readonly settings: SmtpInSettings;
	readonly handlers: ReceptionHandlers;
	readonly clock: Clock;
	/** Asked once per connection, only with `settings.peerLookup`. */
	readonly peers: PeerLookup;
	/** Whether a peer with this uid is root or the MTA. Without `settings.peerLookup` asked with undefined: a firewall rule vouches, or nobody. */
	readonly isProved: (uid: number | undefined) => boolean;
	/** PEM. Without it STARTTLS is not offered. */
	readonly tls?: TlsPair;
	/** TLS from the first byte (RFC 8314 §3). Needs `tls`. */
	readonly isImplicitTls?: boolean;
};

const SWEEP_INTERVAL_MS = 500;
/** Connections that the kernel may complete before we take them. */
const BACKLOG = 1_024;
const V4_MAPPED = /^::ffff:(?=\d+\.)/i;

/** Starts listening. Rejects when the address cannot be had. */
export async function listenSmtp(options: ListenSmtp): Promise<SmtpListener> {
	const listener = new Listener(options);
	await listener.listen(options.listen);
	return listener;
}

class Listener implements SmtpListener {
	readonly #options: ListenSmtp;
	readonly #host: ConnectionHost;
	readonly #server: Server;
	readonly #connections = new Set<Connection>();
	/** How many come from where, by group of addresses; only with `settings.connectionsPerAddressMax`. */
	readonly #places = new Places();
	#secureContext: SecureContext | undefined;
	readonly #sessionIdBegin: string;
	#sessions = 0;
	#address = '';
	#sweep: Timer | undefined;
	#allClosed: (() => void) | undefined;

	constructor(options: ListenSmtp) {
		const { settings, handlers, clock, peers, isProved, tls } = options;
		this.#options = options;
		if (tls !== undefined) this.#secureContext = secureContext(tls);
		this.#sessionIdBegin = Math.floor(clock.now() / 1_000).toString(36);
		this.#host = {
			settings,
			handlers,
			clock,
			memory: new BodyMemory(settings.bodyMemoryBytesMax),
			secureContext: () => this.#secureContext,
			isImplicitTls: options.isImplicitTls === true,
			identify: settings.peerLookup ? (peer) => identify(peer, peers, isProved) : undefined,
			refused: { count: 0 },
			closed: (connection) => this.#closed(connection),
		};
		// A client may end its side and still wait for replies (RFC 5321 §4.1.1.10 only asks it not to).
		this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
	}

	get address(): string {
		return this.#address;
	}

	get connections(): number {
		return this.#connections.size;
	}

	renew(tls: TlsPair): void {
		this.#secureContext = secureContext(tls);
	}

	async listen(where: ListenSmtp['listen']): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once('error', reject);
			this.#server.listen({ ...where, backlog: BACKLOG }, () => {
				this.#server.off('error', reject);
				resolve();
			});
		});
		// An accept that fails (no descriptors left) is not the end of the listener; the client tries again.
		this.#server.on('error', (error) => this.#host.handlers.refused(undefined, 'internal', String(error)));
		this.#address = addressText(this.#server);
		this.#sweepLater();
	}

	async stop(graceMs: number): Promise<void> {
		const { clock } = this.#options;
		const serverClosed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		for (const connection of [...this.#connections]) connection.drain();
		const grace = clock.after(graceMs, () => {
			for (const connection of [...this.#connections]) connection.abort();
		});
		if (this.#connections.size > 0) {
			await new Promise<void>((resolve) => {
				this.#allClosed = resolve;
			});
		}
		grace.cancel();
		await serverClosed;
		this.#sweep?.cancel();
	}

	#accept(socket: Socket): void {
		const { settings, isProved } = this.#options;
		const { remoteAddress, remotePort, localAddress, localPort } = socket;
		if (remoteAddress === undefined || localAddress === undefined) {
			// Gone before we took it.
			socket.on('error', () => {});
			socket.destroy();
			return;
		}
		const address = remoteAddress.replace(V4_MAPPED, '');
		const { connectionsMax, connectionsPerAddressMax = connectionsMax } = settings;
		if (this.#connections.size >= connectionsMax || this.#places.taken(address) >= connectionsPerAddressMax) {
			this.#turnAway(socket);
			return;
		}
		const peer: Peer = {
			address,
			port: remotePort ?? 0,
			localAddress: localAddress.replace(V4_MAPPED, ''),
			localPort: localPort ?? 0,
			proved: settings.peerLookup ? false : isProved(undefined),
		};
		const id = `${this.#sessionIdBegin}-${(++this.#sessions).toString(36)}`;
		const connection = new Connection(this.#host, socket, peer, id);
		this.#connections.add(connection);
		this.#places.take(address, connection);
		connection.greet();
	}

	#turnAway(socket: Socket): void {
		this.#host.handlers.refused(undefined, 'tooManyConnections', `${this.#connections.size} connections`);
		socket.on('error', () => {});
		// A client that begins with a handshake reads no reply of ours.
		if (this.#options.isImplicitTls === true) socket.destroy();
		else socket.end(faultWire('tooManyConnections'), 'latin1', () => socket.destroy());
	}

	#closed(connection: Connection): void {
		this.#connections.delete(connection);
		this.#places.free(connection);
		if (this.#connections.size === 0) this.#allClosed?.();
	}

	#sweepLater(): void {
		this.#sweep = this.#options.clock.after(SWEEP_INTERVAL_MS, () => {
			for (const connection of this.#connections) connection.check();
			this.#sweepLater();
		});
	}
}

async function identify(peer: Peer, peers: PeerLookup, isProved: ListenSmtp['isProved']): Promise<Peer> {
	const uid = await peers.uidOf(peer).catch(() => undefined);
	return {
		...peer,
		...(uid !== undefined && { uid }),
		proved: uid !== undefined && isProved(uid),
	};
}

function secureContext(tls: TlsPair): SecureContext {
	const text = (pem: string | Uint8Array): string =>
		typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
	return createSecureContext({ key: text(tls.key), cert: text(tls.cert), minVersion: 'TLSv1.2' });
}

function addressText(server: Server): string {
	const bound = server.address();
	if (bound === null || typeof bound === 'string') return bound ?? '';
	return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}
