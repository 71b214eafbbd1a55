/**
 * A panel that shows the pages in a frame of its own page, under an address with a security token: every page is one script, its path
 * in the query. What cpsrvd does to our pages, and nothing else of it; the panel's own stand-ins are beside their panel.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@sluice/shared/client/client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { PanelAdapter } from '@sluice/shared/panel/adapter.ts';
import { createPanelApp } from '@sluice/shared/panel/app.ts';
import { pathFromQuery } from '@sluice/shared/panel/embedded.ts';
import { nowMs } from './world.ts';

export const folder = '/cpsess0123456789/cgi/sluice';
export const script = `${folder}/index.cgi`;
const assets = 'assets-0123456789ab';

export type Embedded = {
	readonly url: string;
	readonly faults: unknown[];
	/** Addresses asked for that are not below the token's: none. */
	readonly strays: string[];
	stop(): Promise<void>;
};

const top = (to: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Panel</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="panel.css"><script src="${assets}/frame.js" defer></script></head>
<body><header>Panel</header><main>
<iframe data-sluice title="Sluice" src="?p=${encodeURI(to)}"></iframe>
</main><footer>Panel</footer></body></html>`;
const css =
	'body{margin:0;font:14px sans-serif}header,footer{padding:14px;background:#222;color:#fff}iframe{display:block;width:100%;height:600px;border:0}';

export async function startEmbedded(
	socketPath: string,
	{
		actor = { role: 'admin', id: 'root' },
		acts,
	}: { readonly actor?: Actor; readonly acts?: PanelAdapter['acts'] } = {},
): Promise<Embedded> {
	const faults: unknown[] = [];
	const strays: string[] = [];
	const adapter: PanelAdapter = {
		words: { account: 'account', accounts: 'accounts', panel: 'cPanel', mta: 'Exim' },
		theme: 'light',
		basePath: '?p=',
		assetPath: assets,
		menuPlace: 'Plugins › Sluice',
		frameAncestors: "'self'",
		secret: 'a secret of tests that is long enough',
		...(acts === undefined ? {} : { acts }),
		visitorOf: () => ({ actor, name: actor.id, session: 'one session' }),
		turnAway: (_request, response) => response.status(403).end(),
	};
	const app = createPanelApp({
		adapter,
		place: { zone: 'Europe/Berlin', host: 'web17.northhost.example', version: '0.1.0', now: () => nowMs },
		clientFor: (who) => createClient(socketPath, who),
		failed: (where, error) => faults.push(`${where}: ${String((error as Error).stack ?? error)}`),
	});
	const server = createServer((request, response) => {
		const { pathname, search, searchParams } = new URL(request.url ?? '', 'http://panel.test');
		const rawQuery = search.slice(1);
		if (pathname === `${folder}/panel.css`) response.setHeader('content-type', 'text/css').end(css);
		else if (pathname === script && !/(?:^|&)p=/.test(rawQuery))
			response.setHeader('content-type', 'text/html').end(top(searchParams.get('to') ?? '/'));
		else if (pathname === script) {
			request.url = pathFromQuery(rawQuery);
			app(request, response);
		} else if (pathname.startsWith(`${folder}/${assets}/`)) {
			request.url = pathname.replace(`${folder}/${assets}`, '/assets');
			app(request, response);
		} else {
			// Browsers ask for this by themselves.
			if (pathname !== '/favicon.ico') strays.push(pathname);
			response.writeHead(404).end();
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${script}`,
		faults,
		strays,
		async stop() {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}
