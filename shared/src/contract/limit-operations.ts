/**
 * Operations about limits: what is set, what is in force and why, what is used, what a proposal would have done.
 */
import { z } from 'zod';
import { levels } from '../words/limits.ts';
import {
	levelPathSchema,
	limitNumbersSchema,
	limitsInputSchema,
	limitsViewSchema,
	ruleSchema,
	usageSchema,
} from './limit-shapes.ts';
import { admin, define, empty, everyone, none, sellers } from './operation.ts';
import { listOf, pageQuery, timeSchema } from './shapes.ts';

const scopeParams = z.strictObject({
	level: levelPathSchema,
	id: z
		.string()
		.min(1)
		.max(1024)
		.describe(
			'Of server: server (the machine as a whole), each-account, each-domain, each-mailbox, each-script, each-credential (defaults). Of scripts: ACCOUNT:DIRECTORY.',
		),
});

const proposalSchema = z.strictObject({
	level: z.enum(levels),
	id: z.string().min(1).max(1024),
	limits: limitNumbersSchema,
});

export const simulationSchema = z.object({
	id: z.string(),
	state: z.enum(['running', 'done', 'failed']),
	progress: z.number().min(0).max(1),
	failure: z.string().optional(),
	result: z
		.object({
			from: timeSchema,
			to: timeSchema,
			messages: z.number().int().describe('Messages replayed.'),
			recipients: z.number().int(),
			heldMessages: z.number().int().describe('Messages that would have waited.'),
			heldRecipients: z.number().int(),
			longestWaitSeconds: z.number().int(),
			stillWaiting: z.number().int().describe('Recipients that would still have waited at the end.'),
			accounts: z.number().int().describe('Accounts that would have been met.'),
			refusedAccounts: z
				.number()
				.int()
				.describe('Those among them of which receivers refused mail for its content or its sender.'),
			text: z.string().describe('would have held 214 messages of 9 accounts, 3 of which …'),
			items: z
				.array(
					z.object({
						account: z.string(),
						scope: z.string(),
						rule: ruleSchema,
						messages: z.number().int(),
						recipients: z.number().int(),
						longestWaitSeconds: z.number().int(),
						refusedByReceivers: z.number().int(),
					}),
				)
				.describe('The hundred that would have been met most.'),
		})
		.optional(),
});
export type SimulationDto = z.output<typeof simulationSchema>;

export const limitOperations = {
	listLimits: define({
		method: 'get',
		path: '/v1/limits',
		summary: 'Every level and id for which numbers are set, with what monitor-only rules would have done.',
		roles: sellers,
		params: none,
		query: z.strictObject({ level: z.enum(levels).optional(), ...pageQuery }),
		body: empty,
		response: listOf(limitsViewSchema),
	}),
	getLimits: define({
		method: 'get',
		path: '/v1/{level}/{id}/limits',
		summary: 'What is set for one level and id, and what is in force there and where it comes from.',
		roles: everyone,
		params: scopeParams,
		query: none,
		body: empty,
		response: limitsViewSchema,
	}),
	putLimits: define({
		method: 'put',
		path: '/v1/{level}/{id}/limits',
		summary:
			'Sets the numbers of one level and id, or an exception with an end. More than a parent allows is stored and capped.',
		roles: everyone,
		params: scopeParams,
		query: none,
		body: limitsInputSchema,
		response: limitsViewSchema,
	}),
	deleteLimits: define({
		method: 'delete',
		path: '/v1/{level}/{id}/limits',
		summary: 'Takes the numbers and their exception away, or only one of the two: what is outside is inherited again.',
		roles: everyone,
		params: scopeParams,
		query: z.strictObject({
			only: z.enum(['base', 'exception']).optional(),
			replaces: timeSchema
				.optional()
				.describe(
					'`set` of what is to be taken away: of the exception with only=exception, else of the numbers. Another stands there: 409 conflict, nothing is changed.',
				),
		}),
		body: empty,
		response: limitsViewSchema,
	}),
	getUsage: define({
		method: 'get',
		path: '/v1/{level}/{id}/usage',
		summary: 'What one level and id has used in each window, what waits, what is left.',
		roles: everyone,
		params: scopeParams,
		query: none,
		body: empty,
		response: z.object({
			items: z.array(usageSchema),
			waitsUntil: timeSchema.optional().describe('When the last of what waits will have left.'),
			counting: z.string().describe('The counting rule, one sentence.'),
		}),
	}),
	simulate: define({
		method: 'post',
		path: '/v1/simulate',
		summary: 'Replays the last days against proposed limits. Ask with the id how far it is.',
		roles: admin,
		params: none,
		query: none,
		body: z.strictObject({
			days: z.number().int().min(1).max(30).default(7),
			proposals: z
				.array(proposalSchema)
				.max(1000)
				.describe('Stand before what is set now. All rules count as enforced.'),
		}),
		response: simulationSchema,
	}),
	getSimulation: define({
		method: 'get',
		path: '/v1/simulate/{id}',
		summary: 'How far a simulation is, and its result.',
		roles: admin,
		params: z.strictObject({ id: z.string().min(1).max(64) }),
		query: none,
		body: empty,
		response: simulationSchema,
	}),
} as const;
