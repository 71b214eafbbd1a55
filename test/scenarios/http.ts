/**
 * Plain requests on the agent's socket: what a client says exactly, and the answer as it came.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { problemSchema } from '@sluice/shared/contract/problem.ts';

export type Asked = {
	readonly method?: string;
	readonly path: string;
	/** Of `Sluice-Actor`; null sends none. */
	readonly actor?: string | null;
	readonly headers?: { readonly [name: string]: string };
	readonly body?: string | Uint8Array;
};

export type Answered = {
	readonly status: number;
	readonly headers: IncomingMessage['headers'];
	readonly text: string;
	readonly json: unknown;
};

export async function ask(
	socketPath: string,
	{ method = 'GET', path, actor = 'admin scenario', headers = {}, body }: Asked,
): Promise<Answered> {
	const call = request({
		socketPath,
		method,
		path,
		headers: {
			...(actor === null ? {} : { 'sluice-actor': actor }),
			...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
			...headers,
		},
	});
	call.end(body);
	const [response] = (await once(call, 'response')) as [IncomingMessage];
	let text = '';
	response.setEncoding('utf8');
	for await (const part of response) text += part as string;
	const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
	return {
		status: response.statusCode ?? 0,
		headers: response.headers,
		text,
		json: isJson ? JSON.parse(text) : undefined,
	};
}

/** `404 not-found` of a problem document; anything else that came as it is. */
export function problemOf({ status, headers, text, json }: Answered): string {
	const problem = problemSchema.safeParse(json);
	const isDocument = headers['content-type'] === 'application/problem+json; charset=utf-8' && problem.success;
	if (!isDocument || problem.data.status !== status) return `no problem document: ${status} ${text.slice(0, 200)}`;
	return `${status} ${problem.data.type.replace('urn:sluice:', '')}`;
}
