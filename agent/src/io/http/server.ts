/**
 * The REST API on a unix socket: mounts the table of operations, checks what comes in, words what goes out.
 *
 * Who may connect is the socket's file mode; on whose behalf is `Sluice-Actor`. Bodies are bounded, JSON, UTF-8; every refusal is
 * a problem document and changes nothing. Not here: what an operation does (the handlers), what it looks like (shared/contract).
 */
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { type Actor, actorHeader, parseActor } from '@sluice/shared/contract/actor.ts';
import { openApiDocument } from '@sluice/shared/contract/openapi.ts';
import { type Operation, requestBytesMax } from '@sluice/shared/contract/operation.ts';
import {
	type OperationHandlers,
	type OperationId,
	operations,
	otherResources,
} from '@sluice/shared/contract/operations.ts';
import { type Problem, type ProblemDocument, problemDocument } from '@sluice/shared/contract/problem.ts';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import { readBulk } from './bulk-body.ts';
import type { EventStream } from './event-stream.ts';

export type ApiSettings = {
	readonly socketPath: string;
	/** The socket at that path, passed by the service manager: its owner, mode and life are the manager's. */
	readonly socketFd?: number;
	/** Octal file mode of a socket that is made here. */
	readonly mode: number;
	readonly version: string;
};

export type ApiParts = {
	readonly handlers: OperationHandlers;
	readonly metricsText: () => Promise<string>;
	readonly events: EventStream;
	/** Told of an exception: a bug. */
	readonly failed: (where: string, error: unknown) => void;
};

export type Api = { readonly socketPath: string; stop(): Promise<void> };

function sendProblem(response: Response, problem: Problem, errors?: ProblemDocument['errors']): void {
	const document = problemDocument(problem, errors);
	response.status(document.status).type('application/problem+json').send(JSON.stringify(document));
}

type Part = { readonly place: string; readonly schema: z.ZodType; readonly value: unknown };

/** Parses params, query and body; all that is wrong is told at once. */
function parse(
	parts: readonly Part[],
): { readonly values: unknown[] } | { readonly errors: NonNullable<ProblemDocument['errors']> } {
	const values: unknown[] = [];
	const errors: { path: string; message: string }[] = [];
	for (const { place, schema, value } of parts) {
		const parsed = schema.safeParse(value);
		if (parsed.success) values.push(parsed.data);
		else
			for (const issue of parsed.error.issues)
				errors.push({ path: [place, ...issue.path].map(String).join('.'), message: issue.message });
	}
	return errors.length > 0 ? { errors } : { values };
}

function actorOf(request: Request): Actor | Problem {
	const header = request.headers[actorHeader];
	if (typeof header !== 'string')
		return { code: 'no-actor', detail: 'Send Sluice-Actor: admin|reseller|customer|account ID.' };
	const actor = parseActor(header);
	return actor.ok ? actor.value : { code: 'bad-actor', detail: actor.error };
}

/** A body of thousands of items, checked already: the part of the request that stands for it. */
async function largeBody(
	request: Request,
	operation: Operation,
	{ item, itemsMax }: NonNullable<Operation['bulk']>,
): Promise<Part | Problem> {
	const bytes: unknown = request.body;
	const charset = /charset="?([^";]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
	if (charset.toLowerCase() !== 'utf-8') return { code: 'bad-media-type' };
	if (!Buffer.isBuffer(bytes) || bytes.length === 0) return { place: 'body', schema: operation.body, value: undefined };
	const shape = { body: operation.body, item, itemsMax, restBytesMax: requestBytesMax };
	const read = await readBulk(bytes, shape);
	switch (read.kind) {
		case 'value':
			return { place: 'body', schema: z.unknown(), value: read.value };
		case 'issues': {
			const { issues } = read;
			const told = z.unknown().superRefine((_value, check) => {
				for (const { path, message } of issues) check.addIssue({ code: 'custom', path: [...path], message });
			});
			return { place: 'body', schema: told, value: undefined };
		}
		case 'bad-json':
			return { code: 'bad-json' };
		case 'not-utf8':
			return { code: 'bad-media-type' };
		case 'rest-too-large':
			return { code: 'too-large', detail: `at most ${requestBytesMax} bytes beside items` };
	}
}

function mount(app: Express, id: OperationId, parts: ApiParts): void {
	const operation: Operation = operations[id];
	const route = operation.path.replace(/\{(\w+)\}/g, ':$1');
	const { bodyBytesMax: limit = requestBytesMax, bulk } = operation;
	const body =
		bulk === undefined
			? express.json({ limit, strict: false, verify: verifyUtf8 })
			: express.raw({ limit, type: 'application/json' });
	app[operation.method](route, body, async (request: Request, response: Response) => {
		let actor: Actor | undefined;
		if (operation.roles.length > 0) {
			const found = actorOf(request);
			if ('code' in found) return sendProblem(response, found);
			if (!operation.roles.includes(found.role))
				return sendProblem(response, { code: 'forbidden', detail: `${found.role} may not ${id}` });
			actor = found;
		}
		const hasBody = !(operation.body instanceof z.ZodUndefined);
		if (hasBody && !request.is('application/json')) return sendProblem(response, { code: 'bad-media-type' });
		const large = bulk === undefined ? undefined : await largeBody(request, operation, bulk);
		if (large !== undefined && 'code' in large) return sendProblem(response, large);
		const parsed = parse([
			{ place: 'path', schema: operation.params, value: { ...request.params } },
			{ place: 'query', schema: operation.query, value: { ...request.query } },
			large ?? { place: 'body', schema: operation.body, value: request.body },
		]);
		if ('errors' in parsed) return sendProblem(response, { code: 'invalid' }, parsed.errors);
		const [params, query, asked] = parsed.values;
		const handler = parts.handlers[id] as (
			input: unknown,
			by: Actor | undefined,
		) => ReturnType<OperationHandlers[OperationId]>;
		const result = await handler({ params, query, body: asked }, actor);
		if (result.ok) response.type('application/json').send(JSON.stringify(result.value));
		else sendProblem(response, result.error);
	});
}

const wordErrors =
	(failed: ApiParts['failed']): ErrorRequestHandler =>
	(error: { type?: string; status?: number; limit?: number }, request, response, _next) => {
		if (error.type === 'entity.too.large')
			return sendProblem(response, { code: 'too-large', detail: `at most ${error.limit} bytes` });
		if (error.type === 'entity.parse.failed') return sendProblem(response, { code: 'bad-json' });
		if (error.type === 'charset.unsupported' || error.type === 'encoding.unsupported')
			return sendProblem(response, { code: 'bad-media-type' });
		if (error.status !== undefined && error.status < 500) return sendProblem(response, { code: 'invalid' });
		failed(`http ${request.method} ${request.path}`, error);
		return sendProblem(response, { code: 'internal' });
	};

/** Refuses bytes that are not UTF-8 before they become U+FFFD in somebody's name. */
function verifyUtf8(_request: unknown, _response: unknown, body: Buffer): void {
	try {
		new TextDecoder('utf-8', { fatal: true }).decode(body);
	} catch {
		throw Object.assign(new Error('not UTF-8'), { type: 'charset.unsupported', status: 415 });
	}
}

/** What may be asked of a path; none: there is no such path. */
function methodsAt(path: string): readonly string[] {
	const mounted = [...Object.values<Operation>(operations), ...otherResources];
	return mounted
		.filter((one) => new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
		.map(({ method }) => method.toUpperCase());
}

export function createApp(settings: ApiSettings, parts: ApiParts): Express {
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.set('query parser', 'simple');
	// A path is the contract's, to the letter.
	app.enable('case sensitive routing');
	app.enable('strict routing');
	for (const id of Object.keys(operations) as OperationId[]) mount(app, id, parts);
	const document = JSON.stringify(openApiDocument(settings.version));
	app.get('/openapi.json', (_request, response) => void response.type('application/json').send(document));
	app.get('/metrics', async (_request, response) => {
		response.type('text/plain; version=0.0.4').send(await parts.metricsText());
	});
	app.get('/v1/events', (request, response) => {
		const actor = actorOf(request);
		if ('code' in actor) return sendProblem(response, actor);
		if (actor.role !== 'admin') return sendProblem(response, { code: 'forbidden' });
		if (!parts.events.serve(request, response))
			sendProblem(response, { code: 'unavailable', detail: 'Too many are following already.' });
	});
	app.use((request, response) => {
		const methods = methodsAt(request.path);
		if (methods.length > 0) response.set('Allow', methods.join(', ')); // RFC 9110 §15.5.6
		sendProblem(response, { code: methods.length > 0 ? 'method-not-allowed' : 'not-found' });
	});
	app.use(wordErrors(parts.failed));
	return app;
}

/** Whether somebody answers on the socket; a file left behind by a crash is nobody. */
function isAnswered(socketPath: string): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = connect(socketPath);
		probe.once('connect', () => {
			probe.destroy();
			resolve(true);
		});
		probe.once('error', () => resolve(false));
	});
}

async function listenAtPath(server: Server, { socketPath, mode }: ApiSettings): Promise<void> {
	if (existsSync(socketPath)) {
		if (await isAnswered(socketPath)) throw new Error(`${socketPath}: another agent is answering here`);
		unlinkSync(socketPath);
	}
	// Closed to all while it is being made: the mode says who may speak, from the first moment on. Only for the call, which makes it:
	// the mask is the whole process's, and other threads make files.
	const listening = begun(server);
	const umask = process.umask(0o777);
	try {
		server.listen(socketPath);
	} finally {
		process.umask(umask);
	}
	await listening;
	chmodSync(socketPath, mode);
}

const begun = (server: Server): Promise<void> =>
	new Promise((resolve, reject) => {
		server.once('error', reject);
		server.once('listening', resolve);
	});

/** Listens. Rejects when another agent answers on the socket. */
export async function serveApi(settings: ApiSettings, parts: ApiParts): Promise<Api> {
	const { socketPath, socketFd } = settings;
	const server: Server = createServer(createApp(settings, parts));
	if (socketFd === undefined) await listenAtPath(server, settings);
	else {
		const listening = begun(server);
		server.listen({ fd: socketFd });
		await listening;
	}
	return {
		socketPath,
		async stop() {
			parts.events.stop();
			server.closeIdleConnections();
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			server.closeAllConnections();
			await closed;
		},
	};
}
