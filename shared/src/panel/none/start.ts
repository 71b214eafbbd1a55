/**
 * The pages on a port of loopback: what `npm start` and a server without a panel run.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Client } from '../../client/client.ts';
import type { Actor } from '../../contract/actor.ts';
import { createPanelApp } from '../app.ts';
import { createNoPanelAdapter } from './adapter.ts';
import { openPassword } from './password.ts';

export type NoPanelSettings = {
	/** 0: any free one. */
	readonly port: number;
	readonly passwordFile: string;
	readonly clientFor: (actor: Actor) => Client;
	readonly version: string;
	readonly host?: string;
	/** IANA name; absent: the server's own. */
	readonly zone?: string;
	readonly mta?: string;
	readonly now?: () => number;
	readonly failed: (where: string, error: unknown) => void;
};

export type NoPanel = {
	readonly url: string;
	/** The password in plain, only when this start made it. */
	readonly password?: string;
	/** When the password was made, RFC 3339. */
	readonly passwordMade: string;
	stop(): Promise<void>;
};

const address = '127.0.0.1';

/** Rejects when the port is taken. */
export async function startNoPanel(settings: NoPanelSettings): Promise<NoPanel> {
	const now = settings.now ?? Date.now;
	const password = await openPassword(settings.passwordFile, now);
	const app = createPanelApp({
		adapter: createNoPanelAdapter({ password, now, mta: settings.mta ?? 'the mail server' }),
		place: {
			zone: settings.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
			host: settings.host ?? hostname(),
			version: settings.version,
			now,
		},
		clientFor: settings.clientFor,
		failed: settings.failed,
	});
	const server = createServer(app);
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(settings.port, address, resolve);
	});
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://${address}:${port}/`,
		...(password.told === undefined ? {} : { password: password.told }),
		passwordMade: password.made,
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
