/**
 * Every operation of the REST API: method, path, who may, what goes in and comes out. One table.
 *
 * The server mounts it, the client is typed by it, openapi.json is generated from it, so that none can drift from the others.
 * Events (`GET /v1/events`, a stream) and `/metrics` (text) are not JSON operations and stand beside the table.
 */
import { z } from 'zod';
import { recipientStates } from '../words/recipient.ts';
import type { Result } from '../words/result.ts';
import type { Actor, Role } from './actor.ts';
import type { Problem } from './problem.ts';
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
	traceSchema,
} from './shapes.ts';

export type Operation = {
	readonly method: 'get' | 'post' | 'put' | 'delete';
	/** With `{name}` for parameters. */
	readonly path: string;
	readonly summary: string;
	/** Empty: no actor needed. An `account` actor sees only its own account's mail. */
	readonly roles: readonly Role[];
	readonly params: z.ZodType;
	readonly query: z.ZodType;
	readonly body: z.ZodType;
	readonly response: z.ZodType;
};

const none = z.strictObject({});
const empty = z.undefined();
const admin: readonly Role[] = ['admin'];
const owner: readonly Role[] = ['admin', 'account'];
const messageParams = z.strictObject({ id: messageIdSchema });
const why = z.strictObject({
	reason: z.string().min(1).max(500).describe('Shown in trace and audit.'),
});

const define = <const O extends Operation>(operation: O): O => operation;

export const operations = {
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
		roles: owner,
		params: none,
		query: z.strictObject({
			account: z.string().max(128).optional(),
			identity: z.string().max(320).optional(),
			sender: z.string().max(320).optional().describe('Address, or @domain.'),
			recipient: z.string().max(320).optional().describe('Address, or @domain.'),
			subject: z.string().max(200).optional().describe('Part of the subject.'),
			state: z.enum(recipientStates).optional(),
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
		roles: owner,
		params: messageParams,
		query: none,
		body: empty,
		response: messageSummarySchema,
	}),
	traceMessage: define({
		method: 'get',
		path: '/v1/messages/{id}/trace',
		summary: 'The whole life of a message: who sent it, the verdict with its reasons, every step.',
		roles: owner,
		params: messageParams,
		query: none,
		body: empty,
		response: traceSchema,
	}),
	act: define({
		method: 'post',
		path: '/v1/queue/{act}',
		summary: 'Hold, release, discard or requeue the open mail of a message, account, identity or destination.',
		roles: admin,
		params: z.strictObject({
			act: z.enum(['hold', 'release', 'discard', 'requeue']),
		}),
		query: none,
		body: z.strictObject({
			selector: selectorSchema,
			reason: z.string().min(1).max(500),
		}),
		response: actResultSchema,
	}),
	releaseMessage: define({
		method: 'post',
		path: '/v1/messages/{id}/release',
		summary: 'Release a held or waiting message.',
		roles: admin,
		params: messageParams,
		query: none,
		body: why,
		response: actResultSchema,
	}),
	discardMessage: define({
		method: 'post',
		path: '/v1/messages/{id}/discard',
		summary: 'Drop a message for good. No report is sent.',
		roles: admin,
		params: messageParams,
		query: none,
		body: why,
		response: actResultSchema,
	}),
	queue: define({
		method: 'get',
		path: '/v1/queue',
		summary: 'Open mail counted by account, identity, destination, age or state; largest first.',
		roles: admin,
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
		summary: 'Standing holds: new mail that matches is held too.',
		roles: admin,
		params: none,
		query: none,
		body: empty,
		response: z.object({ items: z.array(holdSchema) }),
	}),
	putHold: define({
		method: 'post',
		path: '/v1/holds',
		summary: 'Hold queued and new mail of an account, identity or destination until a time.',
		roles: admin,
		params: none,
		query: none,
		body: z.strictObject({
			selector: selectorSchema,
			reason: z.string().min(1).max(500),
			seconds: z.number().int().min(60).max(31_536_000).default(86_400).describe('How long the hold stands.'),
		}),
		response: z.object({ hold: holdSchema, ...actResultSchema.shape }),
	}),
	deleteHold: define({
		method: 'delete',
		path: '/v1/holds/{id}',
		summary: 'Lift a standing hold; release=true also releases what it holds.',
		roles: admin,
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
		query: z.strictObject(pageQuery),
		body: empty,
		response: listOf(auditEntrySchema),
	}),
} as const;

/** What is not JSON after a schema of its own, and so is mounted by hand. */
export const otherResources = [
	{
		id: 'followEvents',
		method: 'get',
		path: '/v1/events',
		summary: 'Events as they happen (server-sent events). Last-Event-ID resumes; an event `gap` says what was missed.',
		roles: admin,
		mediaType: 'text/event-stream',
	},
	{
		id: 'metrics',
		method: 'get',
		path: '/metrics',
		summary: 'Counters and gauges, Prometheus text format.',
		roles: [],
		mediaType: 'text/plain',
	},
	{
		id: 'openApi',
		method: 'get',
		path: '/openapi.json',
		summary: 'This document.',
		roles: [],
		mediaType: 'application/json',
	},
] as const;

export type Operations = typeof operations;
export type OperationId = keyof Operations;

export type OperationInput<K extends OperationId> = {
	readonly params: z.output<Operations[K]['params']>;
	readonly query: z.output<Operations[K]['query']>;
	readonly body: z.output<Operations[K]['body']>;
};
export type OperationOutput<K extends OperationId> = z.output<Operations[K]['response']>;

/** What the agent implements: one function an operation. The actor is undefined only where no actor is needed. */
export type OperationHandlers = {
	readonly [K in OperationId]: (
		input: OperationInput<K>,
		actor: Actor | undefined,
	) => Promise<Result<OperationOutput<K>, Problem>>;
};
