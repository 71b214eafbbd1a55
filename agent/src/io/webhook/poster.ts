/**
 * Posting an event to a URL that an administrator has named, without becoming a way into the inside of the network.
 *
 * The name is looked up by us, every address it has must be one that the world reaches (`isAllowed`), and the connection goes to just
 * the address that was checked: a zone that answers differently a second time gains nothing (DNS rebinding). Redirects are not
 * followed, proxies of the environment are not used, answers are read to a bound and thrown away.
 */
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP } from 'node:net';
import type { WebhookAnswer, WebhookPoster, WebhookRequest } from '../../ports/webhook.ts';

export type PosterOptions = {
	/** Whether an address may be spoken to. */
	readonly isAllowed: (address: string) => boolean;
	readonly timeoutMs?: number;
	/** For tests: certificates that are believed beside the system's. */
	readonly ca?: string;
};

const timeoutMsDefault = 10_000;
/** Of an answer, for the one who asks why. */
const answerCharsMax = 200;

type Place = { readonly url: URL; readonly address: string; readonly family: number };

async function placeOf(text: string, isAllowed: PosterOptions['isAllowed']): Promise<Place | string> {
	const url = new URL(text);
	if (url.username !== '' || url.password !== '') return 'a URL with a password in it is not used';
	const host = url.hostname.replace(/^\[|\]$/g, '');
	const found = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host, family: isIP(host) }];
	const refused = found.find(({ address }) => !isAllowed(address));
	if (refused !== undefined) {
		const named = refused.address === host ? `${host} is` : `${host} is ${refused.address},`;
		return `${named} a loopback, private or own address`;
	}
	const first = found[0];
	return first === undefined ? `${host} has no address` : { url, ...first };
}

export function createPoster({ isAllowed, timeoutMs = timeoutMsDefault, ca }: PosterOptions): WebhookPoster {
	const open = new Set<ClientRequest>();

	function send({ url, address, family }: Place, { body, headers }: WebhookRequest): Promise<WebhookAnswer> {
		const { promise, resolve } = Promise.withResolvers<WebhookAnswer>();
		const request = (url.protocol === 'https:' ? requestTls : requestPlain)(url, {
			method: 'POST',
			agent: false,
			headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
			lookup: (_host, options, done) => {
				if (options.all === true) (done as (error: null, all: object[]) => void)(null, [{ address, family }]);
				else done(null, address, family);
			},
			...(ca === undefined ? {} : { ca }),
		});
		open.add(request);
		const limit = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
		request.once('close', () => {
			clearTimeout(limit);
			open.delete(request);
			resolve({ ok: false, text: 'the connection ended without an answer' });
		});
		request.once('error', (error) => resolve({ ok: false, text: error.message }));
		request.once('response', (response) => {
			const status = response.statusCode ?? 0;
			let text = '';
			response.setEncoding('utf8').on('data', (chunk: string) => {
				text = `${text}${chunk}`.slice(0, answerCharsMax);
			});
			const done = (): void => {
				resolve(
					status >= 200 && status < 300
						? { ok: true, status }
						: { ok: false, status, text: `answered ${status} ${text}`.trim() },
				);
			};
			response.once('end', done);
			response.once('error', done);
		});
		request.end(body);
		return promise;
	}

	return {
		async post(asked) {
			try {
				const place = await placeOf(asked.url, isAllowed);
				if (typeof place === 'string') return { ok: false, text: place, isRefusedByUs: true };
				return await send(place, asked);
			} catch (error) {
				return { ok: false, text: (error as Error).message };
			}
		},
		async refusal(url) {
			try {
				const place = await placeOf(url, isAllowed);
				return typeof place === 'string' ? place : undefined;
			} catch {
				// A name that cannot be looked up now may be there later.
				return undefined;
			}
		},
		sign: (secret, text) => createHmac('sha256', secret).update(text).digest('hex'),
		stop() {
			for (const request of open) request.destroy(new Error('the agent stops'));
		},
	};
}
