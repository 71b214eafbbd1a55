/**
 * Who owns an account in the panel now: asked of the root helper, remembered for a moment.
 *
 * The agent knows accounts from the last list that the panel gave; between two lists an account may have gone to another reseller. So
 * before a reseller sees or does something to a named account, the panel itself is asked. The answer is kept for ten seconds, that
 * of a failure is not kept. Questions about one account that come together are one question.
 */
import type { HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { helperVerbs } from '@sluice/shared/contract/helper.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';

export const ownerKeptMs = 10_000;
const ownersMax = 5_000;

export type Owners = {
	/** The failure is one sentence: why nobody can say. */
	isOwner(actor: Actor, user: string): Promise<Result<boolean, string>>;
};

type Answer = Result<string | null, string>;
type Known = { readonly answer: Promise<Answer>; readonly atMs: number };

const isUser = (user: string): boolean => helperVerbs['account-owner'].args.safeParse({ user }).success;

export function createOwners(helper: HelperClient, now: () => number): Owners {
	const known = new Map<string, Known>();

	async function asked(actor: Actor, user: string): Promise<Answer> {
		const answer = await helper.call('account-owner', actor, { user });
		if (answer.ok) return ok(answer.value.owner);
		return answer.error.code === 'not-found' ? ok(null) : failed(answer.error.text);
	}

	function ownerOf(actor: Actor, user: string): Promise<Answer> {
		const former = known.get(user);
		if (former !== undefined && now() - former.atMs < ownerKeptMs) return former.answer;
		if (known.size >= ownersMax) known.delete(known.keys().next().value as string);
		const one: Known = { answer: asked(actor, user), atMs: now() };
		known.delete(user);
		known.set(user, one);
		const forget = (): void => {
			if (known.get(user) === one) known.delete(user);
		};
		one.answer.then((answer) => answer.ok || forget(), forget);
		return one.answer;
	}

	return {
		async isOwner(actor, user) {
			// What no panel could have named, such as `uid:7001`, belongs to no reseller.
			if (!isUser(user)) return ok(false);
			const owner = await ownerOf(actor, user);
			return owner.ok ? ok(owner.value === actor.id) : owner;
		},
	};
}
