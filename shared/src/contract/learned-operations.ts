/**
 * Operations about what the mail log told of the time before the agent: who sent how much, as sums, never messages.
 *
 * Told once, when Sluice is installed (or by `sluice account learn --keep`), so that pages have something to say in the first minutes.
 * Nothing is decided by it: limits and usage are of what the agent has counted itself.
 */
import { z } from 'zod';
import { admin, define, empty, everyone, none } from './operation.ts';
import { timeSchema } from './shapes.ts';

/** Of accounts, and again of senders. */
export const learnedRowsMax = 5_000;
const itemsMax = 2 * learnedRowsMax;
/** Each row at its longest, and room. */
const learnedBytesMax = 8 * 1024 * 1024;

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const textSchema = (max: number) =>
	z
		.string()
		.min(1)
		.max(max)
		.regex(/^\P{Cc}+$/u, 'no control characters');

export const learnedRowSchema = z.strictObject({
	account: textSchema(140).describe(
		'The panel’s name of it, a provisional one (`domain:site1.test`), or words: `(without login)`.',
	),
	sender: textSchema(340)
		.optional()
		.describe('`mailbox:info@site1.test`, `unix:alice`, `relay`; absent on a row of an account.'),
	messages: countSchema,
	recipients: countSchema.describe('On other servers.'),
	peakHour: countSchema.describe('Most recipients in any 60 minutes.'),
	directories: countSchema.describe('Directories in which its scripts stood; 3: three or more.'),
});
export type LearnedRowDto = z.output<typeof learnedRowSchema>;

const logSchema = z.strictObject({
	mta: z.enum(['exim', 'postfix']).describe('Whose log it was.'),
	from: timeSchema.describe('What was sent since then is in the sums.'),
	until: timeSchema.describe('When the log was read.'),
});

const totals = {
	accounts: countSchema,
	senders: countSchema,
	messages: countSchema,
	recipients: countSchema,
};

export const learnedSchema = z.object({
	log: logSchema.optional().describe('Absent: nothing has been told.'),
	...totals,
	items: z
		.array(
			learnedRowSchema.extend({
				isKnown: z.boolean().describe('The agent knows an account of this name: GET /v1/accounts/{id} answers.'),
			}),
		)
		.describe('Most recipients first.'),
});
export type LearnedDto = z.output<typeof learnedSchema>;

export const learnedOperations = {
	getLearned: define({
		method: 'get',
		path: '/v1/learned',
		summary:
			'Who sent how much before the agent, as the mail log told: of all accounts that the actor sees, or of one.',
		roles: everyone,
		params: none,
		query: z.strictObject({
			account: z.string().max(140).optional(),
			by: z.enum(['account', 'sender']).default('account').describe('A row for each.'),
			limit: z.coerce.number().int().min(1).max(1000).default(50),
		}),
		body: empty,
		response: learnedSchema,
	}),
	putLearned: define({
		method: 'put',
		path: '/v1/learned',
		summary: `What the mail log told, in place of what was told before: at most ${learnedRowsMax} accounts and ${learnedRowsMax} senders.`,
		roles: admin,
		params: none,
		query: none,
		body: logSchema.extend({ items: z.array(learnedRowSchema).max(itemsMax) }),
		response: z.object(totals),
		bodyBytesMax: learnedBytesMax,
		bulk: { item: learnedRowSchema, itemsMax },
	}),
} as const;
