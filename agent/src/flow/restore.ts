/**
 * Restore: discarded and expired mail is brought back, to where it can go on from: queued, or waiting where it is over a limit; as an
 * undo (`asBefore`) held where it was held.
 *
 * It is charged as a release is, if it had not been paid for before. What is over joins the queue again for the act; what of it stays as
 * it was is set aside again after it. The log has the step first, as with every act, so that a kill anywhere leaves each recipient in
 * exactly one state: the one before or the one after.
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { isSettled } from '../core/delivery/lifecycle.ts';
import { hasEndedOpen } from '../core/delivery/restorable.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { followReseller } from './account-moves.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';
import { asKept, perform, type Reviewed, type ReviewFailure, recipientsText, type Where } from './review.ts';

/** Messages that join the queue again at once. */
const messagesPerPortion = 2_000;

export type RestoreRequest = {
	readonly selector: Selector;
	readonly reason: string;
	readonly actor: Actor;
	/** At once, whatever the limits say. It is charged all the same. */
	readonly isNow?: boolean;
	/** What was held when it ended is held again, for the same reason. */
	readonly asBefore?: boolean;
	/** Narrows the selection: to what the actor may bring back. */
	readonly where?: Where;
};

/** `not-found`: nothing that could be brought back is there, or it is too late. */
export async function restore(flow: Flow, request: RestoreRequest): Promise<Result<Reviewed, ReviewFailure>> {
	const { reason, actor, where = () => true, isNow = false, asBefore = false } = request;
	const selector = asKept(request.selector);
	const sinceMs = flow.clock.now() - flow.settings().restoreMs;
	const mayReturn: Where = (one, message) => hasEndedOpen(one) && one.sinceMs > sinceMs && where(one, message);
	const over = overOf(flow, selector, mayReturn);
	let total: Reviewed = { recipients: 0, messages: 0, pending: 0, waiting: 0 };
	let isWritten = true;
	for (let at = 0; at === 0 || (isWritten && at < over.length); at += messagesPerPortion) {
		const portion = rejoin(flow, over.slice(at, at + messagesPerPortion));
		flow.acts.underWay += 1;
		try {
			const done = await perform(flow, {
				kind: 'restore',
				selector,
				why: reason,
				actor: actorText(actor),
				isNow,
				asBefore,
				where: mayReturn,
			});
			isWritten = done.ok;
			if (done.ok) total = sumOf(total, done.value);
		} finally {
			flow.acts.underWay -= 1;
			setAside(flow, portion);
		}
	}
	const { kind, id } = selector;
	if (total.recipients === 0 && isWritten) return failed('not-found');
	const outcome = isWritten ? '' : ', not all of it: the log could not be written';
	audit(flow, actor, 'queue.restore', `${kind} ${id}`, `${reason} (${recipientsText(total.recipients)}${outcome})`);
	return isWritten ? ok(total) : failed('not-written');
}

const sumOf = (one: Reviewed, other: Reviewed): Reviewed => ({
	recipients: one.recipients + other.recipients,
	messages: one.messages + other.messages,
	pending: one.pending + other.pending,
	waiting: one.waiting + other.waiting,
});

/** Of the messages that are over, those of which something is to come back. */
function overOf(flow: Flow, { kind, id }: Selector, mayReturn: Where): readonly MessageId[] {
	const isNamed = (message: QueuedMessage): boolean => {
		switch (kind) {
			case 'message':
				return true;
			case 'account':
			case 'identity':
				return message[kind] === id;
			case 'destination':
				return message.recipients.some(({ destination }) => destination === id);
		}
	};
	const one = kind === 'message' ? flow.ended.find(id) : undefined;
	const candidates = kind === 'message' ? (one === undefined ? [] : [one]) : flow.ended.all();
	const ids: MessageId[] = [];
	for (const message of candidates)
		if (isNamed(message) && message.recipients.some((recipient) => mayReturn(recipient, message))) ids.push(message.id);
	return ids;
}

/** Puts them into the queue, where nothing of them can go: all their recipients have ended. */
function rejoin(flow: Flow, ids: readonly MessageId[]): readonly QueuedMessage[] {
	const messages: QueuedMessage[] = [];
	for (const id of ids) {
		const message = flow.ended.find(id);
		// Somebody else brings it back just now, or it has been given up since.
		if (message === undefined) continue;
		flow.ended.remove(id);
		// Its account may have moved meanwhile: who is charged is as for open mail.
		followReseller(flow, message);
		flow.scheduler.add(message, flow.clock.now());
		messages.push(message);
	}
	return messages;
}

function setAside(flow: Flow, messages: readonly QueuedMessage[]): void {
	for (const message of messages) if (isSettled(message) && flow.scheduler.retire(message.id)) flow.ended.add(message);
}
