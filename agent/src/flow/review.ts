/**
 * Review: what people decide about mail that is already here. The same functions for API, command line and pages.
 *
 * Every act goes to the log first, then to the queue, then to audit and events. A recipient under way is reached after its
 * attempt, if it was deferred. Not here: holds that stand and take new mail too (standing-holds.ts).
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { roleOfAuthor } from '../core/policy/rights.ts';
import type { QueuedRecipient } from '../core/scheduling/queued.ts';
import type { Act, ActKind, ActRequest } from '../core/scheduling/scheduler.ts';
import { admitWithin, payBack, tellPaid } from './admit-release.ts';
import { audit } from './audit.ts';
import { type Flow, reportError } from './context.ts';
import { finish } from './finish.ts';
import { clearPending, notePending, pendingActs } from './pending-acts.ts';
import { rememberStep } from './report.ts';
import { announceActs } from './settle.ts';
import { followWaiting } from './waiting-mail.ts';

export type ReviewAct = Extract<ActKind, 'hold' | 'release' | 'discard' | 'requeue'>;

export type Reviewed = {
	/** Recipients whose state changed, and messages they belong to. */
	readonly recipients: number;
	readonly messages: number;
	/** Recipients under way, reached if their attempt is deferred. */
	readonly pending: number;
	/** Of the recipients, those that a release lets wait for their limit. */
	readonly waiting: number;
};

export type ReviewFailure = 'not-found' | 'not-written';

/** Acts in portions, so that 100,000 recipients are neither one log record nor one stall of the loop. */
const recipientsPerPortion = 1000;

/** Applies an act to all open mail that the selector matches. */
export async function review(
	flow: Flow,
	act: ReviewAct,
	selector: Selector,
	reason: string,
	actor: Actor,
	more: {
		/** For a release: at once, whatever the limits say. It is charged all the same. */
		readonly isNow?: boolean;
		/** Narrows the selection: to what the actor may act on. */
		readonly where?: Where;
	} = {},
): Promise<Result<Reviewed, ReviewFailure>> {
	const named = asKept(selector);
	if (named.kind === 'message' && flow.scheduler.find(named.id) === undefined) return failed('not-found');
	const done = await perform(flow, {
		kind: act,
		selector: named,
		why: reason,
		actor: actorText(actor),
		...more,
		...(act === 'hold' && actor.role === 'admin' ? { takesOver: isLessThanAdmins } : {}),
	});
	// What failed half way is an act too: part of it may be done.
	const outcome = done.ok ? outcomeText(done.value) : 'not all of it: the log could not be written';
	audit(flow, actor, `queue.${act}`, `${named.kind} ${named.id}`, `${reason} (${outcome})`);
	return done;
}

/** What somebody else holds, or its owner may let go, an administrator holds anew. */
export const isLessThanAdmins = ({ standing }: QueuedRecipient): boolean =>
	standing?.by !== undefined && (standing.ownerMayRelease === true || roleOfAuthor(standing.by) !== 'admin');

export const recipientsText = (count: number): string => `${count} ${count === 1 ? 'recipient' : 'recipients'}`;

const outcomeText = ({ recipients, waiting }: Reviewed): string =>
	waiting === 0 ? recipientsText(recipients) : `${recipientsText(recipients)}, ${waiting} of them wait for a limit`;

/** Domains and identities are kept in lower case, however a person types them; an account's id is the panel's own. */
export const asKept = ({ kind, id }: Selector): Selector => ({ kind, id: kind === 'account' ? id : id.toLowerCase() });

export type Where = NonNullable<ActRequest['where']>;

type Request = Pick<ActRequest, 'standing' | 'takesOver' | 'asBefore'> & {
	readonly kind: ActKind;
	readonly selector: Selector;
	readonly why: string;
	readonly actor?: string;
	/** Narrows the selection. */
	readonly where?: Where;
	readonly untold?: boolean;
	/** A release that no limit keeps. */
	readonly isNow?: boolean;
};

/** What was requeued, waits after a release, or was taken over, matches again: each is taken once. */
const matchesAgain: ReadonlySet<ActKind> = new Set<ActKind>(['requeue', 'release', 'hold']);

/** One act of a person or a rule, in portions. What was done before a failure stays done and is in the log. */
export async function perform(flow: Flow, request: Request): Promise<Result<Reviewed, ReviewFailure>> {
	const messages = new Set<string>();
	let recipients = 0;
	let pending = 0;
	let waiting = 0;
	const touched = new Set<object>();
	const { where } = request;
	const isNew: ActRequest['where'] = (recipient, message) =>
		!touched.has(recipient) && (where === undefined || where(recipient, message));
	const isLetGo = request.kind === 'release' || request.kind === 'restore';
	const admit = isLetGo ? admitWithin(flow, request.isNow ?? false) : undefined;
	for (;;) {
		const act = flow.scheduler.plan({
			...request,
			nowMs: flow.clock.now(),
			recipientsMax: recipientsPerPortion,
			...(matchesAgain.has(request.kind) ? { where: isNew } : {}),
			...(admit === undefined ? {} : { admit }),
		});
		pending = Math.max(pending, act.pending);
		if (act.transitions.length === 0) {
			flow.scheduler.commit(act, flow.clock.now());
			break;
		}
		if (!(await write(flow, act))) return failed('not-written');
		for (const step of act.transitions) {
			messages.add(step.message);
			const recipient = flow.scheduler.find(step.message)?.recipients[step.recipient];
			if (recipient === undefined) continue;
			touched.add(recipient);
			rememberStep(recipient, step);
			if (step.to === 'waiting') waiting += 1;
		}
		recipients += act.transitions.length;
		followWaiting(flow, new Set(act.transitions.map((step) => step.message)));
		settleEnded(flow, act);
		if (act.transitions.length < recipientsPerPortion) break;
	}
	if (pending > 0 || request.kind === 'release') notePending(flow, request);
	flow.wake();
	return ok({ recipients, messages: messages.size, pending, waiting });
}

/** At start, before anything is sent: what was to happen to mail that was under way when the agent ended. */
export async function resumeActs(flow: Flow): Promise<void> {
	for (const { kind, message, why, actor, standing } of pendingActs(flow)) {
		const selector = { kind: 'message', id: message } as const;
		const done = await perform(flow, {
			kind,
			selector,
			why,
			...(actor === undefined ? {} : { actor }),
			...(standing === undefined ? {} : { standing }),
		});
		// Not written: it stays noted, and the next start does it.
		if (!done.ok) return;
	}
	clearPending(flow);
}

async function write(flow: Flow, act: Act): Promise<boolean> {
	flow.acts.underWay += 1;
	try {
		await flow.spool.record(act.transitions);
		flow.scheduler.commit(act, flow.clock.now());
	} catch (error) {
		reportError(flow, 'review', error, 'spoolWrite');
		flow.scheduler.abandon(act, flow.clock.now());
		payBack(flow, act.transitions);
		return false;
	} finally {
		flow.acts.underWay -= 1;
	}
	tellPaid(flow, act.transitions);
	announceActs(flow, act);
	return true;
}

/** What was discarded is over: nobody is told (the person who did it knows), the message may go. */
function settleEnded(flow: Flow, act: Act): void {
	if (act.kind !== 'discard' && act.kind !== 'suppress') return;
	for (const step of act.transitions) {
		const message = flow.scheduler.find(step.message);
		if (message === undefined) continue;
		const recipient = message.recipients[step.recipient];
		if (recipient !== undefined) recipient.reported = true;
		finish(flow, message);
	}
}
