/**
 * What a CGI process is given and gives: environment from a request (RFC 3875 §4.1), status and headers from its output (§6).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export type CgiAnswer = {
	readonly status: number;
	readonly headers: readonly (readonly [string, string])[];
	readonly body: string;
};

/** Each header under HTTP_NAME. `Sluice-Panel-User` and `Sluice_Panel_User` are the same there: the last one wins. */
export function environmentOf(
	request: IncomingMessage,
	script: string,
	user: string,
	token: string,
): Record<string, string> {
	const [, query = ''] = /\?(.*)$/s.exec(request.url ?? '') ?? [];
	const headers: Record<string, string> = {};
	for (const [name, value] of Object.entries(request.headers as IncomingHttpHeaders))
		headers[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`] = Array.isArray(value)
			? value.join(', ')
			: (value ?? '');
	return {
		...headers,
		GATEWAY_INTERFACE: 'CGI/1.1',
		SERVER_PROTOCOL: 'HTTP/1.1',
		SERVER_PORT: '2087',
		REQUEST_METHOD: request.method ?? '',
		REQUEST_URI: request.url ?? '',
		QUERY_STRING: query,
		SCRIPT_NAME: script,
		REMOTE_ADDR: '127.0.0.1',
		REMOTE_USER: user,
		cp_security_token: token,
		...(request.headers['content-type'] === undefined ? {} : { CONTENT_TYPE: request.headers['content-type'] }),
		...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
	};
}

export function answerOf(output: string): CgiAnswer {
	const [, head = '', body = ''] = /^(.*?)\r?\n\r?\n(.*)$/s.exec(output) ?? [];
	const headers = head.split(/\r?\n/).flatMap((line): (readonly [string, string])[] => {
		const colon = line.indexOf(':');
		return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
	});
	if (head === '') throw new Error(`no CGI answer: ${output.slice(0, 500)}`);
	const status = headers.find(([name]) => name === 'status')?.[1];
	return {
		status: status === undefined ? 200 : Number(status.slice(0, 3)),
		headers: headers.filter(([name]) => name !== 'status'),
		body,
	};
}
