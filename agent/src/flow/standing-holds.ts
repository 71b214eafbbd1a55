/**
 * Standing holds: of an account, an identity, a destination or one message. They hold what is queued and take new mail too.
 *
 * Each has a reason, an author, an end and an undo. What it holds stays held when it ends, until somebody releases it.
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { isHeldBy, standingOfHold } from '../core/policy/standing.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';
import { asKept, isLessThanAdmins, perform, type Reviewed, type ReviewFailure, type Where } from './review.ts';

/** Sets a standing hold and holds what is queued already. */
export async function setHold(
	flow: Flow,
	asked: Pick<StandingHold, 'selector' | 'reason' | 'account'> & {
		readonly seconds: number;
		readonly ownerMayRelease?: boolean;
	},
	actor: Actor,
): Promise<Result<{ readonly hold: StandingHold; readonly reviewed: Reviewed }, ReviewFailure>> {
	const sinceMs = flow.clock.now();
	const hold: StandingHold = {
		id: `h${sinceMs.toString(36)}${Math.floor(flow.random() * 36 ** 4)
			.toString(36)
			.padStart(4, '0')}`,
		selector: asKept(asked.selector),
		reason: asked.reason,
		author: actorText(actor),
		sinceMs,
		untilMs: sinceMs + asked.seconds * 1000,
		...(asked.ownerMayRelease === true ? { ownerMayRelease: true } : {}),
		...(asked.account === undefined ? {} : { account: asked.account }),
	};
	flow.state.putHold(hold);
	flow.holds.set(hold.id, hold);
	const { kind, id } = hold.selector;
	flow.events.emit({
		event: 'hold.set',
		atMs: sinceMs,
		hold: hold.id,
		kind,
		id,
		reason: hold.reason,
		author: hold.author,
		until: new Date(hold.untilMs).toISOString(),
	});
	const reviewed = await perform(flow, {
		kind: 'hold',
		selector: hold.selector,
		why: `hold.${kind}: ${asked.reason}`,
		actor: hold.author,
		standing: standingOfHold(hold),
		...(hold.account === undefined ? {} : { where: (_recipient, { account }) => account === hold.account }),
		...(actor.role === 'admin' && !hold.ownerMayRelease ? { takesOver: isLessThanAdmins } : {}),
	});
	audit(flow, actor, 'hold.set', `${kind} ${id}`, `${hold.id}: ${asked.reason}`);
	return reviewed.ok ? ok({ hold, reviewed: reviewed.value }) : reviewed;
}

/**
 * Lifts a standing hold; with `release` what it holds leaves too, but for what another standing hold matches. What a person holds by
 * itself, a suspension or a rule stays. `where`: what the actor may let go.
 */
export async function liftHold(
	flow: Flow,
	id: string,
	release: boolean,
	actor: Actor,
	where: Where = () => true,
): Promise<Result<Reviewed, ReviewFailure>> {
	const hold = flow.holds.get(id);
	if (hold === undefined) return failed('not-found');
	dropHold(flow, hold, actorText(actor));
	audit(flow, actor, 'hold.lift', `${hold.selector.kind} ${hold.selector.id}`, `${id}${release ? ', released' : ''}`);
	if (!release) return ok({ recipients: 0, messages: 0, pending: 0, waiting: 0 });
	const others = [...flow.holds.values()];
	return perform(flow, {
		kind: 'release',
		selector: hold.selector,
		why: `hold ${id} lifted`,
		actor: actorText(actor),
		where: (recipient, message) => {
			const { standing, destination } = recipient;
			const { account, identity } = message;
			const isOfEnded = standing?.hold !== undefined && !flow.holds.has(standing.hold);
			if (!isOfEnded || !where(recipient, message)) return false;
			return !others.some((other) => isHeldBy(other, { account, identity, destination }, flow.clock.now()));
		},
	});
}

/**
 * A hold was set while the message was on its way to the disk: it was judged without it. Resolves with true when all of the message
 * is held now. Called before anything else can happen to the message.
 */
export async function holdLate(flow: Flow, message: QueuedMessage, judgedMs: number): Promise<boolean> {
	if (flow.holds.size === 0) return false;
	const late = [...flow.holds.values()].filter((hold) => hold.sinceMs >= judgedMs);
	if (late.length === 0) return false;
	for (const hold of late)
		await perform(flow, {
			kind: 'hold',
			selector: { kind: 'message', id: message.id },
			why: `hold.${hold.selector.kind}: ${hold.reason}`,
			actor: hold.author,
			standing: standingOfHold(hold),
			where: ({ destination }, { account, identity }) =>
				isHeldBy(hold, { account, identity, destination }, flow.clock.now()),
		});
	return message.recipients.every((recipient) => recipient.state === 'held');
}

/** A hold ends: lifted by a person, or at its time. What it holds stays held until released (invariant 4). */
export function dropHold(flow: Flow, hold: StandingHold, who: string): void {
	flow.state.deleteHold(hold.id);
	flow.holds.delete(hold.id);
	const { kind, id } = hold.selector;
	flow.events.emit({ event: 'hold.lifted', atMs: flow.clock.now(), hold: hold.id, kind, id, actor: who });
}
