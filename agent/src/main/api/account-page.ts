/**
 * Accounts as they are shown: those that panels have told of, and those that only their mail tells of; filtered, sorted, by page.
 *
 * What has to be computed for each of thousands is a number or two; the whole of what an account has used is worded for the page alone.
 */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { type Account, type AccountKey, isProvisional } from '@sluice/shared/words/account.ts';
import { type LimitMode, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import { unknownSeen } from '../../flow/account-events.ts';
import type { Flow } from '../../flow/context.ts';
import { createSlices } from '../../flow/turns.ts';
import { time } from './answers.ts';
import { problem } from './context.ts';
import { isSet } from './limit-page.ts';
import { nearestLimit, usageDtos } from './metered.ts';
import { createPageRows } from './page-rows.ts';
import { maySee } from './visibility.ts';

/** An account to be shown, and whether a panel has named it. */
export type ShownAccount = { readonly account: Account; readonly isKnown: boolean };

/** The account, or the unknown one that mail or limits tell of; undefined: there is none. */
export function shownAccount(flow: Flow, which: Account | AccountKey): ShownAccount | undefined {
	if (typeof which !== 'string') return { account: which, isKnown: true };
	const account = flow.accounts.find(which);
	if (account !== undefined) return { account, isKnown: true };
	return isProvisional(which) && isHeardOf(flow, which) ? unknown(flow, which) : undefined;
}

const isHeardOf = (flow: Flow, key: AccountKey): boolean =>
	unknownSeen(flow).has(key) ||
	flow.scheduler.accountOpen(key).recipients > 0 ||
	flow.limits.get('account', key) !== undefined ||
	usedToday(flow, key) > 0;

/** What attribution has made up: `uid:7001`, `domain:site1.test`, `login:x`. */
function unknown(flow: Flow, key: AccountKey): ShownAccount {
	const colon = key.indexOf(':');
	const [kind, name] = [key.slice(0, colon), key.slice(colon + 1)];
	return {
		isKnown: false,
		account: {
			id: key,
			key,
			panel: 'none',
			name: key,
			unixUsers: kind === 'uid' ? [{ name, uid: Number(name) }] : [],
			domains: kind === 'domain' ? [name] : [],
			mailboxes: [],
			state: 'active',
			sinceMs: unknownSeen(flow).get(key)?.firstMs ?? flow.clock.now(),
			maySendAs: [],
		},
	};
}

const usedToday = ({ meter, clock }: Flow, key: AccountKey): number =>
	meter.used(scopeKeyOf('account', key), 'day.recipients', clock.now());

type Open = ReadonlyMap<AccountKey, { readonly waiting: number; readonly held: number }>;

const openByAccount = ({ scheduler, clock }: Flow): Open =>
	new Map(scheduler.countsBy('account', clock.now()).map((row) => [row.key, row]));

export function accountDto(flow: Flow, shown: ShownAccount | undefined, open: Open = openByAccount(flow)): AccountDto {
	const { account, isKnown } = shown as ShownAccount;
	const { sinceMs, stateSinceMs, unixUsers, domains, mailboxes, maySendAs, ...rest } = account;
	const { waiting = 0, held = 0 } = open.get(account.key) ?? {};
	const nearest = nearestLimit(flow, account.key);
	return {
		...rest,
		unixUsers: unixUsers.map((user) => ({ ...user })),
		domains: [...domains],
		mailboxes: [...mailboxes],
		maySendAs: [...maySendAs],
		since: time(sinceMs),
		...(stateSinceMs === undefined ? {} : { stateSince: time(stateSinceMs) }),
		isKnown,
		usage: usageDtos(flow, { level: 'account', id: account.key }),
		...(nearest === undefined ? {} : { nearest: { ...nearest } }),
		waiting,
		held,
	};
}

type Query = OperationInput<'listAccounts'>['query'];
type Page = OperationOutput<'listAccounts'>;

/** What a page is sorted by: a number, largest first, or a text; then the key, which no two share. */
type Row = ShownAccount & { readonly place: number | string };

/** A page of the accounts that the actor may see. In slices: there may be ten thousand. */
export async function pageOfAccounts(
	flow: Flow,
	query: Query,
	actor: Actor | undefined,
): Promise<Result<Page, Problem>> {
	const { sort, limit, cursor } = query;
	const after = cursor === undefined ? undefined : placeOfCursor(flow, cursor, sort, actor);
	if (cursor !== undefined && after === undefined) return problem('invalid', 'cursor: not one of this list');
	const open = openByAccount(flow);
	const slices = createSlices(flow.clock);
	const counts = { total: 0, enforced: 0 };
	const rows = createPageRows(limit, inOrder);
	await eachMatching(flow, { filters: query, actor, open }, slices, (shown, near) => {
		counts.total += 1;
		if (near === 'enforce') counts.enforced += 1;
		const place = placeOf(flow, shown.account, sort, open);
		if (after === undefined || compare({ place, key: shown.account.key }, after) > 0) rows.offer({ ...shown, place });
	});
	const page = rows.sorted();
	const items: AccountDto[] = [];
	for (const row of page) {
		items.push(accountDto(flow, row, open));
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
	}
	const last = page.at(-1);
	return ok({
		items,
		total: counts.total,
		...(query.near === true ? { near: nearCounts(flow, counts) } : {}),
		...(last !== undefined && rows.hasMore ? { next: cursorOf(last, sort) } : {}),
	});
}

export type AccountFilters = Omit<Query, 'sort' | 'limit' | 'cursor'>;

/** Every account that the filters let through and the actor may see, in no order; `near`: only with that filter. In slices. */
async function eachMatching(
	flow: Flow,
	{
		filters,
		actor,
		open,
	}: { readonly filters: AccountFilters; readonly actor: Actor | undefined; readonly open: Open },
	slices: ReturnType<typeof createSlices>,
	found: (shown: ShownAccount, near: LimitMode | undefined) => void,
): Promise<void> {
	for (const shown of [...shownAccounts(flow, open)]) {
		const pause = slices.breathe();
		if (pause !== undefined) await pause;
		const { key } = shown.account;
		if (!maySee(flow.accounts, actor, key) || !isAsked(flow, shown, filters, open)) continue;
		const near = filters.near === true ? nearMode(flow, key) : undefined;
		if (filters.near !== true || near !== undefined) found(shown, near);
	}
}

/** Keys of all of them, not of a page. */
export async function matchingKeys(
	flow: Flow,
	filters: AccountFilters,
	actor: Actor | undefined,
): Promise<readonly AccountKey[]> {
	const keys: AccountKey[] = [];
	const asked = { filters, actor, open: openByAccount(flow) };
	await eachMatching(flow, asked, createSlices(flow.clock), ({ account }) => keys.push(account.key));
	return keys;
}

function* shownAccounts(flow: Flow, open: Open): Generator<ShownAccount> {
	for (const account of flow.accounts.all()) yield { account, isKnown: true };
	const unnamed = new Set([...unknownSeen(flow).keys(), ...open.keys()]);
	for (const { level, id } of flow.limits.entries()) if (level === 'account') unnamed.add(id);
	for (const key of unnamed) if (isProvisional(key) && flow.accounts.find(key) === undefined) yield unknown(flow, key);
}

function isAsked(flow: Flow, { account }: ShownAccount, query: AccountFilters, open: Open): boolean {
	const { search, state, reseller, plan, waiting, ownLimits } = query;
	if (state !== undefined && account.state !== state) return false;
	if (reseller !== undefined && account.reseller !== reseller) return false;
	if (plan !== undefined && account.plan !== plan) return false;
	if (waiting === true && (open.get(account.key)?.waiting ?? 0) === 0) return false;
	if (ownLimits === true && !isSet(flow, flow.limits.get('account', account.key))) return false;
	return search === undefined || isFound(account, search.toLowerCase());
}

const isFound = ({ id, name, domains }: Account, part: string): boolean =>
	id.toLowerCase().includes(part) || name.toLowerCase().includes(part) || domains.some((one) => one.includes(part));

/** How the limit works that it has used most of; undefined: it is near none. */
function nearMode(flow: Flow, key: AccountKey): LimitMode | undefined {
	if (usedToday(flow, key) === 0) return undefined;
	const nearest = nearestLimit(flow, key);
	return nearest?.isNear === true ? nearest.mode : undefined;
}

type Counts = { readonly total: number; readonly enforced: number };

const nearCounts = (flow: Flow, { total, enforced }: Counts): NonNullable<Page['near']> => ({
	percent: flow.settings().limits.warnPercent,
	enforced,
	watched: total - enforced,
});

function placeOf(flow: Flow, { key, name }: Account, sort: Query['sort'], open: Open): Row['place'] {
	switch (sort) {
		case 'name':
			return name.toLowerCase();
		case 'waiting':
			return open.get(key)?.waiting ?? 0;
		case 'usage':
			return usedToday(flow, key);
	}
}

type Place = { readonly place: number | string; readonly key: AccountKey };

/** Numbers from the largest, texts from the first. */
function compare(one: Place, other: Place): number {
	if (one.place !== other.place) {
		const isSmaller = one.place < other.place;
		return isSmaller === (typeof one.place === 'string') ? -1 : 1;
	}
	return one.key === other.key ? 0 : one.key < other.key ? -1 : 1;
}

const placed = ({ place, account }: Row): Place => ({ place, key: account.key });
const inOrder = (one: Row, other: Row): number => compare(placed(one), placed(other));

const cursorShape = /^(\w+),(\d*),(.+)$/;

/** Where a page ended: number and key. A name may be longer than a cursor, so that it is looked up again. */
const cursorOf = ({ place, account }: Row, sort: Query['sort']): string =>
	`${sort},${typeof place === 'number' ? place : ''},${account.key}`;

function placeOfCursor(flow: Flow, cursor: string, sort: Query['sort'], actor: Actor | undefined): Place | undefined {
	const [, kind, number = '', key = ''] = cursorShape.exec(cursor) ?? [];
	if (kind !== sort || (number === '') !== (sort === 'name')) return undefined;
	if (sort !== 'name') return { place: Number(number), key };
	// What may not be seen has no place in anybody's list.
	const shown = maySee(flow.accounts, actor, key) ? shownAccount(flow, key) : undefined;
	return shown === undefined ? undefined : { place: shown.account.name.toLowerCase(), key };
}
