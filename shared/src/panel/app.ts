/**
 * The pages as an Express app: the same for every panel, with an adapter for what differs.
 *
 * Order: headers, files, the adapter's own routes (a login), who is asking, own forms only, pages. The app speaks to the agent through
 * a client made for the acting person; it keeps nothing, so that any number of it may run.
 * Not here: listening (none/start.ts, the panels' servers), what an actor may see (the agent).
 */
import { extname } from 'node:path';
import express, { type ErrorRequestHandler, type Express, type Request, type Router } from 'express';
import type { Client } from '../client/client.ts';
import type { Actor } from '../contract/actor.ts';
import { accountPages } from './account-pages.ts';
import type { PanelAdapter } from './adapter.ts';
import { isFragment, sendMissingPage, sendPage, toast } from './answer.ts';
import { assetBytes, assetFiles } from './asset-files.ts';
import { auditPages } from './audit-pages.ts';
import { changePages } from './change-pages.ts';
import { groupPages } from './group-pages.ts';
import { neverStored, onlyOwnForms, onlyVisitors, securityHeaders, visitorOf } from './guard.ts';
import { healthPages } from './health-pages.ts';
import { holdPages } from './hold-pages.ts';
import { homePages } from './home-pages.ts';
import { limitPages } from './limit-pages.ts';
import { mailActPages } from './mail-acts.ts';
import { messagePages } from './message-pages.ts';
import type { Place } from './model/page-frame.ts';
import { onlyOffered } from './offered.ts';
import { openPages } from './open-pages.ts';
import { outgoingPages } from './outgoing-pages.ts';
import { overviewPages } from './overview-pages.ts';
import { createPages, type Pages } from './pages.ts';
import { panelActPages } from './panel-act-pages.ts';
import { raisePages } from './raise-pages.ts';
import { rulePages } from './rule-pages.ts';

export type PanelApp = {
	readonly adapter: PanelAdapter;
	readonly place: Place;
	/** A client that speaks to the agent on behalf of that actor. */
	readonly clientFor: (actor: Actor) => Client;
	/** Told of an exception: a bug. */
	readonly failed: (where: string, error: unknown) => void;
};

/** The pages, in no order that matters: no two share an address, but `/`, which each role has its own of. */
const routers: readonly ((pages: Pages, clientOf: (request: Request) => Client) => Router)[] = [
	changePages,
	groupPages,
	rulePages,
	limitPages,
	holdPages,
	messagePages,
	mailActPages,
	openPages,
	outgoingPages,
	accountPages,
	raisePages,
	panelActPages,
	healthPages,
	auditPages,
	overviewPages,
	homePages,
];

/** Our forms are small. */
const formBytesMax = 64 * 1024;
/** Files carry the version in their address. */
const assetSeconds = 86_400;
/** Read once: they are few and small. */
const assets: ReadonlyMap<string, Buffer> = new Map([...assetFiles().keys()].map((name) => [name, assetBytes(name)]));

export function createPanelApp({ adapter, place, clientFor, failed }: PanelApp): Express {
	const app = express();
	const clientOf = (request: Request): Client => clientFor(visitorOf(request).actor);
	const pages = createPages(adapter, place, clientOf);
	const { t } = pages;

	app.disable('x-powered-by');
	app.set('query parser', 'simple');
	app.use(securityHeaders(adapter.frameAncestors));
	for (const [name, bytes] of assets)
		app.get(`/assets/${name}`, (_request, response) =>
			response.set('cache-control', `public, max-age=${assetSeconds}`).type(extname(name)).send(bytes),
		);
	app.use(neverStored);
	app.use(express.urlencoded({ extended: false, limit: formBytesMax }));
	if (adapter.routes !== undefined) app.use(adapter.routes(pages));
	app.use(onlyVisitors(adapter));
	app.use(
		onlyOwnForms(adapter, async (request, response) => {
			if (isFragment(request)) {
				const said = { text: `${t.formTitle}. ${t.formSay}`, isFailure: true };
				response
					.status(403)
					.type('html')
					.send(await toast(pages, request, said));
				return;
			}
			const model = { heading: t.formTitle, text: t.formSay, detail: '' };
			await sendPage(pages, request, response, { view: 'sorry', title: t.formTitle, model, status: 403 });
		}),
	);
	app.use(onlyOffered(pages));
	for (const router of routers) app.use(router(pages, clientOf));
	app.use((request, response) => sendMissingPage(pages, request, response));
	const fault: ErrorRequestHandler = (error: { status?: number }, request, response, next) => {
		const status = error.status !== undefined && error.status >= 400 && error.status < 500 ? error.status : 500;
		if (status === 500) failed(`${request.method} ${request.path}`, error);
		if (response.headersSent) next(error);
		else
			response
				.status(status)
				.type('text/plain')
				.send(status === 500 ? `${t.bugTitle}. ${t.bugSay}` : t.formSay);
	};
	app.use(fault);
	return app;
}
