/**
 * What people decide about mail by REST: acts, holds, the queue in numbers. Each for what the actor sees, and as far as it may decide.
 *
 * Whose mail it is says visibility.ts, who may do what core/policy/rights.ts. What is another's is answered as what is not there. Of a
 * mixed selection what may be acted on is acted on, and the answer says how much was left and why.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers, OperationInput, OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Problem } from '@sluice/shared/contract/problem.ts';
import { suspendedRule } from '@sluice/shared/words/account.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import type { Selector, StandingHold } from '@sluice/shared/words/selector.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import {
	type Decided,
	type Decision,
	mayAsk,
	type NotAllowed,
	notAllowedText,
	roleOfAuthor,
	whyNot,
} from '../../core/policy/rights.ts';
import { isHeldBy, standingOfHold } from '../../core/policy/standing.ts';
import type { QueuedMessage, QueuedRecipient } from '../../core/scheduling/queued.ts';
import type { Flow } from '../../flow/context.ts';
import { restore } from '../../flow/restore.ts';
import { type Reviewed, type ReviewFailure, review, type Where } from '../../flow/review.ts';
import { liftHold, setHold } from '../../flow/standing-holds.ts';
import { holdDto } from './answers.ts';
import { type ApiContext, problem } from './context.ts';
import { rowsFor } from './queue-rows.ts';
import { inSlices } from './slices.ts';
import { accountOfIdentity, authorFor, keyOf, maySee } from './visibility.ts';

/** Standing holds of one reseller: each is looked at for every message of the server. */
const holdsOfResellerMax = 500;

type Body = Pick<OperationInput<'act'>['body'], 'reason' | 'where'> & {
	readonly now?: boolean | undefined;
	readonly asBefore?: boolean | undefined;
};

const nothingOpen = (): Result<never, Problem> => problem('not-found', 'Nothing of that is open.');

/** The account's mail, what the actor may do with it, and what it had to leave. */
type Choice = { readonly where: Where; readonly left: ReadonlyMap<QueuedRecipient, NotAllowed> };

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

function choiceOf(
	flow: Flow,
	decision: Decision,
	actor: Actor,
	{ where: asked, asBefore = false }: Pick<Body, 'where' | 'asBefore'>,
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
async function isThere(flow: Flow, { kind, id }: Selector, actor: Actor, decision: Decision): Promise<boolean> {
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
	for (const messages of candidates)
		for await (const message of inSlices(messages))
			if (message.identity === named && maySee(flow.accounts, actor, message.account)) return true;
	return false;
}

/** The answer of an act; what was left is not more than what the actor sees. */
function reviewed(
	result: Result<Reviewed, ReviewFailure>,
	left: Choice['left'] = new Map(),
): Result<OperationOutput<'act'>, Problem> {
	if (result.ok) {
		const { recipients, pending, messages, waiting } = result.value;
		return ok({
			recipients: recipients + pending,
			messages,
			...(waiting === 0 ? {} : { waiting }),
			...(left.size === 0 ? {} : { left: left.size, why: [...new Set(left.values())].map(textOf).join(' ') }),
		});
	}
	if (result.error === 'not-found') return nothingOpen();
	return problem('unavailable', 'The act could not be written to the log; nothing more was changed.');
}

const textOf = (why: NotAllowed): string => notAllowedText[why];

/** What cannot be brought back: nothing of it has ended so, it may not be, or it is too late. */
async function notRestored(context: ApiContext, selector: Selector, actor: Actor, left: Choice['left']) {
	if (left.size > 0) return problem('forbidden', [...new Set(left.values())].map(textOf).join(' '));
	if (selector.kind !== 'message') return ok({ recipients: 0, messages: 0 });
	await context.settled();
	const life = await context.flow.history.life(selector.id).catch(() => undefined);
	const isSeen = life !== undefined && maySee(context.flow.accounts, actor, life.record.attribution.account);
	if (!isSeen) return nothingOpen();
	const last = new Map(life.steps.map(({ recipient, to }) => [recipient, to]));
	if (![...last.values()].some((state) => state === 'discarded' || state === 'expired'))
		return problem('conflict', 'Nothing of the message was discarded or has expired.');
	const hours = Math.round(context.flow.settings().restoreMs / 3_600_000);
	return problem(
		'conflict',
		`It is too late: what is discarded or has expired is kept for ${hours} hours, and for less when the disk is short of space.`,
	);
}

export type ActHandlers = Pick<
	OperationHandlers,
	'act' | 'releaseMessage' | 'discardMessage' | 'queue' | 'listHolds' | 'putHold' | 'deleteHold'
>;

export function createActHandlers(context: ApiContext): ActHandlers {
	const { flow, credentials } = context;
	const ownerOf = (identity: string): string | undefined =>
		accountOfIdentity(flow.accounts, identity, (id) => credentials.find(id)?.account);
	// An account is named by the panel's id, and kept by key.
	const meant = ({ kind, id }: Selector): Selector => ({
		kind,
		id: kind === 'account' ? keyOf(flow.accounts, id) : id,
	});

	async function act(decision: Decision, named: Selector, body: Body, actor: Actor | undefined) {
		if (actor === undefined) return problem('forbidden');
		const { reason, now: isNow = false, asBefore = false } = body;
		const { rights } = flow.settings();
		// A setting or a role is no secret: what is forbidden whatever the mail is said before it is looked for.
		if (!mayAsk(decision, actor.role, rights)) return problem('forbidden', `This actor may not ${decision} mail.`);
		if (actor.role !== 'admin' && (isNow || named.kind === 'destination'))
			return problem('forbidden', isNow ? 'Only an administrator lets mail go past its limits.' : undefined);
		const selector = meant(named);
		const { where, left } = choiceOf(flow, decision, actor, body);
		if (decision === 'restore') {
			if (selector.kind !== 'message' && !(await isThere(flow, selector, actor, decision))) return nothingOpen();
			const done = await restore(flow, { selector, reason, actor, isNow, asBefore, where });
			return !done.ok && done.error === 'not-found'
				? notRestored(context, selector, actor, left)
				: reviewed(done, left);
		}
		if (!(await isThere(flow, selector, actor, decision))) return nothingOpen();
		const done = await review(flow, decision, selector, reason, actor, { isNow, where });
		if (done.ok && done.value.recipients + done.value.pending === 0 && left.size > 0)
			return problem('forbidden', [...new Set(left.values())].map(textOf).join(' '));
		return reviewed(done, left);
	}

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
		act: ({ params, body }, actor) => act(params.act, body.selector, body, actor),
		releaseMessage: ({ params, body }, actor) => act('release', { kind: 'message', id: params.id }, body, actor),
		discardMessage: ({ params, body }, actor) => act('discard', { kind: 'message', id: params.id }, body, actor),
		queue: async ({ query }, actor) => {
			const rows = await rowsFor(flow, actor, query.by);
			const ordered = query.by === 'age' ? rows : rows.toSorted((one, other) => other.recipients - one.recipients);
			return ok({ items: ordered.slice(0, query.limit).map((row) => ({ ...row })), total: rows.length });
		},
		listHolds: async (_input, actor) =>
			ok({
				items: [...flow.holds.values()].filter((hold) => seesHold(actor, hold)).map((hold) => holdFor(actor, hold)),
			}),
		putHold,
		deleteHold,
	};
}
