/**
 * Standing holds by REST: which there are, setting one, lifting one. Each for what the actor sees, and as far as it may decide.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers, OperationInput } from '@sluice/shared/contract/operations.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { mayAsk, roleOfAuthor } from '../../core/policy/rights.ts';
import { liftHold, setHold } from '../../flow/standing-holds.ts';
import { holdDto } from './answers.ts';
import { choiceOf, meantBy, reviewed } from './choice.ts';
import { type ApiContext, problem } from './context.ts';
import { accountOfIdentity, authorFor, maySee } from './visibility.ts';

/** Standing holds of one reseller: each is looked at for every message of the server. */
const holdsOfResellerMax = 500;

export type HoldHandlers = Pick<OperationHandlers, 'listHolds' | 'putHold' | 'deleteHold'>;

export function createHoldHandlers({ flow, credentials }: ApiContext): HoldHandlers {
	const meant = meantBy(flow.accounts);
	const ownerOf = (identity: string): string | undefined =>
		accountOfIdentity(flow.accounts, identity, (id) => credentials.find(id)?.account);
	/** Whose mail a hold can meet, as far as a seller may know: undefined for a destination, and for an identity of nobody's. */
	const accountOfHold = ({ selector, account }: StandingHold): string | undefined =>
		account ??
		(selector.kind === 'account' ? selector.id : selector.kind === 'identity' ? ownerOf(selector.id) : undefined);
	const seesHold = (actor: Actor | undefined, hold: StandingHold): boolean => {
		if (actor?.role === 'admin') return true;
		const account = accountOfHold(hold);
		return account !== undefined && maySee(flow.accounts, actor, account);
	};
	const holdFor = (actor: Actor | undefined, hold: StandingHold) => {
		const shown = holdDto(hold);
		return { ...shown, author: authorFor(actor, shown.author) };
	};

	async function putHold({ body }: OperationInput<'putHold'>, actor: Actor | undefined) {
		if (actor === undefined || !mayAsk('hold', actor.role, flow.settings().rights))
			return problem('forbidden', 'This actor may not hold mail.');
		if (body.selector.kind === 'message')
			return problem(
				'invalid',
				'A standing hold is of an account, an identity or a destination; hold a message with /v1/queue/hold.',
			);
		const selector = meant(body.selector);
		let account: string | undefined;
		if (actor.role !== 'admin') {
			if (selector.kind === 'destination') return problem('forbidden', 'Only an administrator holds a destination.');
			account = selector.kind === 'account' ? selector.id : ownerOf(selector.id.toLowerCase());
			if (account === undefined || !maySee(flow.accounts, actor, account))
				return problem('not-found', 'No such account or identity.');
			const own = `${actor.role} ${actor.id}`;
			const isOwn = ({ author }: StandingHold): boolean => author === own || author.startsWith(`${own} as `);
			if ([...flow.holds.values()].filter(isOwn).length >= holdsOfResellerMax)
				return problem('conflict', `At most ${holdsOfResellerMax} holds stand at once. Lift one first.`);
		}
		const done = await setHold(flow, { ...body, selector, ...(account === undefined ? {} : { account }) }, actor);
		if (!done.ok)
			return problem(
				'unavailable',
				'The hold is set for new mail; queued mail could not be held since the log cannot be written.',
			);
		const { hold, reviewed: held } = done.value;
		return ok({ hold: holdFor(actor, hold), recipients: held.recipients + held.pending, messages: held.messages });
	}

	async function deleteHold({ params, query }: OperationInput<'deleteHold'>, actor: Actor | undefined) {
		const { rights } = flow.settings();
		if (actor === undefined || !mayAsk('hold', actor.role, rights))
			return problem('forbidden', 'This actor may not lift holds.');
		const hold = flow.holds.get(params.id);
		if (hold === undefined || !seesHold(actor, hold)) return problem('not-found', 'No standing hold with this id.');
		if (actor.role !== 'admin' && roleOfAuthor(hold.author) === 'admin')
			return problem('forbidden', 'An administrator has set this hold.');
		if (query.release && !mayAsk('release', actor.role, rights))
			return problem('forbidden', 'This actor may not release mail.');
		const { where, left } = choiceOf(flow, 'release', actor, {});
		return reviewed(await liftHold(flow, params.id, query.release, actor, where), left);
	}

	return {
		listHolds: async (_input, actor) =>
			ok({
				items: [...flow.holds.values()].filter((hold) => seesHold(actor, hold)).map((hold) => holdFor(actor, hold)),
			}),
		putHold,
		deleteHold,
	};
}
