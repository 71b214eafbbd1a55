/**
 * Changing one number of many accounts at once: shown first, done in one go, undone in one go.
 */
import { z } from 'zod';
import { accountStates } from '../words/account.ts';
import { limitModes } from '../words/limits.ts';
import { ruleSchema } from './limit-shapes.ts';
import { define, none, sellers } from './operation.ts';
import { timeSchema } from './shapes.ts';

const accountsMax = 1000;

/** By name, or whatever a list of accounts with these filters has: not the page of it that is seen. */
export const changeTargetSchema = z.union([
	z.strictObject({ accounts: z.array(z.string().min(1).max(140)).min(1).max(accountsMax) }),
	z.strictObject({
		matching: z.strictObject({
			search: z.string().max(200).optional(),
			reseller: z.string().max(128).optional(),
			plan: z.string().max(128).optional(),
			state: z.enum(accountStates).optional(),
			near: z.boolean().optional(),
			waiting: z.boolean().optional(),
			ownLimits: z.boolean().optional(),
		}),
	}),
]);

export const limitChangeSchema = z.object({
	id: z.string().optional().describe('For the undo; absent of a preview.'),
	accounts: z.number().int().describe('That it is about.'),
	changed: z.number().int().describe('That have (or would have) another number in force or stored.'),
	capped: z.number().int().describe('Of the changed: stored, and bounded by a parent.'),
	kept: z.number().int().describe('Left as they are: somebody with more rights has set their numbers.'),
	over: z.number().int().describe('Of the changed: have used more than the new number already; their next mail waits.'),
	items: z
		.array(
			z.object({
				account: z.string(),
				from: z.string().describe('200 recipients an hour from plan Business; empty: no limit.'),
				to: z.string(),
				used: z.number().int(),
			}),
		)
		.describe('The first twenty, those that have used most first.'),
	undoUntil: timeSchema.optional(),
});
export type LimitChangeDto = z.output<typeof limitChangeSchema>;

export const changeOperations = {
	changeLimits: define({
		method: 'post',
		path: '/v1/limits/change',
		summary: 'Sets one number of many accounts, or takes it away (null). preview: only says what it would do.',
		roles: sellers,
		params: none,
		query: none,
		body: z.strictObject({
			target: changeTargetSchema,
			rule: ruleSchema,
			value: z.number().int().min(0).max(1_000_000_000).nullable(),
			mode: z.enum(limitModes).default('enforce'),
			until: timeSchema.nullish().describe('An exception until then; absent: for good.'),
			note: z.string().max(500).nullish(),
			preview: z.boolean().default(false),
			expected: z
				.number()
				.int()
				.optional()
				.describe('Accounts that the preview named; another number is 409 conflict.'),
		}),
		response: limitChangeSchema,
	}),
	undoLimitChange: define({
		method: 'post',
		path: '/v1/limits/change/{id}/undo',
		summary: 'Puts back what stood before, where nobody has changed it since.',
		roles: sellers,
		params: z.strictObject({ id: z.string().min(1).max(64) }),
		query: none,
		body: z.strictObject({}),
		response: z.object({
			restored: z.number().int(),
			kept: z.number().int().describe('Accounts that somebody has changed since; they stay as they are.'),
		}),
	}),
} as const;
