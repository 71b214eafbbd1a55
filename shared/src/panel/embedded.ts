/**
 * Pages inside a panel: the path of a page stands in the query of one script (`index.cgi?p=/accounts?show=near`).
 *
 * What follows the first `p=` up to the first `?` or `&` is the path, the rest is the query. It is decoded once, and only where it begins
 * with `%2F`: browsers encode it so when a form sends it as a field. Links stay relative, so the panel's security token in the
 * address survives them.
 * Not here: the field `p` in forms that get (the pages' own), who asks (the adapter).
 */
import type { RequestHandler } from 'express';

const pathBytesMax = 2_000;
/** What no page has: the app answers that there is none. */
const noPage = '/-';
const shape = /(?:^|&)p=([^?&]*)(?:[?&](.*))?$/s;

function decoded(path: string): string | undefined {
	if (!/^%2f/i.test(path)) return path;
	try {
		// As the field had it; signs that no address has are encoded, and a `?` of the name does not begin the query.
		return decodeURIComponent(path.replaceAll('+', ' ')).replace(/[^\x21-\x7e]|[?#]/gu, encodeURIComponent);
	} catch {
		return undefined;
	}
}

/** The path and query that a raw query string asks for; `/` where it names none. */
export function pathFromQuery(query: string): string {
	const found = shape.exec(query);
	if (found === null) return '/';
	const [, named = '', rest = ''] = found;
	if (named === '') return '/';
	const path = decoded(named);
	// `//` would be another host wherever a path is used as an address.
	if (path === undefined || path.length > pathBytesMax || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path)) return noPage;
	return rest === '' ? path : `${path}?${rest}`;
}

/** Lets the app see the page's own path, whatever script it stands in. */
export const embedded: RequestHandler = (request, _response, next) => {
	const mark = request.url.indexOf('?');
	request.url = pathFromQuery(mark === -1 ? '' : request.url.slice(mark + 1));
	next();
};
