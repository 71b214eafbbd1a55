/**
 * The audit as its page shows it: filters from the address and back, rows, the way to the next page. Pure.
 */
import type { AuditEntryDto } from '../../contract/shapes.ts';
import { moment } from '../text/times.ts';
import { type Given, trimmedOf } from './given.ts';
import type { Words } from './words.ts';

const auditRowsMax = 50;

export type AuditQuery = {
	readonly actor: string;
	readonly subject: string;
	readonly act: string;
	readonly cursor?: string;
};

export function parseAuditQuery(query: Given): AuditQuery {
	const cursor = trimmedOf(query.cursor, 200);
	return {
		actor: trimmedOf(query.actor, 200),
		subject: trimmedOf(query.subject, 320),
		act: trimmedOf(query.act, 64),
		...(cursor === '' ? {} : { cursor }),
	};
}

/** `?actor=root`; empty for all of it. */
export function auditQueryText(query: AuditQuery): string {
	const fields = new URLSearchParams(
		(['actor', 'subject', 'act', 'cursor'] as const).flatMap((name) => {
			const value = query[name] ?? '';
			return value === '' ? [] : [[name, value] as [string, string]];
		}),
	).toString();
	return fields === '' ? '' : `?${fields}`;
}

/** What the agent is asked. */
export const agentAuditQuery = ({ actor, subject, act, cursor }: AuditQuery) => ({
	...(actor === '' ? {} : { actor }),
	...(subject === '' ? {} : { subject }),
	...(act === '' ? {} : { act }),
	...(cursor === undefined ? {} : { cursor }),
	limit: auditRowsMax,
});

export type AuditPage = {
	readonly path: string;
	readonly query: AuditQuery;
	readonly isFiltered: boolean;
	readonly rows: readonly Omit<AuditEntryDto, 'id'>[];
	readonly first?: string;
	readonly next?: string;
};

export function auditPageOf(
	{ items, next }: { readonly items: readonly AuditEntryDto[]; readonly next?: string | undefined },
	query: AuditQuery,
	{ base, zoned }: Words,
): AuditPage {
	const path = `${base}/audit`;
	const { cursor, ...filter } = query;
	return {
		path,
		query,
		isFiltered: Object.values(filter).some((value) => value !== ''),
		rows: items.map(({ at, actor, act, subject, detail }) => ({
			at: moment(zoned, Date.parse(at)),
			actor,
			act,
			subject,
			detail,
		})),
		...(cursor === undefined ? {} : { first: `${path}${auditQueryText(filter)}` }),
		...(next === undefined ? {} : { next: `${path}${auditQueryText({ ...filter, cursor: next })}` }),
	};
}
