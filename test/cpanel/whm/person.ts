/**
 * Somebody who is logged in at the stand-in of cpsrvd, without a browser: asks for pages as one would, and as nobody should.
 */
import { request } from 'node:http';
import type { Cpsrvd, Side } from './cpsrvd.ts';

export type Page = {
	readonly status: number;
	readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
	readonly text: string;
};

export type Person = {
	readonly home: string;
	readonly cookie: string;
	readonly token: string;
	/** The page of a path; `fields` posts a form. */
	ask(path: string, more?: Asked): Promise<Page>;
	/** Whatever stands behind the script's `?`. */
	askRaw(query: string, more?: Asked): Promise<Page>;
	/** Another address below the session's token. */
	askAt(address: string, more?: Asked): Promise<Page>;
};

export type Asked = {
	readonly method?: string;
	readonly fields?: { readonly [name: string]: string };
	readonly body?: string;
	readonly headers?: { readonly [name: string]: string };
};

export function fetchPage(address: string, { method, fields, body, headers }: Asked): Promise<Page> {
	const text = fields === undefined ? body : new URLSearchParams(fields).toString();
	return new Promise((resolve, reject) => {
		const call = request(
			address,
			{
				method: method ?? (text === undefined ? 'GET' : 'POST'),
				headers: {
					...(text === undefined
						? {}
						: {
								'content-type': 'application/x-www-form-urlencoded',
								'content-length': String(Buffer.byteLength(text)),
							}),
					...headers,
				},
			},
			(response) => {
				let read = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					read += chunk;
				});
				response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: read }));
			},
		);
		call.on('error', reject).end(text);
	});
}

export function person(cpsrvd: Cpsrvd, side: Side, user: string): Person {
	const { home, cookie, token } = cpsrvd.logIn(side, user);
	const at = (address: string, more: Asked = {}): Promise<Page> =>
		fetchPage(address, { ...more, headers: { cookie, ...more.headers } });
	return {
		home,
		cookie,
		token,
		ask: (path, more) => at(`${home}?p=${path}`, more),
		askRaw: (query, more) => at(`${home}?${query}`, more),
		askAt: (address, more) => at(`${cpsrvd.url(side)}${token}${address}`, more),
	};
}
