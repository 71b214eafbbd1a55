/**
 * From what the agent knows to the shapes of the REST API.
 *
 * Pure. Not here: who asks and what for (api.ts), the shapes themselves (shared/contract/shapes.ts).
 */
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import { initialState } from '@sluice/shared/words/message.ts';
import { replyText } from '@sluice/shared/words/reply.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { identityText } from '../../core/policy/judge.ts';
import type { MessageLife, MessageSummary } from '../../ports/store.ts';
import { subjectText } from './subject.ts';

/** RFC 3339 in UTC. */
export const time = (ms: number): string => new Date(ms).toISOString();

/** What a search found, as the contract has it. */
export function summaryDto({ acceptedMs, ...summary }: MessageSummary): MessageSummaryDto {
	return {
		...summary,
		subject: subjectText(summary.subject),
		class: summary.class as MessageSummaryDto['class'],
		accepted: time(acceptedMs),
		recipients: summary.recipients.map(({ atMs, dueMs, reply, cause, ...rest }) => ({
			...rest,
			at: time(atMs),
			...(dueMs === undefined ? {} : { due: time(dueMs) }),
			...(reply === undefined || reply === '' ? {} : { reply }),
			...(cause === undefined || cause === ''
				? {}
				: { cause: cause as NonNullable<MessageSummaryDto['recipients'][number]['cause']> }),
		})),
	};
}

/** The present state of each recipient from the steps of its life. */
export function summaryOf({ record, steps }: MessageLife): MessageSummary {
	const { attribution, envelope } = record;
	const byRecipient = Map.groupBy(steps, (step) => step.recipient);
	return {
		id: record.id,
		acceptedMs: record.acceptedMs,
		account: attribution.account,
		identity: identityText(attribution),
		class: attribution.class,
		sender: envelope.reversePath,
		subject: record.subject ?? '',
		bytes: record.bodyBytes,
		recipientCount: envelope.recipients.length,
		recipients: envelope.recipients.map(({ address }, index) => {
			const own = byRecipient.get(index) ?? [];
			const last = own.at(-1);
			const answered = own.findLast((step) => step.reply !== undefined);
			return {
				address,
				state: last?.to ?? initialState(record, index),
				attempts: last?.attempts ?? 0,
				atMs: last?.atMs ?? record.acceptedMs,
				...(last?.to === 'queued' && last.dueMs !== undefined ? { dueMs: last.dueMs } : {}),
				...(answered?.reply === undefined ? {} : { reply: replyText(answered.reply) }),
				...(answered?.cause === undefined ? {} : { cause: answered.cause }),
			};
		}),
	};
}

/** A standing hold as the contract has it. */
export const holdDto = (hold: StandingHold) => ({
	id: hold.id,
	selector: { ...hold.selector },
	reason: hold.reason,
	author: hold.author,
	since: time(hold.sinceMs),
	until: time(hold.untilMs),
	ownerMayRelease: hold.ownerMayRelease ?? false,
});
