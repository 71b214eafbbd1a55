/**
 * Shapes of the REST API. Times are RFC 3339 in UTC, durations seconds, lists `{items, next}`.
 */
import { z } from 'zod';
import { senderClasses } from '../words/attribution.ts';
import { eventNames } from '../words/events.ts';
import { recipientStates } from '../words/recipient.ts';
import { causes } from '../words/response.ts';
import { selectorKinds } from '../words/selector.ts';
import { verdictActions } from '../words/verdict.ts';

export const timeSchema = z.iso.datetime({ offset: false }).describe('RFC 3339, UTC');
export const messageIdSchema = z.string().regex(/^[0-9a-hjkmnp-tv-z]{13}$/, 'a message id of 13 characters');

export const listOf = <T extends z.ZodType>(item: T) =>
	z.object({
		items: z.array(item),
		next: z.string().optional().describe('Cursor of the next page; absent on the last.'),
	});

export const pageQuery = {
	limit: z.coerce.number().int().min(1).max(1000).default(50),
	cursor: z.string().max(200).optional(),
};

export const selectorSchema = z.strictObject({
	kind: z.enum(selectorKinds),
	id: z
		.string()
		.min(1)
		.max(320)
		.describe(
			'Message id, account id, identity as kind:id (mailbox:user@site.test, unix:7001), or destination domain.',
		),
});

export const reasonSchema = z.object({
	rule: z.string(),
	text: z.string(),
	value: z.union([z.number(), z.string()]).optional(),
	threshold: z.union([z.number(), z.string()]).optional(),
	windowSeconds: z.number().optional(),
	evidence: z.string().optional(),
});

export const messageSummarySchema = z.object({
	id: messageIdSchema,
	accepted: timeSchema,
	account: z.string(),
	identity: z.string(),
	class: z.enum(senderClasses),
	sender: z.string().describe('Reverse-path; empty for the null sender.'),
	subject: z.string(),
	bytes: z.number().int(),
	recipientCount: z.number().int().describe('All of them; a list of messages shows only the first ones.'),
	recipients: z.array(
		z.object({
			address: z.string(),
			state: z.enum(recipientStates),
			attempts: z.number().int(),
			at: timeSchema.describe('When it came into this state.'),
			due: timeSchema.optional().describe('For queued: not before.'),
			reply: z.string().optional(),
			cause: z.enum(causes).optional(),
		}),
	),
});
export type MessageSummaryDto = z.output<typeof messageSummarySchema>;

export const traceStepSchema = z.object({
	at: timeSchema,
	recipient: z.string().optional().describe('Absent: about the whole message.'),
	event: z.enum(eventNames),
	text: z.string().describe('One sentence.'),
	reply: z.string().optional(),
	host: z.string().optional(),
	cause: z.enum(causes).optional(),
	actor: z.string().optional(),
});

export const traceSchema = z.object({
	message: messageSummarySchema,
	from: z.object({
		account: z.string(),
		identity: z.string(),
		class: z.enum(senderClasses),
		certainty: z.enum(['proved', 'derived', 'none']),
		evidence: z.string().describe('The fact that decided who sent it.'),
		client: z.string().optional(),
		mtaQueueId: z.string().optional(),
		ancestor: z.string().optional(),
		directory: z.string().optional(),
	}),
	verdict: z.object({
		action: z.enum(verdictActions),
		reasons: z.array(reasonSchema),
	}),
	steps: z.array(traceStepSchema),
	reports: z.array(messageIdSchema).describe('Ids of reports (DSNs) about it.'),
});
export type TraceDto = z.output<typeof traceSchema>;

export const actResultSchema = z.object({
	recipients: z.number().int().describe('Recipients whose state changed.'),
	messages: z.number().int(),
	waiting: z
		.number()
		.int()
		.optional()
		.describe('Of a release or restore: recipients among them that now wait for a limit, and leave in pace.'),
	left: z.number().int().optional().describe('Recipients that this actor may not decide about so, and were left.'),
	why: z.string().optional().describe('Why they were left.'),
});

export const queueRowSchema = z.object({
	key: z.string().describe('Account, identity, destination or state; for age the lower bound in seconds.'),
	recipients: z.number().int().describe('Open recipients in all.'),
	queued: z.number().int(),
	waiting: z.number().int(),
	held: z.number().int(),
	sending: z.number().int(),
});
export type QueueRowDto = z.output<typeof queueRowSchema>;

export const laneSchema = z.object({
	destination: z.string(),
	source: z.string(),
	state: z.enum(['open', 'probing', 'closed']),
	window: z.number(),
	busy: z.number().int(),
	queued: z.number().int().describe('Transactions that are due; what is deferred comes later.'),
	reopens: timeSchema.optional(),
	lastFailure: z.string().optional(),
	lastFailureAt: timeSchema.optional(),
});

export const holdSchema = z.object({
	id: z.string(),
	selector: selectorSchema,
	reason: z.string(),
	author: z.string(),
	since: timeSchema,
	until: timeSchema,
	ownerMayRelease: z.boolean(),
});

export const healthSchema = z.object({
	alive: z.boolean().describe('The process answers.'),
	ready: z.boolean().describe('New mail is accepted.'),
	delivering: z.boolean().describe('Mail is being sent on.'),
	version: z.string(),
	started: timeSchema,
	upstream: z
		.string()
		.optional()
		.describe('Host and port of the smarthost through which all mail leaves; left out: direct to MX.'),
	monitorOnly: z.literal(true).optional().describe('Nothing is limited or refused by a rule, whatever its mode.'),
	problems: z.array(
		z.object({
			code: z.string(),
			text: z.string(),
			hint: z.string(),
			since: timeSchema,
		}),
	),
	queue: z.object({
		messages: z.number().int(),
		recipients: z.number().int(),
		queued: z.number().int(),
		waiting: z.number().int(),
		held: z.number().int(),
		sending: z.number().int(),
	}),
	spool: z.object({
		segments: z.number().int(),
		bytes: z.number().int(),
		freeBytes: z.number().int(),
		projectionLagBytes: z.number().int().describe('How far index and history are behind the log.'),
	}),
	connections: z.object({ in: z.number().int(), out: z.number().int() }),
});
export type HealthDto = z.output<typeof healthSchema>;

export const auditEntrySchema = z.object({
	id: z.number().int(),
	at: timeSchema,
	actor: z.string(),
	act: z.string(),
	subject: z.string(),
	detail: z.string(),
});
export type AuditEntryDto = z.output<typeof auditEntrySchema>;
