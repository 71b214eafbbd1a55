/**
 * The relay port: an address of its own, or a socket that the service manager holds over restarts (systemd socket activation).
 */
import { readFileSync } from 'node:fs';
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

function tlsOf(config: Config): { tls: { cert: Buffer; key: Buffer } } | undefined {
	const { tls } = config.smtp;
	if (tls === undefined) return undefined;
	const read = (file: string, key: string): Buffer => {
		try {
			return readFileSync(file);
		} catch (error) {
			throw new ConfigurationError(`smtp.tls.${key}: ${file} cannot be read (${(error as Error).message})`);
		}
	};
	return { tls: { cert: read(tls.certFile, 'certFile'), key: read(tls.keyFile, 'keyFile') } };
}

export async function listen({ config, socketFd, clock, hostName, handlers }: Listening): Promise<SmtpListener> {
	const uids = new Set(mtaUidsOf(config));
	return listenSmtp({
		listen: listenAt(config, socketFd),
		settings: smtpInSettingsOf(config, hostName),
		handlers,
		clock,
		peers: openPeerLookup(),
		isProved: (uid) => uid !== undefined && uids.has(uid),
		...tlsOf(config),
	});
}
