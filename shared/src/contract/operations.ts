/**
 * Every operation of the REST API: method, path, who may, what goes in and comes out. One table.
 *
 * The server mounts it, the client is typed by it, openapi.json is generated from it, so that none can drift from the others.
 * Events (`GET /v1/events`, a stream) and `/metrics` (text) are not JSON operations and stand beside the table.
 */
import type { z } from 'zod';
import type { Result } from '../words/result.ts';
import { accountOperations } from './account-operations.ts';
import type { Actor } from './actor.ts';
import { changeOperations } from './change-operations.ts';
import { learnedOperations } from './learned-operations.ts';
import { limitOperations } from './limit-operations.ts';
import { mailOperations } from './mail-operations.ts';
import { admin } from './operation.ts';
import { probeOperations } from './probe-operations.ts';
import type { Problem } from './problem.ts';
import { senderOperations } from './sender-operations.ts';
import { viewOperations } from './view-operations.ts';

export const operations = {
	...mailOperations,
	...viewOperations,
	...accountOperations,
	...limitOperations,
	...changeOperations,
	...senderOperations,
	...probeOperations,
	...learnedOperations,
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
