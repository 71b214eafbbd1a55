/**
 * Somebody without a browser: asks for pages, keeps cookies, fills in forms. Redirects are not followed, so that tests see them.
 */
import assert from 'node:assert/strict';
import type { TestPages } from './pages.ts';

export type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };
export type Visit = { readonly cookies: Map<string, string>; readonly site: TestPages };

export const visitTo = (site: TestPages): Visit => ({ cookies: new Map(), site });

export async function ask(
	{ cookies, site }: Visit,
	path: string,
	/** Pairs where a name comes more than once. */
	fields?: { readonly [name: string]: string } | [string, string][],
	headers: { readonly [name: string]: string } = {},
): Promise<Answer> {
	const response = await fetch(new URL(path, site.panel.url), {
		redirect: 'manual',
		headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; '), ...headers },
		...(fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) }),
	});
	for (const cookie of response.headers.getSetCookie()) {
		const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) as unknown as [string, string, string];
		if (value === '') cookies.delete(name);
		else cookies.set(name, value);
	}
	return { status: response.status, headers: response.headers, text: await response.text() };
}

export const unescaped = (text: string): string =>
	text.replaceAll('&amp;', '&').replaceAll('&#34;', '"').replaceAll('&#39;', "'");
export const fieldOf = (html: string, name: string): string =>
	unescaped(new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '');

export async function logInTo(site: TestPages): Promise<Visit> {
	const visit = visitTo(site);
	const form = await ask(visit, '/login');
	const csrf = fieldOf(form.text, 'csrf');
	assert.equal((await ask(visit, '/login', { csrf, password: site.password })).status, 303);
	return visit;
}
