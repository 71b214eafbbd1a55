/**
 * Asking the agent for what a page shows: everything at once, each answer bounded.
 *
 * What an actor may not see of others (the rules of the server, a plan) is left out, not an error: the page shows the rest. What the
 * page is about must be there, else the agent's refusal is the answer.
 */
import type { Client, ClientFailure } from '../client/client.ts';
import type { AccountDto } from '../contract/account-operations.ts';
import type { LimitsView, UsageDto } from '../contract/limit-shapes.ts';
import type { MessageSummaryDto } from '../contract/shapes.ts';
import { pathOfLevel } from '../words/limits.ts';
import { failed, ok, type Result } from '../words/result.ts';
import type { Hold } from './model/hold.ts';
import type { ListFacts } from './model/list.ts';
import type { May } from './model/may.ts';
import type { SetBook } from './model/parents.ts';
import { agentQuery, isFiltered, type ListQuery, shows } from './model/query.ts';

/** Rows of a page; a constant of the design ("Next 50"). */
export const rowsMax = 50;
/** Plans, resellers and rules of the server that are read; more are not drawn. */
const setsMax = 1000;
/** Senders of an account that are drawn, and messages they are learned from. */
const sendersMax = 12;
const messagesRead = 100;
export const messagesShown = 10;
/** Accounts with open mail; the agent gives no more. */
const queueRowsMax = 10_000;

type Asked<T> = Promise<Result<T, ClientFailure>>;

/** What is set for the server, resellers and plans, as far as the actor may see it. */
export async function readBook(client: Client): Promise<SetBook> {
	const answers = await Promise.all(
		(['server', 'reseller', 'plan'] as const).map((level) =>
			client.call('listLimits', { query: { level, limit: setsMax } }),
		),
	);
	const views = answers.flatMap((answer) => (answer.ok ? answer.value.items : []));
	return new Map(views.map((view) => [`${view.level}:${view.id}`, view]));
}

/** An account without numbers: for one that the agent names but whose limits it does not show. */
const noView = (account: AccountDto): LimitsView => ({
	level: 'account',
	id: account.key,
	effective: [],
	wouldHave: [],
});

/** What is set and in force for an account. */
export async function viewOf(client: Client, account: AccountDto): Promise<LimitsView> {
	const answer = await client.call('getLimits', { params: { level: 'accounts', id: account.key } });
	return answer.ok ? answer.value : noView(account);
}

type Totals = { readonly total: number; readonly near?: ListFacts['near'] };

async function totalOf(client: Client, query: ReturnType<typeof agentQuery>): Promise<Totals> {
	const answer = await client.call('listAccounts', { query: { ...query, limit: 1 } });
	if (!answer.ok) return { total: 0 };
	const { total, near } = answer.value;
	return { total, ...(near === undefined ? {} : { near }) };
}

export async function readList(client: Client, query: ListQuery): Asked<ListFacts> {
	const asked = client.call('listAccounts', {
		query: {
			...agentQuery(query),
			sort: query.sort,
			limit: rowsMax,
			...(query.cursor === undefined ? {} : { cursor: query.cursor }),
		},
	});
	const [answer, book, total, ...showTotals] = await Promise.all([
		asked,
		readBook(client),
		isFiltered(query) ? totalOf(client, {}) : undefined,
		...shows.map((show) => totalOf(client, agentQuery({ search: '', sort: 'usage', show }))),
	]);
	if (!answer.ok) return answer;
	const { items, next, total: found } = answer.value;
	const views = await Promise.all(items.map((account) => viewOf(client, account)));
	return ok({
		accounts: items.map((account, index) => ({ account, view: views[index] as LimitsView })),
		found,
		...(next === undefined ? {} : { next }),
		total: total?.total ?? found,
		shows: Object.fromEntries(shows.map((show, index) => [show, showTotals[index]?.total ?? 0])) as ListFacts['shows'],
		near: showTotals[shows.indexOf('near')]?.near ?? { percent: 80, enforced: 0, watched: 0 },
		book,
	});
}

export type OneAccount = { readonly account: AccountDto; readonly view: LimitsView; readonly book: SetBook };

export async function readAccount(client: Client, id: string): Asked<OneAccount> {
	const [account, book] = await Promise.all([client.call('getAccount', { params: { id } }), readBook(client)]);
	if (!account.ok) return account;
	return ok({ account: account.value, view: await viewOf(client, account.value), book });
}

/** Somebody or something in an account that sends. */
export type Sender = {
	readonly kind: 'mailbox' | 'script' | 'unix' | 'credential' | 'address';
	readonly id: string;
	/** Absent where it is not metered by itself. */
	readonly usage?: readonly UsageDto[];
	readonly view?: LimitsView;
};

export type AccountFacts = OneAccount & {
	readonly waitsUntil?: string;
	readonly messages: Result<readonly MessageSummaryDto[], ClientFailure>;
	readonly senders: readonly Sender[];
	/** Standing holds of the account, as far as the actor may see them. */
	readonly holds: readonly Hold[];
};

const meteredKinds = { mailbox: 'mailbox', credential: 'credential', script: 'script' } as const;

/** Who sends: those of the latest messages, then mailboxes that the panel names; what has numbers of its own, too. */
function sendersOf(
	account: AccountDto,
	messages: readonly MessageSummaryDto[],
	sets: readonly LimitsView[],
): readonly Pick<Sender, 'kind' | 'id'>[] {
	const identities = [
		...messages.map(({ identity }) => identity),
		...sets.map(({ level, id }) => `${level}:${id}`),
		...account.mailboxes.map((mailbox) => `mailbox:${mailbox}`),
	];
	const kinds: ReadonlySet<string> = new Set(['mailbox', 'script', 'unix', 'credential', 'address']);
	return [...new Set(identities)].slice(0, sendersMax).flatMap((identity) => {
		const colon = identity.indexOf(':');
		const kind = identity.slice(0, colon);
		return kinds.has(kind) ? [{ kind: kind as Sender['kind'], id: identity.slice(colon + 1) }] : [];
	});
}

async function meteredSender(client: Client, sender: Pick<Sender, 'kind' | 'id'>): Promise<Sender> {
	const level = meteredKinds[sender.kind as keyof typeof meteredKinds];
	if (level === undefined) return sender;
	const params = { level: pathOfLevel[level], id: sender.id };
	const [usage, view] = await Promise.all([client.call('getUsage', { params }), client.call('getLimits', { params })]);
	return {
		...sender,
		...(usage.ok ? { usage: usage.value.items } : {}),
		...(view.ok ? { view: view.value } : {}),
	};
}

/** Numbers of scripts and mailboxes that are set by name and belong to the account. */
async function ownSets(client: Client, account: AccountDto): Promise<readonly LimitsView[]> {
	const answers = await Promise.all(
		(['script', 'mailbox'] as const).map((level) => client.call('listLimits', { query: { level, limit: setsMax } })),
	);
	const mailboxes = new Set(account.mailboxes);
	return answers
		.flatMap((answer) => (answer.ok ? answer.value.items : []))
		.filter(({ level, id }) => (level === 'script' ? id.startsWith(`${account.key}:`) : mailboxes.has(id)));
}

/** Who may not hold is not asked to see what is held. */
async function readHolds(client: Client, key: string, may: May): Promise<readonly Hold[]> {
	if (!may.hold) return [];
	const answer = await client.call('listHolds');
	if (!answer.ok) return [];
	return answer.value.items.filter(({ selector }) => selector.kind === 'account' && selector.id === key);
}

export type HoldFacts = { readonly account: AccountDto; readonly open: number; readonly holds: readonly Hold[] };

/** What a question before holding or releasing needs: what is open of the account now. */
export async function readHoldFacts(client: Client, id: string, may: May): Asked<HoldFacts> {
	const account = await client.call('getAccount', { params: { id } });
	if (!account.ok) return account;
	const { key } = account.value;
	const [queue, holds] = await Promise.all([
		client.call('queue', { query: { by: 'account', limit: queueRowsMax } }),
		readHolds(client, key, may),
	]);
	if (!queue.ok) return queue;
	const row = queue.value.items.find((one) => one.key === key);
	return ok({ account: account.value, open: (row?.queued ?? 0) + (row?.waiting ?? 0) + (row?.sending ?? 0), holds });
}

export async function readAccountPage(client: Client, id: string, may: May): Asked<AccountFacts> {
	const one = await readAccount(client, id);
	if (!one.ok) return one;
	const { account } = one.value;
	const [usage, messages, sets, holds] = await Promise.all([
		client.call('getUsage', { params: { level: 'accounts', id: account.key } }),
		client.call('listMessages', { query: { account: account.key, limit: messagesRead } }),
		ownSets(client, account),
		readHolds(client, account.key, may),
	]);
	const senders = sendersOf(account, messages.ok ? messages.value.items : [], sets);
	return ok({
		...one.value,
		...(usage.ok && usage.value.waitsUntil !== undefined ? { waitsUntil: usage.value.waitsUntil } : {}),
		messages: messages.ok ? ok(messages.value.items.slice(0, messagesShown)) : failed(messages.error),
		holds,
		senders: await Promise.all(senders.map((sender) => meteredSender(client, sender))),
	});
}
