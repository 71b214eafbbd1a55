/**
 * Operations that pages are made of: who I am here, how much mail went which way, who takes it, what stands open and why.
 *
 * Everything is answered from counts that are kept while mail flows, never by reading messages, so that a page of a server with ten
 * million messages costs what a page of an empty one does.
 */
import { z } from 'zod';
import { limitsViewSchema } from './limit-shapes.ts';
import { admin, define, empty, everyone, none, sellers } from './operation.ts';
import { messageIdSchema, pageQuery, timeSchema } from './shapes.ts';

/** What an agent can do that a page may show. A page whose word is not here is not shown. */
export const capabilities = [
	'overview',
	'accounts',
	'messages',
	'open',
	'limits',
	'groups',
	'change-limits',
	'simulate',
	'ownership',
	'holds',
	'restore',
	'providers',
	'health',
	'audit',
	'incidents',
	'responses',
	'sources',
] as const;
export type Capability = (typeof capabilities)[number];

export const selfSchema = z.object({
	version: z.string(),
	offers: z.array(z.enum(capabilities)).describe('What this agent can do for this actor.'),
	may: z.object({
		hold: z.boolean().describe('Hold mail of accounts that the actor sees, and lift such holds.'),
		release: z
			.enum(['all', 'owner', 'none'])
			.describe('all: held mail, an administrator also what waits; owner: only what a hold leaves to the owner; none.'),
		discard: z.enum(['all', 'owner', 'none']),
		requeue: z.boolean(),
		limits: z.boolean().describe('Set the numbers of accounts.'),
		shared: z.boolean().describe('Set the numbers of the server, resellers and plans.'),
	}),
	/** What a page says about the server. */
	mta: z.enum(['exim', 'postfix', 'none']),
	ownership: z.enum(['off', 'monitor', 'enforce']),
	monitorOnly: z.literal(true).optional().describe('Nothing is limited or refused by a rule, whatever its mode.'),
	panelActs: z.object({
		hold: z.boolean().describe('The panel’s own hold of outgoing mail may be set from our pages.'),
		suspend: z.boolean(),
	}),
	historyDays: z.number().int(),
	restoreSeconds: z.number().int().describe('How long after its end discarded or expired mail can be brought back.'),
});
export type SelfDto = z.output<typeof selfSchema>;

/**
 * All are recipients, counted in the step in which it happened. `deferred` counts attempts, and so may be larger than what was handed in;
 * `refused` each time it was handed in. Our own reports are in none.
 */
export const volumeCounts = [
	'accepted',
	'charged',
	'waited',
	'held',
	'refused',
	'delivered',
	'deferred',
	'bounced',
	'expired',
	'discarded',
] as const;
export type VolumeCount = (typeof volumeCounts)[number];

const volumeRowSchema = z.object({
	at: timeSchema.describe('Begin of the step.'),
	...(Object.fromEntries(volumeCounts.map((name) => [name, z.number().int()])) as Record<VolumeCount, z.ZodInt>),
});
export type VolumeRowDto = z.output<typeof volumeRowSchema>;

export const volumeSpans = ['hour', 'day', 'week', 'month'] as const;
export type VolumeSpan = (typeof volumeSpans)[number];

export const volumeSchema = z.object({
	from: timeSchema,
	to: timeSchema,
	stepSeconds: z
		.number()
		.int()
		.describe(
			'hour: 300 · day: 3600 · week: 14,400 (4 h) · month: 86,400. Those of week and month follow the server’s zone: an hour more or less where the clocks change.',
		),
	items: z
		.array(volumeRowSchema)
		.describe('Every step of the span, oldest first, also those without mail. The last one is under way.'),
	total: volumeRowSchema.omit({ at: true }),
	before: volumeRowSchema
		.omit({ at: true })
		.optional()
		.describe('As many steps just before, all of them over; absent where the counts do not reach back so far.'),
	since: timeSchema.describe('From when on there are counts.'),
});
export type VolumeDto = z.output<typeof volumeSchema>;

export const providerSchema = z.object({
	provider: z
		.string()
		.describe('Who runs the receiving servers, by the name of the MX host: Google, Microsoft, GMX, or its domain.'),
	tried: z
		.number()
		.int()
		.describe(
			'Recipients of attempts at its servers, also where these could not be reached: all that follow together.',
		),
	delivered: z.number().int(),
	deferred: z.number().int(),
	bounced: z.number().int(),
	causes: z
		.array(z.object({ cause: z.string(), recipients: z.number().int() }))
		.describe('Of what was not taken: destination-down is ours to say, the others are what it answered.'),
	reply: z.string().optional().describe('The latest refusal, in the words of that server.'),
});
export type ProviderDto = z.output<typeof providerSchema>;

export const groupSchema = z.object({
	id: z.string(),
	accounts: z.number().int(),
	suspended: z.number().int(),
	hourRecipients: z.number().int().describe('Used in the last 60 minutes by all of its accounts.'),
	dayRecipients: z.number().int(),
	waiting: z.number().int(),
	held: z.number().int(),
	limits: limitsViewSchema.optional().describe('What is set for it, as far as the actor may see it.'),
});
export type GroupDto = z.output<typeof groupSchema>;

/** Open mail of one account that stands for the same reason. */
export const openGroupSchema = z.object({
	state: z.enum(['held', 'waiting']),
	account: z.string(),
	identity: z.string().optional().describe('When all of it is of one sender.'),
	rule: z.string().describe('Of the reason: hold.account, hold.act, account.suspended, limit.hour.recipients …'),
	text: z.string().describe('The reason, one sentence.'),
	by: z.string().optional().describe('Who held it; absent: a rule.'),
	hold: z.string().optional().describe('Id of the standing hold behind it.'),
	messages: z.number().int(),
	recipients: z.number().int(),
	since: timeSchema.describe('Of the oldest.'),
	until: timeSchema.describe(
		'Held: when the first of it expires. Waiting: when the last will have left, as it looks now.',
	),
	ownerMayRelease: z.boolean(),
	ownerMayDiscard: z.boolean(),
	first: z
		.array(z.object({ id: messageIdSchema, sender: z.string(), recipient: z.string(), subject: z.string() }))
		.describe('Up to three messages, oldest first.'),
});
export type OpenGroupDto = z.output<typeof openGroupSchema>;

const spanQuery = z.enum(volumeSpans).default('day');

export const viewOperations = {
	self: define({
		method: 'get',
		path: '/v1/self',
		summary: 'What this agent offers, and what this actor may do.',
		roles: everyone,
		params: none,
		query: none,
		body: empty,
		response: selfSchema,
	}),
	volume: define({
		method: 'get',
		path: '/v1/volume',
		summary: 'How much mail went which way, in steps of time. Of one account, or of all that the actor sees.',
		roles: everyone,
		params: none,
		query: z.strictObject({ span: spanQuery, account: z.string().max(140).optional() }),
		body: empty,
		response: volumeSchema,
	}),
	providers: define({
		method: 'get',
		path: '/v1/providers',
		summary: 'How receiving providers took our mail, most tried first.',
		roles: admin,
		params: none,
		query: z.strictObject({ span: spanQuery, limit: z.coerce.number().int().min(1).max(100).default(12) }),
		body: empty,
		response: z.object({ from: timeSchema, to: timeSchema, items: z.array(providerSchema), others: providerSchema }),
	}),
	listGroups: define({
		method: 'get',
		path: '/v1/groups/{kind}',
		summary: 'Plans or resellers with what their accounts have used. A reseller sees its own accounts in them.',
		roles: sellers,
		params: z.strictObject({ kind: z.enum(['plans', 'resellers']) }),
		query: none,
		body: empty,
		response: z.object({ items: z.array(groupSchema), ungrouped: z.number().int().describe('Accounts in none.') }),
	}),
	listOpen: define({
		method: 'get',
		path: '/v1/open',
		summary: 'What is held or waits, grouped by account and reason: most messages first.',
		roles: everyone,
		params: none,
		query: z.strictObject({
			state: z.enum(['held', 'waiting']),
			account: z.string().max(140).optional(),
			limit: pageQuery.limit,
		}),
		body: empty,
		response: z.object({
			items: z.array(openGroupSchema),
			total: z.number().int().describe('Groups before the limit.'),
			messages: z.number().int(),
			recipients: z.number().int(),
		}),
	}),
} as const;
