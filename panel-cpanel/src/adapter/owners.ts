/**
 * Whether an account is a reseller's in the panel now: asked of the root helper, remembered for a moment.
 *
 * The agent knows accounts from the last list that the panel gave; between two lists an account may have gone to another reseller. So
 * before a reseller sees or does something to a named account, the panel itself is asked. The answer is kept for ten seconds, that
 * of a failure is not kept. A question costs a program of the panel, so questions that come together (the rows of a list) are one.
 */
import type { HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { helperVerbs, ownedUsersMax } from '@sluice/shared/contract/helper.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';

export const ownerKeptMs = 10_000;
const answersMax = 10_000;
/** Questions of one reseller at once, and how many come back in a second: the helper answers some four a second to all together. */
const questionsMax = 40;
const questionsPerMs = 1 / 1000;
const tooMany = failed('Too much is asked at once. Try again in a moment.');

export type Owners = {
	/** The failure is one sentence: why nobody can say. */
	isOwner(actor: Actor, user: string): Promise<Result<boolean, string>>;
};

type Answer = Result<boolean, string>;
type Known = { readonly answer: Promise<Answer>; readonly atMs: number };
/** What one actor may still ask. */
type Allowance = { readonly left: number; readonly atMs: number };
/** Questions of one actor that wait for the others of the same moment. */
type Round = { readonly users: Set<string>; readonly owned: Promise<Result<ReadonlySet<string>, string>> };

const isUser = (user: string): boolean => helperVerbs['account-owner'].args.safeParse({ user }).success;

/** One account by itself is cheaper for the panel than its whole list. */
async function askedOf(
	helper: HelperClient,
	actor: Actor,
	users: readonly string[],
): Promise<Result<ReadonlySet<string>, string>> {
	const [only] = users;
	if (users.length === 1 && only !== undefined) {
		const answer = await helper.call('account-owner', actor, { user: only });
		if (answer.ok) return ok(new Set(answer.value.owner === actor.id ? [only] : []));
		return answer.error.code === 'not-found' ? ok(new Set()) : failed(answer.error.text);
	}
	const owned = new Set<string>();
	for (let from = 0; from < users.length; from += ownedUsersMax) {
		const part = users.slice(from, from + ownedUsersMax);
		const answer = await helper.call('accounts-owned', actor, { users: part });
		if (!answer.ok) return failed(answer.error.text);
		for (const user of answer.value.owned) owned.add(user);
	}
	return ok(owned);
}

export function createOwners(helper: HelperClient, now: () => number): Owners {
	const known = new Map<string, Known>();
	const rounds = new Map<string, Round>();
	const allowances = new Map<string, Allowance>();

	/** Nobody's questions keep the helper from answering others. */
	function mayAsk({ id }: Actor): boolean {
		const atMs = now();
		const before = allowances.get(id) ?? { left: questionsMax, atMs };
		const left = Math.min(questionsMax, before.left + Math.max(0, atMs - before.atMs) * questionsPerMs);
		const isLeft = left >= 1;
		allowances.set(id, { left: isLeft ? left - 1 : left, atMs });
		return isLeft;
	}

	function roundOf(actor: Actor): Round {
		const former = rounds.get(actor.id);
		if (former !== undefined) return former;
		const users = new Set<string>();
		const begun = new Promise<void>((resolve) => setImmediate(resolve)).then(() => rounds.delete(actor.id));
		const round: Round = {
			users,
			owned: begun.then(() => (mayAsk(actor) ? askedOf(helper, actor, [...users]) : tooMany)),
		};
		rounds.set(actor.id, round);
		return round;
	}

	async function asked(actor: Actor, user: string): Promise<Answer> {
		const round = roundOf(actor);
		round.users.add(user);
		const owned = await round.owned;
		return owned.ok ? ok(owned.value.has(user)) : owned;
	}

	return {
		async isOwner(actor, user) {
			// What no panel could have named, such as `uid:7001`, belongs to no reseller.
			if (!isUser(user)) return ok(false);
			const key = `${actor.id} ${user}`;
			const former = known.get(key);
			if (former !== undefined && now() - former.atMs < ownerKeptMs) return former.answer;
			if (known.size >= answersMax) known.delete(known.keys().next().value as string);
			const one: Known = { answer: asked(actor, user), atMs: now() };
			known.delete(key);
			known.set(key, one);
			const forget = (): void => {
				if (known.get(key) === one) known.delete(key);
			};
			one.answer.then((answer) => answer.ok || forget(), forget);
			return one.answer;
		},
	};
}
