/**
 * The panel server of cPanel: the pages on a unix socket that only root opens, for WHM's CGI and cPanel's Admin module.
 *
 * It has no right of its own: it speaks to the agent as whoever native code names, and asks root's helper for a closed list of verbs.
 * Resellers' clients ask the panel first whose an account is (adapter/checked-client.ts). WHM and cPanel are two apps, since menu
 * places and acts differ; a header that native code sets tells which.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { createClient } from '@sluice/shared/client/client.ts';
import { createHelperClient } from '@sluice/shared/client/helper-client.ts';
import { listenAtPath, listening } from '@sluice/shared/client/own-socket.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { createPanelApp } from '@sluice/shared/panel/app.ts';
import { assetHash } from '@sluice/shared/panel/asset-files.ts';
import { pathFromQuery } from '@sluice/shared/panel/embedded.ts';
import { createCpanelAdapter } from '../adapter/adapter.ts';
import { checkedClient } from '../adapter/checked-client.ts';
import { createOwners } from '../adapter/owners.ts';
import { type Side, sideOf, visitorFrom } from '../adapter/visitor.ts';
import { openSecret } from './secret.ts';

export type CpanelPanelSettings = {
	/** Where to listen, or the number of a socket that was passed. */
	readonly listen: string | number;
	readonly agentSocket: string;
	readonly helperSocket: string;
	readonly secretFile: string;
	readonly version: string;
	readonly host?: string;
	/** IANA name; absent: the server's own. */
	readonly zone?: string;
	readonly now?: () => number;
	readonly failed: (where: string, error: unknown) => void;
};

export type CpanelPanel = {
	/** Takes no new request, lets those that are under way end, and after ten seconds ends them. */
	stop(): Promise<void>;
};

/** Owner and group: whoever may open it is believed about who asks. */
const socketMode = 0o660;
const requestMs = 30_000;
const drainMs = 10_000;
/** A query of 8 kB and the headers that native code passes on. */
const headerBytesMax = 32 * 1024;
/** cpsrvd runs one process a request; more at once than that is a fault of something. */
const connectionsMax = 200;
/** Of one reseller or customer at once; a page asks for few. One who asks for more keeps nobody else from the pages. */
const perPersonMax = 10;
const tooMany = 'Too much is asked for at once. Try again in a moment.';

type App = (request: IncomingMessage, response: ServerResponse) => void;

function appsOf(settings: CpanelPanelSettings): { readonly [S in Side]: App } {
	const { agentSocket, failed } = settings;
	const now = settings.now ?? Date.now;
	const secret = openSecret(settings.secretFile);
	const assetPath = `assets-${assetHash()}`;
	const helper = createHelperClient(settings.helperSocket);
	const owners = createOwners(helper, now);
	const clientFor = (actor: Actor) => {
		const client = createClient(agentSocket, actor);
		return actor.role === 'reseller' ? checkedClient(client, actor, owners) : client;
	};
	const place = {
		zone: settings.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
		host: settings.host ?? hostname(),
		version: settings.version,
		now,
	};
	const appOf = (side: Side): App =>
		createPanelApp({
			adapter: createCpanelAdapter({ side, secret, assetPath, helper, owners }),
			place,
			clientFor,
			failed,
		});
	return { whm: appOf('whm'), cpanel: appOf('cpanel') };
}

/** Undefined: administrators and nobody are not counted. */
function personOf({ headers }: IncomingMessage): string | undefined {
	const actor = visitorFrom(headers)?.actor;
	return actor === undefined || actor.role === 'admin' ? undefined : `${actor.role} ${actor.id}`;
}

/** Whether there is room for one more of that person's; taken until the response is over. */
function createRoom(): (request: IncomingMessage, response: ServerResponse) => boolean {
	const underWay = new Map<string, number>();
	return (request, response) => {
		const person = personOf(request);
		if (person === undefined) return true;
		const before = underWay.get(person) ?? 0;
		if (before >= perPersonMax) return false;
		underWay.set(person, before + 1);
		response.once('close', () => {
			const left = (underWay.get(person) ?? 1) - 1;
			if (left === 0) underWay.delete(person);
			else underWay.set(person, left);
		});
		return true;
	};
}

function serve(apps: { readonly [S in Side]: App }): Server {
	const hasRoom = createRoom();
	const server = createServer({ maxHeaderSize: headerBytesMax }, (request, response) => {
		if (!hasRoom(request, response)) {
			const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '2' };
			response.writeHead(429, headers).end(tooMany);
			return;
		}
		const mark = (request.url ?? '').indexOf('?');
		request.url = pathFromQuery(mark === -1 ? '' : (request.url as string).slice(mark + 1));
		// Without a side there is no visitor either: that app turns it away.
		apps[sideOf(request.headers) ?? 'whm'](request, response);
	});
	server.requestTimeout = requestMs;
	server.maxConnections = connectionsMax;
	return server;
}

/** Rejects when the socket cannot be had or the key's file is broken. */
export async function startCpanelPanel(settings: CpanelPanelSettings): Promise<CpanelPanel> {
	const server = serve(appsOf(settings));
	const { listen } = settings;
	if (typeof listen === 'number') await listening(server, { fd: listen });
	else await listenAtPath(server, { path: listen, mode: socketMode }, 'another panel server');
	return {
		async stop() {
			const closed = once(server, 'close');
			server.close();
			server.closeIdleConnections();
			const timer = setTimeout(() => server.closeAllConnections(), drainMs);
			await closed;
			clearTimeout(timer);
		},
	};
}
