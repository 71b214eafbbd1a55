/**
 * The relay port: an address of its own, or a socket that the service manager holds over restarts (systemd socket activation).
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '@sluice/shared/contract/config.ts';
import { listenSmtp } from '../io/smtp-in/server.ts';
import { openPeerLookup } from '../io/system/peers.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReceptionHandlers, SmtpListener } from '../ports/smtp-in.ts';
import { ConfigurationError, mtaUidsOf } from './flow-settings.ts';
import { smtpInSettingsOf } from './part-settings.ts';

type Listening = {
	readonly config: Config;
	readonly socketFd: number | undefined;
	readonly clock: Clock;
	readonly hostName: string;
	readonly handlers: ReceptionHandlers;
};

function listenAt(config: Config, socketFd: number | undefined): { host: string; port: number } | { fd: number } {
	// A passed socket is the one that keeps the port over restarts; the address in the file is for when there is none.
	if (socketFd !== undefined) return { fd: socketFd };
	const { listen } = config.smtp;
	if (listen === 'fd')
		throw new ConfigurationError('smtp.listen: fd needs a socket passed by the service manager (LISTEN_FDS)');
	const colon = listen.lastIndexOf(':');
	return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}

/** Certificate and key for STARTTLS on the relay port. Throws ConfigurationError when they cannot be used. */
export function tlsOf(config: Config): { tls: { cert: Buffer; key: Buffer } } | undefined {
	const { tls } = config.smtp;
	if (tls === undefined) return undefined;
	const read = (file: string, key: string): Buffer => {
		try {
			return readFileSync(file);
		} catch (error) {
			throw new ConfigurationError(`smtp.tls.${key}: ${file} cannot be read (${(error as Error).message})`);
		}
	};
	const pair = { cert: read(tls.certFile, 'certFile'), key: read(tls.keyFile, 'keyFile') };
	try {
		createSecureContext(pair);
	} catch (error) {
		throw new ConfigurationError(`smtp.tls: certificate and key cannot be used (${(error as Error).message})`);
	}
	return { tls: pair };
}

/** The system's word as a sentence with a next step. */
function listenError(error: unknown, address: string): unknown {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'EADDRINUSE':
			return new Error(
				`smtp.listen: another program listens on ${address} already (\`ss -ltnp\` shows which). End it, or choose another port here and in the MTA's wiring.`,
				{ cause: error },
			);
		case 'EACCES':
			return new Error(
				`smtp.listen: ${address} needs more rights than this user has. Below 1024 the service manager passes the socket (systemd: sluice-smtp.socket).`,
				{ cause: error },
			);
		default:
			return error;
	}
}

export async function listen({ config, socketFd, clock, hostName, handlers }: Listening): Promise<SmtpListener> {
	const uids = new Set(mtaUidsOf(config));
	try {
		return await listenSmtp({
			listen: listenAt(config, socketFd),
			settings: smtpInSettingsOf(config, hostName),
			handlers,
			clock,
			peers: openPeerLookup(),
			isProved: (uid) => uid !== undefined && uids.has(uid),
			...tlsOf(config),
		});
	} catch (error) {
		throw listenError(error, config.smtp.listen);
	}
}
