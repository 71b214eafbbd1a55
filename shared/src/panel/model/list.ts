/**
 * The list of accounts as the page shows it: rows, filters with their counts, order, paging.
 *
 * Pure: from what the agent said to finished texts. Not here: asking the agent (read.ts), drawing (views/).
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';
import { near } from '../text/times.ts';
import { barFor, cellOf, type LimitCell, shownRule, slug } from './cell.ts';
import type { May } from './may.ts';
import { panelOwnOf } from './panel-own.ts';
import type { SetBook } from './parents.ts';
import { accountPath } from './paths.ts';
import {
	isFiltered,
	type ListQuery,
	queryText,
	type Show,
	type Sort,
	sorts,
	withoutQuery,
	withQuery,
} from './query.ts';
import { effectiveFor } from './rule-words.ts';
import type { Bar } from './usage-bar.ts';
import type { Words } from './words.ts';

export type Badge = { readonly tone: 'wait' | 'hold' | 'bad' | 'off'; readonly sign: string; readonly text: string };

export type Row = {
	readonly id: string;
	readonly key: string;
	readonly path: string;
	readonly name: string;
	readonly second: string;
	readonly badges: readonly Badge[];
	readonly bar: Bar;
	readonly dayUsed: string;
	readonly dayOf: string;
	readonly waiting: string;
	readonly hasWaiting: boolean;
	readonly cell: LimitCell;
	readonly owner: string;
	readonly plan: string;
};

/** What the agent said about the list. A total that could not be had is undefined. */
export type ListFacts = {
	readonly accounts: readonly { readonly account: AccountDto; readonly view: LimitsView }[];
	readonly found: number;
	readonly next?: string;
	readonly total: number;
	readonly shows: { readonly [S in Show]: number };
	/** Of those that are near a limit. */
	readonly near: { readonly percent: number; readonly enforced: number; readonly watched: number };
	readonly book: SetBook;
};

export type Chip = { readonly text: string; readonly total: string; readonly isOn: boolean; readonly path: string };
export type Column = { readonly text: string; readonly path: string; readonly sort?: 'ascending' | 'descending' };
export type Choice = { readonly value: string; readonly text: string; readonly isChosen: boolean };

export type List = {
	readonly path: string;
	readonly headline: string;
	readonly say: string;
	readonly query: ListQuery;
	readonly back: string;
	readonly chips: readonly Chip[];
	readonly plans: readonly Choice[];
	readonly resellers: readonly Choice[];
	readonly totalLine: string;
	readonly columns: { readonly [S in Sort]: Column };
	readonly rows: readonly Row[];
	readonly shown: string;
	readonly first?: string;
	readonly next?: string;
	/** Absent: not the actor's to change. */
	readonly bulk?: { readonly path: string; readonly all: string };
	readonly empty?: {
		readonly isNew: boolean;
		readonly title: string;
		readonly text: string;
		readonly clearPath: string;
	};
};

export function badgesOf(account: AccountDto, { t }: Words): readonly Badge[] {
	return [
		...(account.state === 'suspended' ? [{ tone: 'bad', sign: 'stop', text: t.suspendedBadge } as const] : []),
		...(account.state === 'gone' ? [{ tone: 'off', sign: 'cross', text: t.goneBadge } as const] : []),
		...(account.isKnown ? [] : [{ tone: 'off', sign: 'unknown', text: t.unknownBadge } as const]),
		...(account.waiting > 0 ? [{ tone: 'wait', sign: 'clock', text: t.waitBadge(account.waiting) } as const] : []),
		...(account.held > 0 ? [{ tone: 'hold', sign: 'pause', text: t.heldBadge(account.held) } as const] : []),
	];
}

/** Why an account is in its state; undefined while it is an ordinary one. */
export function stateReason(account: AccountDto, { t, zoned, nowMs }: Words): string | undefined {
	const since =
		account.stateSince === undefined ? '' : t.since(near(zoned, Date.parse(account.stateSince), nowMs)).trim();
	if (account.state === 'suspended') return t.suspendedReason(since).replace('  ', ' ').replace(' :', ':');
	if (account.state === 'gone') return t.goneReason(since).replace('  ', ' ').replace(' :', ':');
	return account.isKnown ? undefined : t.unknownReason;
}

/** A rule that the row does not show is nearer to its end: `733 of 800 recipients a day used`. */
function nearestOther({ nearest }: AccountDto, shown: LimitRule, t: Strings): string | undefined {
	if (nearest === undefined || !nearest.isNear || nearest.rule === shown) return undefined;
	const { rule, used, value, mode } = nearest;
	return t.nearest(used, value, t.rules[rule].unit, mode === 'enforce');
}

export function rowOf(
	{
		account,
		view,
		book,
		back,
		may,
	}: {
		readonly account: AccountDto;
		readonly view: LimitsView;
		readonly book: SetBook;
		readonly back: string;
		readonly may: May;
	},
	words: Words,
): Row {
	const { t, base } = words;
	const hour = shownRule(view, 'hour');
	const dayRule = shownRule(view, 'day');
	const dayLimit = effectiveFor(view, dayRule)?.value;
	const panel = panelOwnOf(account, view, t);
	const facts = [
		...(panel?.short === undefined ? [] : [panel.short]),
		...account.domains.filter((domain) => domain !== account.name).slice(0, 1),
		...(account.domains.length > 2 ? [t.andMore(account.domains.length - 1)] : []),
		...[stateReason(account, words), nearestOther(account, hour, t)].filter((text) => text !== undefined),
	];
	return {
		id: slug(account.key),
		key: account.key,
		path: accountPath(base, account.key),
		name: account.name,
		second: t.factsOf(facts),
		badges: [
			...badgesOf(account, words),
			...(panel?.isFirst === true ? [{ tone: 'bad', sign: 'cross', text: panel.badge } as const] : []),
		],
		bar: barFor({ account, view, rule: hour }, t),
		dayUsed: count(account.usage.find((one) => one.rule === dayRule)?.used ?? 0),
		dayOf: dayLimit === undefined ? t.noLimit : t.dayOf(dayLimit),
		waiting: count(account.waiting),
		hasWaiting: account.waiting > 0,
		cell: cellOf({ account, view, book, rule: hour, spot: 'list', back, may }, words),
		owner: account.reseller ?? t.noOwner,
		plan: account.plan ?? t.noPlan,
	};
}

function choices(
	book: SetBook,
	level: 'plan' | 'reseller',
	facts: ListFacts,
	chosen: string | undefined,
	all: string,
): readonly Choice[] {
	const names = new Set([
		...[...book.values()].filter((view) => view.level === level).map((view) => view.id),
		...facts.accounts.flatMap(({ account }) => account[level] ?? []),
		...(chosen === undefined ? [] : [chosen]),
	]);
	return [
		{ value: '', text: all, isChosen: chosen === undefined },
		...[...names].sort().map((name) => ({ value: name, text: name, isChosen: name === chosen })),
	];
}

function emptyOf(facts: ListFacts, query: ListQuery, path: string, { t }: Words): List['empty'] {
	if (facts.accounts.length > 0) return undefined;
	if (!isFiltered(query)) return { isNew: true, title: t.emptyNewTitle, text: t.emptyNew, clearPath: path };
	const what = query.search === '' ? t.thisFilter : t.quoted(query.search);
	return { isNew: false, title: t.emptyTitle(what), text: t.emptyText(facts.total), clearPath: path };
}

/** How many of how many, what the filter counts, in which order. */
function totalLineOf({ found, total, near }: ListFacts, query: ListQuery, t: Strings): string {
	return [
		isFiltered(query) ? t.totalOf(found, total) : t.total(total),
		...(query.show === undefined ? [] : [t.showMeans[query.show](near.percent)]),
		t.sorted[query.sort],
	].join(', ');
}

export function listOf(facts: ListFacts, query: ListQuery, words: Words, may: May): List {
	const { t, base } = words;
	const path = `${base}/accounts`;
	const at = (to: ListQuery): string => `${path}${queryText(to)}`;
	const chipTexts = {
		near: t.chipNear,
		waiting: t.chipWaiting,
		own: t.chipOwn,
		suspended: t.chipSuspended,
		gone: t.chipGone,
	};
	const columnTexts = { usage: t.columns.day, name: t.columns.account, waiting: t.columns.waiting };
	const { percent, enforced, watched } = facts.near;
	const empty = emptyOf(facts, query, path, words);
	return {
		path,
		headline: enforced > 0 ? t.nearSome(enforced, percent) : facts.total === 0 ? t.emptyNewTitle : t.nearNone,
		say: [
			...(facts.total === 0 ? [] : [`${t.total(facts.total)}.`]),
			...(watched > 0 ? [t.nearWatched(watched)] : []),
		].join(' '),
		query,
		back: queryText(query),
		chips: (Object.keys(chipTexts) as Show[]).map((show) => ({
			text: chipTexts[show],
			total: count(facts.shows[show]),
			isOn: query.show === show,
			path: at(query.show === show ? withoutQuery(query, 'show') : withQuery(query, { show })),
		})),
		plans: choices(facts.book, 'plan', facts, query.plan, t.allPlans),
		resellers: choices(facts.book, 'reseller', facts, query.reseller, t.allResellers),
		totalLine: totalLineOf(facts, query, t),
		columns: Object.fromEntries(
			sorts.map((sort) => [
				sort,
				{
					text: columnTexts[sort],
					path: at(withQuery(query, { sort })),
					...(query.sort === sort ? { sort: sort === 'name' ? 'ascending' : 'descending' } : {}),
				},
			]),
		) as List['columns'],
		rows: facts.accounts.map((one) => rowOf({ ...one, book: facts.book, back: queryText(query), may }, words)),
		shown: t.shown(facts.accounts.length, facts.found),
		...(query.cursor === undefined ? {} : { first: at(withQuery(query, {})) }),
		...(facts.next === undefined ? {} : { next: at({ ...query, cursor: facts.next }) }),
		...(may.editAccounts && may.changeMany && empty === undefined
			? {
					bulk: {
						path: `${base}/changes`,
						all: isFiltered(query) ? t.bulkAllFiltered(facts.found) : t.bulkAll(facts.found),
					},
				}
			: {}),
		...(empty === undefined ? {} : { empty }),
	};
}
