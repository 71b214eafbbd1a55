/**
 * Of the mail that a selector names, what the actor sees and may act on, and what it has to leave, with why.
 *
 * Whose mail it is says visibility.ts, who may do what core/policy/rights.ts. What is another's is answered as what is not there.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { suspendedRule } from '@sluice/shared/words/account.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { type Decided, type Decision, type NotAllowed, notAllowedText, whyNot } from '../../core/policy/rights.ts';
import { isHeldBy, standingOfHold } from '../../core/policy/standing.ts';
import type { QueuedMessage, QueuedRecipient } from '../../core/scheduling/queued.ts';
import type { Flow } from '../../flow/context.ts';
import type { Reviewed, ReviewFailure, Where } from '../../flow/review.ts';
import { createSlices } from '../../flow/turns.ts';
import { problem } from './context.ts';
import { keyOf, maySee } from './visibility.ts';

export type ActBody = Pick<OperationInput<'act'>['body'], 'reason' | 'where'> & {
	readonly now?: boolean | undefined;
	readonly asBefore?: boolean | undefined;
};

/** An account is named by the panel's id, and kept by key. */
export const meantBy =
	(accounts: Flow['accounts']) =>
	({ kind, id }: Selector): Selector => ({ kind, id: kind === 'account' ? keyOf(accounts, id) : id });

/** The account's mail, what the actor may do with it, and what it had to leave. */
export type Choice = { readonly where: Where; readonly left: ReadonlyMap<QueuedRecipient, NotAllowed> };

/** A recipient about which somebody decides, with what would hold it now. */
function decidedOf(flow: Flow, { account, identity }: QueuedMessage, recipient: QueuedRecipient): Decided {
	const { state, standing, destination } = recipient;
	const meets: Standing[] = [];
	if (flow.accounts.find(account)?.state === 'suspended') meets.push({ rule: suspendedRule, text: '' });
	for (const hold of flow.holds.values())
		if (isHeldBy(hold, { account, identity, destination }, flow.clock.now())) meets.push(standingOfHold(hold));
	return { state, standing, endedBy: standing?.endedBy, meets };
}

/** States that an act is about at all: what is in another is neither acted upon nor left. */
const concerned: { readonly [D in Decision]: ReadonlySet<QueuedRecipient['state']> } = {
	hold: new Set(['queued', 'waiting', 'sending']),
	release: new Set(['held', 'waiting']),
	discard: new Set(['queued', 'waiting', 'held', 'sending']),
	requeue: new Set(['queued']),
	restore: new Set(['discarded', 'expired']),
};

export function choiceOf(
	flow: Flow,
	decision: Decision,
	actor: Actor,
	{ where: asked, asBefore = false }: Pick<ActBody, 'where' | 'asBefore'>,
): Choice {
	const left = new Map<QueuedRecipient, NotAllowed>();
	const { rights } = flow.settings();
	const sinceMs = asked?.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(asked.since);
	const untilMs = asked?.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(asked.until);
	const isAsked = ({ state, standing, sinceMs: stoodMs }: QueuedRecipient): boolean =>
		(asked?.state === undefined || asked.state === state) &&
		(asked?.rule === undefined || asked.rule === standing?.rule) &&
		(asked?.text === undefined || asked.text === standing?.text) &&
		stoodMs >= sinceMs &&
		stoodMs <= untilMs;
	const seen = new Map<string, boolean>();
	const isSeen = (account: string): boolean => {
		const known = seen.get(account) ?? maySee(flow.accounts, actor, account);
		seen.set(account, known);
		return known;
	};
	const where: Where = (recipient, message) => {
		if (!isSeen(message.account) || !isAsked(recipient)) return false;
		if (actor.role === 'admin') return true;
		const decided = { ...decidedOf(flow, message, recipient), isAsBefore: asBefore };
		const why = whyNot(decision, actor, decided, rights);
		if (why === undefined) return true;
		if (concerned[decision].has(recipient.state)) left.set(recipient, why);
		return false;
	};
	return { where, left };
}

/** True when the actor sees something that the selector can mean; else there is no such thing. */
export async function isThere(flow: Flow, { kind, id }: Selector, actor: Actor, decision: Decision): Promise<boolean> {
	if (actor.role === 'admin') return true;
	switch (kind) {
		case 'message': {
			const message = flow.scheduler.find(id) ?? (decision === 'restore' ? flow.ended.find(id) : undefined);
			return message !== undefined && maySee(flow.accounts, actor, message.account);
		}
		case 'account':
			return maySee(flow.accounts, actor, id);
		case 'identity':
			return hasOpen(flow, id, actor, decision);
		case 'destination':
			return false;
	}
}

async function hasOpen(flow: Flow, identity: string, actor: Actor, decision: Decision): Promise<boolean> {
	const named = identity.toLowerCase();
	const candidates = decision === 'restore' ? [flow.scheduler.all(), flow.ended.all()] : [flow.scheduler.all()];
	const slices = createSlices(flow.clock);
	for (const messages of candidates)
		for (const message of messages) {
			if (message.identity === named && maySee(flow.accounts, actor, message.account)) return true;
			const pause = slices.breathe();
			if (pause !== undefined) await pause;
		}
	return false;
}

export const nothingOpen = (): Result<never, Problem> => problem('not-found', 'Nothing of that is open.');

/** Why what was left was left. */
export const leftText = (left: Choice['left']): string =>
	[...new Set(left.values())].map((why) => notAllowedText[why]).join(' ');

/** The answer of an act; what was left is not more than what the actor sees. */
export function reviewed(
	result: Result<Reviewed, ReviewFailure>,
	left: Choice['left'] = new Map(),
): Result<OperationOutput<'act'>, Problem> {
	if (result.ok) {
		const { recipients, pending, messages, waiting } = result.value;
		return ok({
			recipients: recipients + pending,
			messages,
			...(waiting === 0 ? {} : { waiting }),
			...(left.size === 0 ? {} : { left: left.size, why: leftText(left) }),
		});
	}
	if (result.error === 'not-found') return nothingOpen();
	return problem('unavailable', 'The act could not be written to the log; nothing more was changed.');
}
