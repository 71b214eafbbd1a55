/**
 * Release and restore within limits: which recipients leave at once, which wait in line, and paying for those that leave.
 *
 * A message is decided as a whole, as when it comes. What waits already and is released by name leaves at once: somebody decided so.
 * A limit on one message was what the person decided about; a limit of 0 keeps mail held, since waiting for it would have no end.
 * Asked by the scheduler for each recipient, in the turn in which the act is planned.
 */

import type { Transition } from '@sluice/shared/words/message.ts';
import { fitOf } from '../core/metering/fit.ts';
import type { Chain } from '../core/metering/types.ts';
import type { QueuedMessage, QueuedRecipient } from '../core/scheduling/queued.ts';
import type { ActRequest, Admission } from '../core/scheduling/scheduler.ts';
import { type Flow, reportError } from './context.ts';
import { tellUsed } from './limit-events.ts';
import { chainOfQueued } from './waiting-mail.ts';

type Decided = { readonly left: number; readonly beyond: Admission };

/** `isNow`: whatever the limits say. One for each act; it remembers what the act has let wait. */
export function admitWithin(flow: Flow, isNow: boolean): NonNullable<ActRequest['admit']> {
	let last = { id: '', left: 0, beyond: 'wait' as Admission };
	/** Senders with mail in this act that has to wait: what follows stands behind it. */
	const blocked = new Set<Chain>();
	return ({ scopes, messages, key }, { message, from, nowMs }) => {
		try {
			if (!isNow && from !== 'waiting') {
				if (message.id !== last.id) last = { id: message.id, ...decide(flow, message, from, { blocked, nowMs }) };
				if (last.left <= 0) return last.beyond;
				last.left -= 1;
			}
			flow.meter.charge(scopes, nowMs, { messages, recipients: 1, keys: [key] });
		} catch (error) {
			// Metering keeps nothing from a person who lets it go (invariant 10).
			reportError(flow, 'release', error);
		}
		return 'leave';
	};
}

function decide(
	flow: Flow,
	message: QueuedMessage,
	from: QueuedRecipient['state'],
	{ blocked, nowMs }: { readonly blocked: Set<Chain>; readonly nowMs: number },
): Decided {
	const chain = chainOfQueued(message);
	const rules = flow.ruleSets.of(chain, nowMs);
	if (rules.rules.some(({ value, mode, rule }) => value === 0 && mode === 'enforce' && rule !== 'message.recipients'))
		return { left: 0, beyond: 'stay' };
	const held = message.recipients.filter(({ state, isCharged }) => state === from && !isCharged);
	const isParted = message.recipients.some(({ isCharged }) => isCharged);
	const isBehind = blocked.has(chain) || flow.waiting.blocks(chain);
	const request = {
		recipients: held.length,
		keys: held.map(({ key }) => key),
		messages: isParted ? 0 : 1,
		isParted,
	} as const;
	const room = isBehind ? 0 : fitOf(request, { rules, meter: flow.meter, nowMs }, false).room;
	if (room < held.length) blocked.add(chain);
	return { left: room, beyond: 'wait' };
}

/** An act that could not be written: as if nobody had been let go. */
export function payBack(flow: Flow, transitions: readonly Transition[]): void {
	for (const { atMs, charge } of transitions)
		if (charge !== undefined)
			flow.meter.refund(charge.scopes, atMs, { messages: charge.messages, recipients: 1, keys: [charge.key] });
}

/** What was let go has used something of its limits. */
export function tellPaid(flow: Flow, transitions: readonly Transition[]): void {
	const chains = new Set<Chain>();
	for (const { message: id, charge } of transitions) {
		const message = charge === undefined ? undefined : flow.scheduler.find(id);
		if (message !== undefined) chains.add(chainOfQueued(message));
	}
	const nowMs = flow.clock.now();
	for (const chain of chains) tellUsed(flow, chain, nowMs);
}
