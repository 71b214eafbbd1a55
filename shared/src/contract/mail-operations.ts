/**
 * Operations about mail: search, trace, acts, holds, queue, audit.
 */
import { z } from 'zod';
import { recipientStates } from '../words/recipient.ts';
import { admin, define, empty, everyone, none, sellers } from './operation.ts';
import {
	actResultSchema,
	auditEntrySchema,
	healthSchema,
	holdSchema,
	laneSchema,
	listOf,
	messageIdSchema,
	messageSummarySchema,
	pageQuery,
	queueRowSchema,
	selectorSchema,
	timeSchema,
	traceSchema,
} from './shapes.ts';

const messageParams = z.strictObject({ id: messageIdSchema });
const why = z.strictObject({
	reason: z.string().min(1).max(500).describe('Shown in trace and audit.'),
});
/** Of a release. */
const now = z
	.boolean()
	.default(false)
	.describe('Held mail leaves at once, whatever limits say. Otherwise what is over a limit waits and leaves in pace.');

/** Which of the open (for restore: ended) mail of the selector an act is about: one group of `listOpen`, or what one act ended. */
const where = z.strictObject({
	state: z.enum(['held', 'waiting']).optional(),
	rule: z.string().min(1).max(80).optional().describe('Of the reason, as listOpen gives it.'),
	text: z.string().max(4000).optional().describe('The reason itself, as listOpen gives it: two may have one rule.'),
	since: timeSchema.optional().describe('Came into its present state at that time or later.'),
	until: timeSchema.optional().describe('Came into its present state at that time or before.'),
});

export const mailOperations = {
	health: define({
		method: 'get',
		path: '/v1/health',
		summary: 'Alive, ready, delivering; what is wrong and what to do.',
		roles: [],
		params: none,
		query: none,
		body: empty,
		response: healthSchema,
	}),
	listMessages: define({
		method: 'get',
		path: '/v1/messages',
		summary: 'Search messages, newest first.',
		roles: everyone,
		params: none,
		query: z.strictObject({
			account: z.string().max(128).optional(),
			identity: z.string().max(320).optional(),
			sender: z.string().max(320).optional().describe('Address, or @domain.'),
			recipient: z.string().max(320).optional().describe('Address, or @domain.'),
			subject: z.string().max(200).optional().describe('Part of the subject.'),
			state: z.enum(recipientStates).optional(),
			reference: z
				.string()
				.min(3)
				.max(300)
				.optional()
				.describe('Message-ID with its brackets, or queue id of the mail server; slow without a time.'),
			since: z.iso.datetime().optional(),
			until: z.iso.datetime().optional(),
			...pageQuery,
		}),
		body: empty,
		response: listOf(messageSummarySchema),
	}),
	getMessage: define({
		method: 'get',
		path: '/v1/messages/{id}',
		summary: 'One message with the state of each recipient.',
		roles: everyone,
		params: messageParams,
		query: none,
		body: empty,
		response: messageSummarySchema,
	}),
	traceMessage: define({
		method: 'get',
		path: '/v1/messages/{id}/trace',
		summary: 'The whole life of a message: who sent it, the verdict with its reasons, every step.',
		roles: everyone,
		params: messageParams,
		query: none,
		body: empty,
		response: traceSchema,
	}),
	act: define({
		method: 'post',
		path: '/v1/queue/{act}',
		summary:
			'Hold, release, discard or requeue the open mail of a message, account, identity or destination; restore what a message lost by discard or expiry.',
		roles: everyone,
		params: z.strictObject({
			act: z.enum(['hold', 'release', 'discard', 'requeue', 'restore']),
		}),
		query: none,
		body: z.strictObject({
			selector: selectorSchema,
			reason: z.string().min(1).max(500),
			now,
			where: where.optional().describe('Only this part of what the selector names; absent: all of it.'),
			asBefore: z
				.boolean()
				.default(false)
				.describe(
					'Of a restore: what was held when it ended is held again, for the same reason. An undo of a discard.',
				),
		}),
		response: actResultSchema,
	}),
	releaseMessage: define({
		method: 'post',
		path: '/v1/messages/{id}/release',
		summary: 'Release a held or waiting message.',
		roles: everyone,
		params: messageParams,
		query: none,
		body: why.extend({ now }),
		response: actResultSchema,
	}),
	discardMessage: define({
		method: 'post',
		path: '/v1/messages/{id}/discard',
		summary: 'Drop a message. No report is sent; it can be restored for a while.',
		roles: everyone,
		params: messageParams,
		query: none,
		body: why,
		response: actResultSchema,
	}),
	queue: define({
		method: 'get',
		path: '/v1/queue',
		summary:
			'Open mail counted by account, identity, destination, age or state; largest first. Of what the actor sees.',
		roles: sellers,
		params: none,
		query: z.strictObject({
			by: z.enum(['account', 'identity', 'destination', 'age', 'state']).default('destination'),
			limit: z.coerce.number().int().min(1).max(10_000).default(100),
		}),
		body: empty,
		response: z.object({
			items: z.array(queueRowSchema),
			total: z.number().int().describe('Rows before the limit.'),
		}),
	}),
	lanes: define({
		method: 'get',
		path: '/v1/lanes',
		summary: 'Lanes: how fast each destination is being served, and which are closed.',
		roles: admin,
		params: none,
		query: z.strictObject({
			limit: z.coerce.number().int().min(1).max(10_000).default(100),
		}),
		body: empty,
		response: z.object({ items: z.array(laneSchema), total: z.number().int() }),
	}),
	listHolds: define({
		method: 'get',
		path: '/v1/holds',
		summary: 'Standing holds: new mail that matches is held too. Of what the actor sees.',
		roles: sellers,
		params: none,
		query: none,
		body: empty,
		response: z.object({ items: z.array(holdSchema) }),
	}),
	putHold: define({
		method: 'post',
		path: '/v1/holds',
		summary: 'Hold queued and new mail of an account, identity or destination until a time.',
		roles: sellers,
		params: none,
		query: none,
		body: z.strictObject({
			selector: selectorSchema,
			reason: z.string().min(1).max(500),
			seconds: z.number().int().min(60).max(31_536_000).default(86_400).describe('How long the hold stands.'),
			ownerMayRelease: z
				.boolean()
				.default(false)
				.describe('The account itself may release what is held, where the setting rights.owners.release allows it.'),
		}),
		response: z.object({ hold: holdSchema, ...actResultSchema.shape }),
	}),
	deleteHold: define({
		method: 'delete',
		path: '/v1/holds/{id}',
		summary: 'Lift a standing hold; release=true also releases what it holds.',
		roles: sellers,
		params: z.strictObject({ id: z.string().min(1).max(64) }),
		query: z.strictObject({ release: z.stringbool().default(false) }),
		body: empty,
		response: actResultSchema,
	}),
	audit: define({
		method: 'get',
		path: '/v1/audit',
		summary: 'Administrative acts, newest first.',
		roles: admin,
		params: none,
		query: z.strictObject({
			actor: z.string().max(200).optional().describe('Part of who did it.'),
			subject: z.string().max(320).optional().describe('Part of what it was done to.'),
			act: z.string().max(64).optional().describe('Begin of the act: limits, hold, queue.'),
			...pageQuery,
		}),
		body: empty,
		response: listOf(auditEntrySchema),
	}),
	recordAct: define({
		method: 'post',
		path: '/v1/audit',
		summary: 'Writes down an act that was done outside the agent: by the root helper, in the panel.',
		roles: admin,
		params: none,
		query: none,
		body: z.strictObject({
			actor: z.string().min(1).max(300).describe('Who asked for it, as in Sluice-Actor.'),
			act: z.string().regex(/^(panel|mta)\.[a-z-]{1,40}$/),
			subject: z.string().min(1).max(320),
			detail: z.string().max(1000),
		}),
		response: auditEntrySchema,
	}),
} as const;
