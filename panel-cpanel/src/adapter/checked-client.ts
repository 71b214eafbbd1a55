/**
 * A reseller's client that asks the panel first whose the accounts are that an operation names.
 *
 * It stands between all pages and the agent, so no page can forget it. What is not the reseller's now is answered as what is not
 * there; when the panel cannot be asked, nothing is done. The agent checks again by its own list: the stricter wins.
 * Not here: what an operation names (named.ts), the question itself (owners.ts). Root's client is not wrapped.
 */
import type { CallInput, Client, ClientFailure } from '@sluice/shared/client/client.ts';
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationId } from '@sluice/shared/contract/operations.ts';
import { type Problem, problemDocument } from '@sluice/shared/contract/problem.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type Named, namedBy } from './named.ts';
import type { Owners } from './owners.ts';

type Asked<T> = Promise<Result<T, ClientFailure>>;

/** Resources that name nobody. */
const openTexts = ['/metrics', '/openapi.json'];
const pageOfAccounts = 1000;
const pagesMax = 20;

const problem = (one: Problem): ClientFailure => ({ kind: 'problem', problem: problemDocument(one) });
/** In the agent's words, so that it looks like what is not there. */
const notThere = problem({ code: 'not-found', detail: 'No account with this id.' });
const cannotSay = (why: string): ClientFailure =>
	problem({
		code: 'unavailable',
		detail: `Whose account this is cannot be asked of cPanel at the moment, so nothing was done. Mail goes on. (${why})`,
	});

/** What the agent calls an account, without our mark of a name that was given again: the panel's own name. */
const userOf = (key: string): string => key.replace(/~\d+$/, '');

/** Of the accounts that the agent shows to the actor, the first that is meant. */
async function accountThat(
	client: Client,
	search: string | undefined,
	isMeant: (account: AccountDto) => boolean,
): Asked<string> {
	let cursor: string | undefined;
	for (let page = 0; page < pagesMax; page++) {
		const query = { sort: 'name', limit: pageOfAccounts } as const;
		const answer = await client.call('listAccounts', {
			query: { ...query, ...(search === undefined ? {} : { search }), ...(cursor === undefined ? {} : { cursor }) },
		});
		if (!answer.ok) return answer;
		const found = answer.value.items.find(isMeant);
		if (found !== undefined) return ok(found.key);
		cursor = answer.value.next;
		if (cursor === undefined) break;
	}
	return failed(notThere);
}

async function ofHold(client: Client, id: string): Asked<readonly string[]> {
	const holds = await client.call('listHolds');
	if (!holds.ok) return holds;
	const hold = holds.value.items.find((one) => one.id === id);
	if (hold === undefined) return failed(notThere);
	const names = namedBy.putHold({ body: { selector: hold.selector, reason: hold.reason } });
	return accountsOf(client, names);
}

/** Keys of the accounts that something belongs to, as far as the agent lets the actor see it. */
async function accountsOfOne(client: Client, named: Named): Asked<readonly string[]> {
	const one = async (asked: Asked<string>): Asked<readonly string[]> => {
		const answer = await asked;
		return answer.ok ? ok([answer.value]) : answer;
	};
	switch (named.kind) {
		case 'account':
			return ok([named.id]);
		case 'domain':
			return one(accountThat(client, named.domain, (account) => account.domains.includes(named.domain)));
		case 'unix':
			return one(
				accountThat(client, undefined, (account) => account.unixUsers.some(({ uid }) => String(uid) === named.uid)),
			);
		case 'message': {
			const answer = await client.call('getMessage', { params: { id: named.id } });
			return answer.ok ? ok([answer.value.account]) : answer;
		}
		case 'credential': {
			const answer = await client.call('listCredentials');
			if (!answer.ok) return answer;
			const found = answer.value.items.find(({ id }) => id === named.id);
			return found === undefined ? failed(notThere) : ok([found.account]);
		}
		case 'hold':
			return ofHold(client, named.id);
	}
}

async function accountsOf(client: Client, names: readonly Named[]): Asked<readonly string[]> {
	const keys: string[] = [];
	for (const named of names) {
		const answer = await accountsOfOne(client, named);
		if (!answer.ok) return answer;
		keys.push(...answer.value);
	}
	return ok(keys);
}

/** Undefined: all of them are the actor's. */
async function refusalOf(owners: Owners, actor: Actor, keys: readonly string[]): Promise<ClientFailure | undefined> {
	const users = [...new Set(keys.map(userOf))];
	// Asked together, and so one question to the panel.
	const answers = await Promise.all(users.map((user) => owners.isOwner(actor, user)));
	for (const answer of answers) {
		if (!answer.ok) return cannotSay(answer.error);
		if (!answer.value) return notThere;
	}
	return undefined;
}

export function checkedClient(client: Client, actor: Actor, owners: Owners): Client {
	return {
		async call(id, input = {}) {
			const names = (namedBy[id] as (input: CallInput<OperationId>) => readonly Named[])(input);
			const keys = await accountsOf(client, names);
			if (!keys.ok) return keys;
			const refusal = await refusalOf(owners, actor, keys.value);
			return refusal === undefined ? client.call(id, input) : failed(refusal);
		},
		text: async (path) => (openTexts.includes(path) ? client.text(path) : failed(notThere)),
	};
}
