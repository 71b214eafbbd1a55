/**
 * Pages in a panel's frame, where all of them are one script of the panel's own folder: the path of a page travels in the query, as
 * `?p=/accounts/alice?show=near&sort=name`. Links stay relative, so the panel's security token in the address survives.
 *
 * What follows the first `p=` up to the first `?` or `&` is the path, the rest its query. Browsers that send a form without script
 * replace a query and encode the hidden field, so a path that begins with `%2F` is decoded, once. Whatever is no path of ours becomes
 * `noPage`, which has no page: never another server, never a folder above.
 */

/** Has no page: answered with 404. */
export const noPage = '/-';

const pathCharsMax = 2000;
const isUnfit = (segment: string): boolean =>
	/[\p{Cc}\\]/u.test(segment) || segment.split('/').some((part) => part === '.' || part === '..');

function decoded(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}

/** Each segment read once and written anew, so that nothing in it can be taken for something else. */
function cleanPath(path: string): string {
	if (!path.startsWith('/') || path.startsWith('//') || path.length > pathCharsMax) return noPage;
	const segments = path.split('/').map(decoded);
	if (segments.some((segment) => segment === undefined || isUnfit(segment))) return noPage;
	return segments.map((segment) => encodeURIComponent(segment as string)).join('/');
}

/** The address that the app is asked for, from the query as the browser sent it (without its `?`). Without `p`: `/`. */
export function pathFromQuery(rawQuery: string): string {
	const parts = rawQuery.split('&');
	const first = parts.findIndex((part) => part.startsWith('p='));
	if (first < 0) return '/';
	const raw = (parts[first] as string).slice(2);
	const text = /^%2F/i.test(raw) ? decoded(raw.replaceAll('+', ' ')) : raw;
	if (text === undefined) return noPage;
	if (text === '') return '/';
	const mark = text.indexOf('?');
	const path = cleanPath(mark < 0 ? text : text.slice(0, mark));
	const query = [...(mark < 0 ? [] : [text.slice(mark + 1)]), ...parts.slice(first + 1)]
		.filter((part) => part !== '' && part !== 'p' && !part.startsWith('p='))
		.join('&');
	return query === '' ? path : `${path}?${query}`;
}

/** What a GET form to that page carries as its first field, because browsers replace the query of a form's action. */
export const hiddenPath = (base: string, link: string): string | undefined =>
	base === '?p=' && link.startsWith(base) ? link.slice(base.length) : undefined;
