/**
 * What a batch of log entries changes in one day of history, before it is written.
 *
 * A message that comes in the batch takes the steps that follow at once: its rows are written once, as they stand at the end.
 * A message of an earlier batch gathers, for each recipient, the last state, and the steps as text.
 *
 * History records what the log says, also a step that the lifecycle would refuse: it is evidence. Pure.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import {
	initialState,
	type MessageId,
	type MessageRecord,
	type RecipientStatus,
	type Transition,
} from '@sluice/shared/words/message.ts';
import type { RecipientState } from '@sluice/shared/words/recipient.ts';
import { type Reply, replyText } from '@sluice/shared/words/reply.ts';
import { identityText } from '../../core/policy/judge.ts';
import type { LogPosition } from '../../ports/spool.ts';

/** Characters of an answer in a list; the life has it whole. */
const replyCharsMax = 300;

export type RecipientNow = {
	state: RecipientState;
	attempts: number;
	atMs: number;
	dueMs: number | null;
	/** Last answer; null when there was none yet. */
	reply: string | null;
	cause: string | null;
};

export type NewMessage = {
	readonly key: number;
	readonly record: MessageRecord;
	/** The record as JSON. */
	readonly json: string;
	readonly identity: string;
	readonly recipients: readonly (RecipientNow & { readonly address: string; readonly domain: string })[];
	/** JSON lines. */
	steps: string;
};

export type Change = {
	readonly key: number;
	/** Place of the first step; tells these steps from those of other batches. */
	readonly at: LogPosition;
	readonly recipients: Map<number, RecipientNow>;
	steps: string;
};

export type DayBatch = {
	readonly messages: Map<number, NewMessage>;
	readonly changes: Map<number, Change>;
	readonly reports: { readonly key: number; readonly report: MessageId }[];
};

export const emptyBatch = (): DayBatch => ({ messages: new Map(), changes: new Map(), reports: [] });

/** Enters a message. `statuses`: compaction wrote it anew and no earlier record of it is in the history. */
export function addMessage(
	batch: DayBatch,
	key: number,
	record: MessageRecord,
	statuses?: readonly RecipientStatus[],
): void {
	batch.messages.set(key, {
		key,
		record,
		json: JSON.stringify(record),
		identity: identityText(record.attribution),
		recipients: record.envelope.recipients.map(({ address }, index) => {
			const status = statuses?.[index];
			const state = status?.state ?? initialState(record, index);
			return {
				address,
				domain: domainOf(address),
				state,
				attempts: status?.attempts ?? 0,
				atMs: record.acceptedMs,
				dueMs: state === 'queued' ? (status?.dueMs ?? record.acceptedMs) : null,
				reply: status?.reply === undefined ? null : shortReply(status.reply),
				cause: status?.cause ?? null,
			};
		}),
		steps: '',
	});
}

/** Enters a step; `at` is the log position behind its entry. */
export function addStep(batch: DayBatch, key: number, step: Transition, at: LogPosition): void {
	const line = `${JSON.stringify(step)}\n`;
	const message = batch.messages.get(key);
	if (message !== undefined) {
		message.steps += line;
		const recipient = message.recipients[step.recipient];
		if (recipient !== undefined) take(recipient, step);
		return;
	}
	let change = batch.changes.get(key);
	if (change === undefined) {
		change = { key, at, recipients: new Map(), steps: '' };
		batch.changes.set(key, change);
	}
	change.steps += line;
	let recipient = change.recipients.get(step.recipient);
	if (recipient === undefined) {
		recipient = { state: step.to, attempts: 0, atMs: 0, dueMs: null, reply: null, cause: null };
		change.recipients.set(step.recipient, recipient);
	}
	take(recipient, step);
}

/** A step without an answer of its own leaves the last one standing. */
function take(recipient: RecipientNow, step: Transition): void {
	recipient.state = step.to;
	recipient.attempts = step.attempts;
	recipient.atMs = step.atMs;
	recipient.dueMs = step.to === 'queued' ? (step.dueMs ?? step.atMs) : null;
	if (step.reply !== undefined) recipient.reply = shortReply(step.reply);
	if (step.cause !== undefined) recipient.cause = step.cause;
	// What was delivered in the end has no cause of failure any more.
	else if (step.to === 'delivered') recipient.cause = null;
}

const shortReply = (reply: Reply): string => replyText(reply).slice(0, replyCharsMax);
