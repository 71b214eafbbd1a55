/**
 * What an entry of the log means for usage.
 *
 * Each recipient is paid for once, by the step that lets it leave (invariant 3): a message by its record, for those that start
 * `queued`; what had to wait or was held by the step that released it, which says so itself (`charge`). A message that compaction
 * wrote anew is not accepted again. Without scopes nobody pays. Pure.
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import { initialState, type MessageRecord, type Transition } from '@sluice/shared/words/message.ts';
import { recipientKeyOf } from '../../core/metering/recipient-key.ts';
import type { LogEntry } from '../../ports/spool.ts';
import type { VisitUsage } from '../../ports/usage.ts';

export function usageOfEntry(entry: LogEntry, visit: VisitUsage): void {
	if (entry.kind === 'transitions') {
		visitCharges(entry.transitions, visit);
		return;
	}
	const { record, statuses } = entry;
	if (record.scopes !== undefined && statuses === undefined) visitAcceptance(record, record.scopes, visit);
}

const secondOf = (timeMs: number): number => Math.floor(timeMs / 1000);

function visitAcceptance(record: MessageRecord, scopes: readonly ScopeKey[], visit: VisitUsage): void {
	const { recipients } = record.envelope;
	const queued: number[] = [];
	const waiting: number[] = [];
	for (let index = 0; index < recipients.length; index++) {
		const state = initialState(record, index);
		if (state !== 'held')
			(state === 'queued' ? queued : waiting).push(recipientKeyOf(recipients[index]?.address ?? ''));
	}
	visit(scopes, {
		kind: 'accepted',
		second: secondOf(record.acceptedMs),
		messages: queued.length > 0 ? 1 : 0,
		recipients: queued.length,
		waiting: waiting.length,
		held: recipients.length - queued.length - waiting.length,
		keys: waiting.length === 0 ? queued : [...queued, ...waiting],
	});
}

/** Recipients of one message that were let go together are one entry. */
function visitCharges(transitions: readonly Transition[], visit: VisitUsage): void {
	for (let index = 0; index < transitions.length; ) {
		const { message, atMs, charge } = transitions[index++] as Transition;
		if (charge === undefined) continue;
		const second = secondOf(atMs);
		const keys = [charge.key];
		let messages: number = charge.messages;
		for (; index < transitions.length; index++) {
			const next = transitions[index] as Transition;
			if (next.message !== message || next.charge === undefined || secondOf(next.atMs) !== second) break;
			if (!areSame(next.charge.scopes, charge.scopes)) break;
			keys.push(next.charge.key);
			messages = Math.max(messages, next.charge.messages);
		}
		visit(charge.scopes, { kind: 'charged', second, messages, recipients: keys.length, waiting: 0, held: 0, keys });
	}
}

const areSame = (one: readonly ScopeKey[], other: readonly ScopeKey[]): boolean =>
	one === other || (one.length === other.length && one.every((scope, index) => scope === other[index]));
