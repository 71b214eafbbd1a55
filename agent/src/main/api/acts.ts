/**
 * What people decide about mail by REST: acts, and the queue in numbers. Each for what the actor sees, and as far as it may decide.
 *
 * Whose mail it is says visibility.ts, who may do what core/policy/rights.ts. What is another's is answered as what is not there. Of a
 * mixed selection what may be acted on is acted on, and the answer says how much was left and why.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { hasEndedOpen } from '../../core/delivery/restorable.ts';
import { type Decision, mayAsk } from '../../core/policy/rights.ts';
import { restore } from '../../flow/restore.ts';
import { review } from '../../flow/review.ts';
import { type ActBody, type Choice, choiceOf, isThere, leftText, meantBy, nothingOpen, reviewed } from './choice.ts';
import { type ApiContext, problem } from './context.ts';
import { rowsFor } from './queue-rows.ts';
import { maySee } from './visibility.ts';

const hourMs = 3_600_000;

/** What cannot be brought back: nothing of it has ended so, it may not be, or it is too late. */
async function notRestored(context: ApiContext, selector: Selector, actor: Actor, left: Choice['left']) {
	if (left.size > 0) return problem('forbidden', leftText(left));
	if (selector.kind !== 'message') return ok({ recipients: 0, messages: 0 });
	await context.settled();
	const life = await context.flow.history.life(selector.id).catch(() => undefined);
	const isSeen = life !== undefined && maySee(context.flow.accounts, actor, life.record.attribution.account);
	if (!isSeen) return nothingOpen();
	const last = new Map(life.steps.map(({ recipient, to }) => [recipient, to]));
	if (![...last.values()].some((state) => hasEndedOpen({ state })))
		return problem('conflict', 'Nothing of the message was discarded or has expired.');
	const { restoreMs } = context.flow.settings();
	if (restoreMs === 0)
		return problem('conflict', 'Nothing can be brought back here: the setting queue.restoreSeconds is 0.');
	const kept =
		restoreMs < 2 * hourMs ? `${Math.ceil(restoreMs / 60_000)} minutes` : `${Math.round(restoreMs / hourMs)} hours`;
	return problem(
		'conflict',
		`It is too late: what is discarded or has expired is kept for ${kept}, and for less when the disk is short of space.`,
	);
}

export type ActHandlers = Pick<OperationHandlers, 'act' | 'releaseMessage' | 'discardMessage' | 'queue'>;

export function createActHandlers(context: ApiContext): ActHandlers {
	const { flow } = context;
	const meant = meantBy(flow.accounts);

	async function act(decision: Decision, named: Selector, body: ActBody, actor: Actor | undefined) {
		if (actor === undefined) return problem('forbidden');
		const { reason, now: isNow = false, asBefore = false } = body;
		const { rights } = flow.settings();
		// A setting or a role is no secret: what is forbidden whatever the mail is said before it is looked for.
		if (!mayAsk(decision, actor.role, rights)) return problem('forbidden', `This actor may not ${decision} mail.`);
		if (actor.role !== 'admin' && isNow)
			return problem('forbidden', 'Only an administrator lets mail go past its limits.');
		if (actor.role !== 'admin' && named.kind === 'destination')
			return problem('forbidden', 'Only an administrator acts on all mail to a destination.');
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
			return problem('forbidden', leftText(left));
		return reviewed(done, left);
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
	};
}
