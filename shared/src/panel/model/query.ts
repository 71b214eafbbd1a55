/**
 * What of the list a person asked for, from the address of the page and back to it. Scope, filter and order live in the address, so
 * that it can be sent to somebody else. Anything unknown in it is the default.
 */
import { type Given, trimmedOf } from './given.ts';

export const sorts = ['usage', 'name', 'waiting'] as const;
export type Sort = (typeof sorts)[number];
export const shows = ['near', 'waiting', 'own', 'suspended', 'gone'] as const;
export type Show = (typeof shows)[number];

export type ListQuery = {
	readonly search: string;
	readonly show?: Show;
	readonly plan?: string;
	readonly reseller?: string;
	readonly sort: Sort;
	readonly cursor?: string;
};

const oneOf = <T extends string>(list: readonly T[], value: unknown): T | undefined =>
	list.find((one) => one === value);

export function parseQuery(query: Given): ListQuery {
	const show = oneOf(shows, query.show);
	const plan = trimmedOf(query.plan, 128);
	const reseller = trimmedOf(query.reseller, 128);
	const cursor = trimmedOf(query.cursor, 200);
	return {
		search: trimmedOf(query.q, 200),
		sort: oneOf(sorts, query.sort) ?? 'usage',
		...(show === undefined ? {} : { show }),
		...(plan === '' ? {} : { plan }),
		...(reseller === '' ? {} : { reseller }),
		...(cursor === '' ? {} : { cursor }),
	};
}

/** `?q=rose&show=near`; empty for the list as it opens. */
export function queryText({ search, show, plan, reseller, sort, cursor }: ListQuery): string {
	const fields = new URLSearchParams();
	if (search !== '') fields.set('q', search);
	if (show !== undefined) fields.set('show', show);
	if (plan !== undefined) fields.set('plan', plan);
	if (reseller !== undefined) fields.set('reseller', reseller);
	if (sort !== 'usage') fields.set('sort', sort);
	if (cursor !== undefined) fields.set('cursor', cursor);
	const text = fields.toString();
	return text === '' ? '' : `?${text}`;
}

export const isFiltered = ({ search, show, plan, reseller }: ListQuery): boolean =>
	search !== '' || show !== undefined || plan !== undefined || reseller !== undefined;

/** The same from another page of it: its first one. */
export function withQuery(query: ListQuery, change: Partial<ListQuery>): ListQuery {
	const { cursor: _cursor, ...rest } = query;
	return { ...rest, ...change };
}

/** Without one of the filters. */
export function withoutQuery(query: ListQuery, name: 'show' | 'plan' | 'reseller'): ListQuery {
	const { [name]: _gone, cursor: _cursor, ...rest } = query;
	return rest;
}

const showQueries = {
	near: { near: 'true' },
	waiting: { waiting: 'true' },
	own: { ownLimits: 'true' },
	suspended: { state: 'suspended' },
	gone: { state: 'gone' },
} as const;

/** What the agent is asked. */
export const agentQuery = ({ search, show, plan, reseller }: ListQuery) => ({
	...(search === '' ? {} : { search }),
	...(plan === undefined ? {} : { plan }),
	...(reseller === undefined ? {} : { reseller }),
	...(show === undefined ? {} : showQueries[show]),
});
