/**
 * The adapter for servers without a panel and for `npm start`: one administrator, a login with a password, loopback only.
 *
 * The session's id is a cookie that no script reads and no other site sends (HttpOnly, SameSite=Strict). The login form has a token of
 * its own, bound to a cookie that it came with. Requests for another name than loopback's are refused, so that a name of the internet
 * that points here (DNS rebinding) reads nothing.
 */
import { randomBytes } from 'node:crypto';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { parseActor } from '../../contract/actor.ts';
import type { Drawing, PanelAdapter } from '../adapter.ts';
import { fieldsOf } from '../done.ts';
import { isFromElsewhere } from '../guard.ts';
import { textOf } from '../model/given.ts';
import { csrfToken, isCsrfToken } from '../signed.ts';
import { createAttempts } from './attempts.ts';
import type { Password } from './password.ts';
import { createSessions } from './sessions.ts';

const sessionCookie = 'sluice-session';
const loginCookie = 'sluice-login';
const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;
const cookieShape = /^[\w-]{20,64}$/;

function cookieOf(request: Request, name: string): string | undefined {
	for (const part of (request.get('cookie') ?? '').split(';')) {
		const [key, value = ''] = part.trim().split('=');
		if (key === name && cookieShape.test(value)) return value;
	}
	return undefined;
}

/** A page of ours to go to after the login; anything else is the first one. */
const targetOf = (value: unknown): string =>
	typeof value === 'string' &&
	/^\/(?:accounts|messages|open|plans|resellers|rules|health|audit|changes)(?:[/?][\w/?=&%.+~:@-]{0,500})?$/.test(value)
		? value
		: '/';

const onlyLoopback: RequestHandler = (request, response, next) => {
	if (loopback.test(request.get('host') ?? '')) next();
	else response.status(421).type('text/plain').send('This page is served for loopback only.');
};

export function createNoPanelAdapter({
	password,
	now,
	mta,
}: {
	readonly password: Password;
	readonly now: () => number;
	/** The mail server in front, for the words of the pages. */
	readonly mta: string;
}): PanelAdapter {
	const sessions = createSessions(now);
	const attempts = createAttempts(now);
	const { secret } = password;
	const cookieSettings = { httpOnly: true, sameSite: 'strict', path: '/' } as const;

	async function showLogin(
		drawing: Drawing,
		request: Request,
		response: Response,
		{ fault, status }: { readonly fault?: string; readonly status: number },
	): Promise<void> {
		const asked = cookieOf(request, loginCookie);
		const bound = asked ?? randomBytes(24).toString('base64url');
		if (asked === undefined) response.cookie(loginCookie, bound, cookieSettings);
		const to = targetOf(request.method === 'GET' ? request.query.to : fieldsOf(request).to);
		const model = { fault, to, loginPath: '/login', loginToken: csrfToken(secret, bound) };
		response
			.status(status)
			.type('html')
			.send(await drawing.page('login', { title: drawing.t.loginTitle }, model));
	}

	/** The session that a form of ours comes from; undefined: it has none, or comes from elsewhere. */
	function ownSession(request: Request): string | undefined {
		const session = cookieOf(request, sessionCookie);
		const isOwn =
			session !== undefined && !isFromElsewhere(request) && isCsrfToken(secret, session, fieldsOf(request).csrf);
		return isOwn ? session : undefined;
	}

	function routes(drawing: Drawing): RequestHandler {
		const router = Router();
		const { t } = drawing;
		router.use(onlyLoopback);
		router.get('/login', (request, response) => showLogin(drawing, request, response, { status: 200 }));
		router.post('/login', async (request, response) => {
			const body = fieldsOf(request);
			const bound = cookieOf(request, loginCookie);
			if (bound === undefined || isFromElsewhere(request) || !isCsrfToken(secret, bound, body.csrf)) {
				await showLogin(drawing, request, response, { fault: t.formSay, status: 403 });
				return;
			}
			const waitMs = attempts.begin();
			if (waitMs > 0) {
				const seconds = Math.ceil(waitMs / 1000);
				response.set('retry-after', String(seconds));
				await showLogin(drawing, request, response, { fault: t.loginLater(seconds), status: 429 });
				return;
			}
			const given = textOf(body.password).slice(0, 200);
			const isRight = await password.isRight(given).catch((error: unknown) => {
				attempts.end(false);
				throw error;
			});
			attempts.end(isRight);
			if (!isRight) {
				await showLogin(drawing, request, response, { fault: t.loginWrong, status: 401 });
				return;
			}
			response.clearCookie(loginCookie, cookieSettings);
			response.cookie(sessionCookie, sessions.open(), cookieSettings);
			response.redirect(303, targetOf(body.to));
		});
		// An administrator looks at what a reseller or a customer sees; what is done so is done in that role, with `as` in the audit.
		router.post('/view-as', (request, response) => {
			const session = ownSession(request);
			if (session === undefined || !sessions.isOpen(session, false)) {
				response.redirect(303, '/login');
				return;
			}
			const { role, id } = fieldsOf(request);
			const asked = parseActor(`${String(role)} ${String(id)}; as=root`);
			sessions.viewAs(session, asked.ok && asked.value.role !== 'admin' ? asked.value : undefined);
			response.redirect(303, '/');
		});
		router.post('/logout', (request, response) => {
			const session = ownSession(request);
			if (session !== undefined) {
				sessions.close(session);
				response.clearCookie(sessionCookie, cookieSettings);
			}
			response.redirect(303, '/login');
		});
		return router;
	}

	return {
		words: { account: 'account', accounts: 'accounts', panel: 'your own system', mta },
		theme: 'auto',
		basePath: '',
		assetPath: '/assets',
		menuPlace: '',
		frameAncestors: "'none'",
		secret,
		logoutPath: '/logout',
		viewAsPath: '/view-as',
		routes,
		visitorOf(request) {
			const session = cookieOf(request, sessionCookie);
			if (session === undefined || !sessions.isOpen(session, request.query.refresh !== undefined)) return undefined;
			const viewed = sessions.viewedAs(session);
			return viewed === undefined
				? { actor: { role: 'admin', id: 'root' }, name: 'root', session }
				: { actor: viewed, name: 'root', session, isViewing: true };
		},
		turnAway(request, response) {
			const to =
				request.method === 'GET' && request.path !== '/' ? `?to=${encodeURIComponent(request.originalUrl)}` : '';
			if (request.get('hx-request') === 'true') response.set('hx-redirect', '/login').status(401).end();
			else response.redirect(303, `/login${to}`);
		},
	};
}
