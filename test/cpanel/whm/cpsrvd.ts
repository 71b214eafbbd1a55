/**
 * A small cpsrvd for tests: sessions with a security token in the address, scripts as CGI, files from the docroot; WHM's side and
 * cPanel's side on one port each.
 *
 * As far as documented: without a session or with another session's token there is no page (401), WHM's scripts run as root with
 * REMOTE_USER, cPanel's as the user; UAPI runs as the user, Admin modules as root for the user whose session it is. It checks no right
 * of a plugin, though the real one looks at AppConfig: what stands behind must hold by itself.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import { extname, join } from 'node:path';
import { answerOf, type CgiAnswer, environmentOf } from './cgi.ts';
import type { ServerBox } from './server-box.ts';

export type Side = 'whm' | 'cpanel';
type Session = { readonly user: string; readonly token: string };

export type Cpsrvd = {
	readonly url: (side: Side) => string;
	/** What a browser has after the login: a cookie, and the address with the token. */
	logIn(side: Side, user: string): { readonly cookie: string; readonly token: string; readonly home: string };
	/** What scripts wrote on stderr. */
	readonly complaints: string[];
	stop(): Promise<void>;
};

const types: { readonly [extension: string]: string } = {
	'.css': 'text/css',
	'.js': 'text/javascript',
	'.svg': 'image/svg+xml',
};
const docroots: { readonly [S in Side]: string } = {
	whm: '/usr/local/cpanel/whostmgr/docroot',
	cpanel: '/usr/local/cpanel/base',
};
const bodyBytesMax = 4 << 20;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		bytes += chunk.length;
		if (bytes > bodyBytesMax) throw new Error('a test sent too much');
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

export async function startCpsrvd(server: ServerBox, users: readonly string[]): Promise<Cpsrvd> {
	const { box } = server;
	const complaints: string[] = [];
	const sessions = new Map<string, Session>();
	const said = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string => {
		if (stderr !== '') complaints.push(stderr);
		return stdout;
	};

	const runWhm = async (request: IncomingMessage, path: string, session: Session, body: Buffer): Promise<CgiAnswer> => {
		const env = environmentOf(request, path, session.user, session.token);
		return answerOf(said(await box.run([join(docroots.whm, path)], { env, input: body, allowFailure: true })));
	};
	const runPhp = async (request: IncomingMessage, path: string, session: Session, body: Buffer): Promise<CgiAnswer> => {
		const env = {
			...environmentOf(request, path, session.user, session.token),
			SCRIPT_FILENAME: join(docroots.cpanel, path),
			REDIRECT_STATUS: '200',
			STANDIN_SOCKETS: server.socketsOf(session.user).inside,
		};
		return answerOf(said(await box.runAs(session.user, 'exec php-cgi8.2', { env, input: body, allowFailure: true })));
	};
	const runUapi = async (user: string, asked: string): Promise<string> =>
		said(
			await box.runAs(user, 'exec /usr/local/cpanel/standin/uapi', {
				env: { STANDIN_SOCKETS: server.socketsOf(user).inside },
				input: asked,
				allowFailure: true,
			}),
		);
	const runAdmin = async (user: string, asked: string): Promise<string> =>
		said(await box.run(['/usr/local/cpanel/standin/admin', user], { input: asked, allowFailure: true }));

	const execute = async (request: IncomingMessage, path: string, user: string, body: Buffer): Promise<CgiAnswer> => {
		const [, , module, name] = path.split('/');
		const given = new URLSearchParams(`${/\?(.*)$/s.exec(request.url ?? '')?.[1] ?? ''}&${body.toString('latin1')}`);
		const asked = JSON.stringify({ module, function: name, arguments: Object.fromEntries(given) });
		const result = JSON.parse(await runUapi(user, asked)) as { cpanelresult: { result: object } };
		return {
			status: 200,
			headers: [['content-type', 'application/json']],
			body: JSON.stringify(result.cpanelresult.result),
		};
	};

	async function answer(side: Side, request: IncomingMessage, response: ServerResponse): Promise<void> {
		const cookie = /(?:whostmgr|cp)session=([\w]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
		const session = sessions.get(`${side} ${cookie}`);
		const [, token, path = ''] = /^(\/cpsess\d+)(\/[^?]*)/.exec(request.url ?? '') ?? [];
		if (session === undefined || session.token !== token) {
			response.writeHead(401, { 'content-type': 'text/plain' }).end('Access denied: invalid security token\n');
			return;
		}
		const body = await bodyOf(request);
		const file = box.hostPath(join(docroots[side], path));
		let done: CgiAnswer;
		if (side === 'cpanel' && path.startsWith('/execute/')) done = await execute(request, path, session.user, body);
		else if (path.includes('..') || !existsSync(file)) done = { status: 404, headers: [], body: 'not here' };
		else if (path.endsWith('.cgi')) done = await runWhm(request, path, session, body);
		else if (path.endsWith('.live.php')) done = await runPhp(request, path, session, body);
		else {
			response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/plain' }).end(readFileSync(file));
			return;
		}
		response.writeHead(done.status, Object.fromEntries(done.headers)).end(request.method === 'HEAD' ? '' : done.body);
	}

	/** Of a user's session: UAPI for PHP, Admin modules for UAPI. Who asks is known by whose folder the socket stands in. */
	async function sessionSocket(user: string, name: string, run: (user: string, asked: string) => Promise<string>) {
		const path = join(server.socketsOf(user).host, name);
		const sockets = createSocketServer({ allowHalfOpen: true }, (socket) => {
			let read = '';
			socket.setEncoding('utf8').on('error', () => {});
			socket.on('data', (text: string) => {
				read += text;
				if (read.endsWith('\n')) run(user, read).then((said) => socket.end(said));
			});
		});
		sockets.listen(path);
		await once(sockets, 'listening');
		const { uid } = box.user(user);
		chownSync(path, uid, uid);
		return sockets;
	}

	const openServers: Server[] = [];
	const ports = {} as { [S in Side]: number };
	for (const side of ['whm', 'cpanel'] as const) {
		const web = createServer((request, response) => {
			answer(side, request, response).catch((error: unknown) => {
				complaints.push(String(error));
				response.writeHead(500).end('Internal Server Error');
			});
		});
		web.listen(0, '127.0.0.1');
		await once(web, 'listening');
		ports[side] = (web.address() as AddressInfo).port;
		openServers.push(web);
	}
	for (const user of users)
		openServers.push(await sessionSocket(user, 'uapi', runUapi), await sessionSocket(user, 'admin', runAdmin));

	return {
		url: (side) => `http://127.0.0.1:${ports[side]}`,
		logIn(side, user) {
			const id = randomBytes(16).toString('hex');
			const token = `/cpsess${String(randomBytes(5).readUIntBE(0, 5)).padStart(10, '0').slice(0, 10)}`;
			sessions.set(`${side} ${id}`, { user, token });
			const script = side === 'whm' ? '/cgi/sluice/index.cgi' : '/frontend/jupiter/sluice/index.live.php';
			return {
				cookie: `${side === 'whm' ? 'whostmgr' : 'cp'}session=${id}`,
				token,
				home: `http://127.0.0.1:${ports[side]}${token}${script}`,
			};
		},
		complaints,
		async stop() {
			for (const one of openServers) {
				(one as unknown as { closeAllConnections?: () => void }).closeAllConnections?.();
				one.close();
			}
			for (const user of users) rmSync(join(server.socketsOf(user).host, 'uapi'), { force: true });
		},
	};
}
