/**
 * What stands before every page: headers that bind the browser, who is asking, and that a post comes from one of our own pages.
 *
 * The content security policy allows our own files and nothing else: no inline script, no inline style, no frame, no form to elsewhere.
 * A post needs a token bound to the session, and, where the browser says where it comes from, the same origin (Fetch Metadata).
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import type { PanelAdapter, Visitor } from './adapter.ts';
import { isCsrfToken } from './signed.ts';

/** `default-src 'none'`: what is not named here is not loaded. */
export const securityHeaders = (frameAncestors: PanelAdapter['frameAncestors']): RequestHandler =>
	helmet({
		contentSecurityPolicy: {
			useDefaults: false,
			directives: {
				'default-src': ["'none'"],
				'script-src': ["'self'"],
				'style-src': ["'self'"],
				'img-src': ["'self'"],
				'connect-src': ["'self'"],
				'form-action': ["'self'"],
				'base-uri': ["'none'"],
				'frame-ancestors': [frameAncestors],
			},
		},
		crossOriginEmbedderPolicy: true,
		xFrameOptions: { action: frameAncestors === "'none'" ? 'deny' : 'sameorigin' },
		referrerPolicy: { policy: 'no-referrer' },
		// Told by whoever ends TLS; on loopback there is none.
		strictTransportSecurity: false,
	});

export const neverStored: RequestHandler = (_request, response, next) => {
	response.set('cache-control', 'no-store');
	response.set('permissions-policy', 'camera=(), geolocation=(), microphone=()');
	next();
};

/** The browser says that another site made it do this. Without the header (older browsers, curl) the token decides alone. */
export const isFromElsewhere = (request: Request): boolean => {
	const site = request.get('sec-fetch-site');
	return site !== undefined && site !== 'same-origin' && site !== 'none';
};

const visitors = new WeakMap<Request, Visitor>();

/** Who asks; only behind `onlyVisitors`. */
export function visitorOf(request: Request): Visitor {
	const visitor = visitors.get(request);
	if (visitor === undefined) throw new Error('a page was reached without a visitor');
	return visitor;
}

export const onlyVisitors =
	(adapter: PanelAdapter): RequestHandler =>
	(request: Request, response: Response, next: NextFunction) => {
		const visitor = adapter.visitorOf(request);
		if (visitor === undefined) {
			adapter.turnAway(request, response);
			return;
		}
		visitors.set(request, visitor);
		next();
	};

export const onlyOwnForms =
	(adapter: PanelAdapter, refuse: (request: Request, response: Response) => void): RequestHandler =>
	(request, response, next) => {
		const isReading = request.method === 'GET' || request.method === 'HEAD';
		const token = (request.body as { csrf?: unknown } | undefined)?.csrf;
		if (isReading || (!isFromElsewhere(request) && isCsrfToken(adapter.secret, visitorOf(request).session, token)))
			next();
		else refuse(request, response);
	};
