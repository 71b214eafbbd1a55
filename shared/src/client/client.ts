/**
 * Typed client of the agent's socket: one method, typed by the table of operations.
 *
 * Expected refusals come back as values with the agent's own words; so does an agent that cannot be reached, with what that means.
 */
import { request } from 'node:http';
import type { z } from 'zod';
import { type Actor, actorHeader, actorHeaderValue } from '../contract/actor.ts';
import { type OperationId, type OperationOutput, type Operations, operations } from '../contract/operations.ts';
import type { ProblemDocument } from '../contract/problem.ts';
import { failed, ok, type Result } from '../words/result.ts';

export type ClientFailure =
	| { readonly kind: 'problem'; readonly problem: ProblemDocument }
	/** No agent there, or we may not speak to it. */
	| { readonly kind: 'unreachable'; readonly code: string; readonly text: string };

export type CallInput<K extends OperationId> = {
	readonly params?: z.input<Operations[K]['params']>;
	readonly query?: z.input<Operations[K]['query']>;
	readonly body?: z.input<Operations[K]['body']>;
};

export type Client = {
	call<K extends OperationId>(id: K, input?: CallInput<K>): Promise<Result<OperationOutput<K>, ClientFailure>>;
	/** A text resource: `/metrics`, `/openapi.json`. */
	text(path: string): Promise<Result<string, ClientFailure>>;
};

const answerBytesMax = 64 * 1024 * 1024;
const timeoutMs = 30_000;

/** What it means that the agent could not be spoken to. */
export function unreachable(error: NodeJS.ErrnoException, socketPath: string): ClientFailure {
	const code = error.code ?? 'EUNKNOWN';
	const texts: { readonly [code: string]: string } = {
		ENOENT: `No agent is running here: ${socketPath} does not exist.`,
		ECONNREFUSED: `No agent answers on ${socketPath}; it is stopped or has crashed. Mail waits at the MTA.`,
		EACCES: `You may not speak to the agent: ${socketPath} is closed to your user.`,
	};
	return { kind: 'unreachable', code, text: texts[code] ?? `${socketPath}: ${error.message}` };
}

type Answer = { readonly status: number; readonly text: string };

function ask(
	socketPath: string,
	asked: {
		readonly method: string;
		readonly path: string;
		readonly headers: { [name: string]: string };
		readonly body?: string;
	},
): Promise<Result<Answer, ClientFailure>> {
	return new Promise((resolve) => {
		const call = request(
			{ socketPath, method: asked.method, path: asked.path, headers: asked.headers, timeout: timeoutMs },
			(response) => {
				const chunks: Buffer[] = [];
				let bytes = 0;
				response.on('data', (chunk: Buffer) => {
					bytes += chunk.length;
					if (bytes > answerBytesMax) call.destroy(new Error('the answer is too large'));
					else chunks.push(chunk);
				});
				response.on('end', () =>
					resolve(ok({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })),
				);
				response.on('error', (error) => resolve(failed(unreachable(error, socketPath))));
			},
		);
		call.on('timeout', () => call.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })));
		call.on('error', (error) => resolve(failed(unreachable(error, socketPath))));
		call.end(asked.body);
	});
}

function pathOf(id: OperationId, input: CallInput<OperationId>): string {
	const params = (input.params ?? {}) as { [name: string]: string };
	const path = operations[id].path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(input.query ?? {}))
		if (value !== undefined) query.set(name, String(value));
	const text = query.toString();
	return text === '' ? path : `${path}?${text}`;
}

function problemOf(answer: Answer): ClientFailure {
	try {
		return { kind: 'problem', problem: JSON.parse(answer.text) as ProblemDocument };
	} catch {
		const problem = { type: 'about:blank', title: `HTTP ${answer.status}`, status: answer.status };
		return { kind: 'problem', problem };
	}
}

export function createClient(socketPath: string, actor: Actor): Client {
	const headers = { [actorHeader]: actorHeaderValue(actor) };
	return {
		async call(id, input = {}) {
			const body = input.body === undefined ? undefined : JSON.stringify(input.body);
			const answer = await ask(socketPath, {
				method: operations[id].method.toUpperCase(),
				path: pathOf(id, input),
				headers:
					body === undefined
						? headers
						: { ...headers, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) },
				...(body === undefined ? {} : { body }),
			});
			if (!answer.ok) return answer;
			if (answer.value.status !== 200) return failed(problemOf(answer.value));
			return ok(JSON.parse(answer.value.text) as OperationOutput<typeof id>);
		},
		async text(path) {
			const answer = await ask(socketPath, { method: 'GET', path, headers });
			if (!answer.ok) return answer;
			return answer.value.status === 200 ? ok(answer.value.text) : failed(problemOf(answer.value));
		},
	};
}

/** One sentence for people. */
export function failureText(failure: ClientFailure): string {
	if (failure.kind === 'unreachable') return failure.text;
	const { title, detail, errors } = failure.problem;
	const list = (errors ?? []).map((error) => `${error.path}: ${error.message}`).join('; ');
	return [title, detail, list].filter((part) => part !== undefined && part !== '').join(': ');
}
