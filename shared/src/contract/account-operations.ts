/**
 * Operations about accounts: what a panel tells of them, and what there is to see.
 */
import { z } from 'zod';
import { accountIdShape, accountStates } from '../words/account.ts';
import { limitModes } from '../words/limits.ts';
import { ruleSchema, usageSchema } from './limit-shapes.ts';
import { admin, define, empty, everyone, none } from './operation.ts';
import { listOf, pageQuery, timeSchema } from './shapes.ts';

const idSchema = z.string().regex(accountIdShape, 'an account id: letters, digits and . _ @ : + -, at most 128');
const nameSchema = z.string().min(1).max(256);
const groupSchema = z.string().min(1).max(128);
const domainSchema = z.string().min(1).max(253).toLowerCase();
const mailboxSchema = z.string().min(1).max(320).toLowerCase();
const maySendAsSchema = z
	.string()
	.max(320)
	.regex(/^(?:[^\s@]+@)?[^\s@.]+(?:\.[^\s@.]+)+$/, 'a domain or an address, such as partner.test')
	.toLowerCase();

/** One account as a panel tells it. */
export const panelAccountSchema = z.strictObject({
	id: idSchema,
	panel: z.string().min(1).max(32),
	name: nameSchema,
	reseller: groupSchema.nullish(),
	customer: groupSchema.nullish(),
	plan: groupSchema.nullish(),
	unixUsers: z
		.array(z.strictObject({ name: z.string().min(1).max(64), uid: z.number().int().min(0).max(4_294_967_294) }))
		.max(1000)
		.default([]),
	domains: z.array(domainSchema).max(10_000).default([]),
	mailboxes: z.array(mailboxSchema).max(100_000).default([]),
	state: z.enum(['active', 'suspended']).default('active'),
	since: timeSchema.describe('When the account was made.'),
	panelHourMessages: z
		.number()
		.int()
		.min(0)
		.nullish()
		.describe("The panel's own limit: messages an hour of each domain. Beyond it the panel discards mail before us."),
	panelFailPercent: z
		.number()
		.int()
		.min(0)
		.max(100)
		.nullish()
		.describe(
			"The panel's own cut-off: share of failed and deferred mail an hour beyond which it discards mail before us.",
		),
	contact: z.string().min(3).max(320).nullish().describe('Whom notices about the account go to.'),
});
export type PanelAccountDto = z.output<typeof panelAccountSchema>;

/** The limit that is nearest to its end. Minutes that only watch are left out: every newsletter fills them. */
const nearestSchema = z.object({
	rule: ruleSchema,
	used: z.number().int().describe('By the account itself.'),
	value: z.number().int(),
	mode: z.enum(limitModes).describe('monitor: it would keep mail, and does not.'),
	isNear: z.boolean().describe('So much is used that somebody is warned of it (limits.warnPercent).'),
});
export type NearestDto = z.output<typeof nearestSchema>;

export const accountSchema = panelAccountSchema.extend({
	key: z.string().describe('Our own name of it; another one when the id was given anew.'),
	state: z.enum(accountStates),
	stateSince: timeSchema.optional(),
	isKnown: z.boolean().describe('false: mail came from it, and no panel has named it.'),
	maySendAs: z.array(z.string()).describe('Domains and addresses of others that it may send as.'),
	usage: z.array(usageSchema),
	nearest: nearestSchema
		.optional()
		.describe('The limit that is nearest to its end: enforced, or of an hour or a day that is only watched.'),
	waiting: z.number().int().describe('Recipients that wait.'),
	held: z.number().int().describe('Recipients that are held.'),
});
export type AccountDto = z.output<typeof accountSchema>;

const revisionSchema = z
	.number()
	.int()
	.min(0)
	.max(Number.MAX_SAFE_INTEGER)
	.describe('Grows with every list; a smaller one than the last is refused (409 stale-revision).');

const accountParams = z.strictObject({ id: z.string().min(1).max(140) });

/** 10,000 accounts of a kilobyte each, and room. */
const listBytesMax = 64 * 1024 * 1024;
const accountsPerListMax = 50_000;

export const accountOperations = {
	putAccounts: define({
		method: 'put',
		path: '/v1/accounts',
		summary: 'The accounts of a panel. complete: those that are not in it are gone.',
		roles: admin,
		params: none,
		query: none,
		body: z.strictObject({
			revision: revisionSchema,
			complete: z.boolean(),
			items: z.array(panelAccountSchema).max(accountsPerListMax),
		}),
		response: z.object({
			revision: revisionSchema,
			added: z.number().int(),
			changed: z.number().int(),
			gone: z.number().int(),
			unchanged: z.number().int(),
			isBelieved: z
				.boolean()
				.describe('false: the list shrank too much; nothing was taken away. The same list once more is believed.'),
		}),
		bodyBytesMax: listBytesMax,
		bulk: { item: panelAccountSchema, itemsMax: accountsPerListMax },
	}),
	listAccounts: define({
		method: 'get',
		path: '/v1/accounts',
		summary: 'Accounts with what they have used, largest use first.',
		roles: everyone,
		params: none,
		query: z.strictObject({
			search: z.string().max(200).optional().describe('Part of id, name or a domain.'),
			state: z.enum(accountStates).optional(),
			reseller: groupSchema.optional(),
			plan: groupSchema.optional(),
			near: z.stringbool().optional().describe('true: only those that have used most of a limit (`nearest.isNear`).'),
			waiting: z.stringbool().optional().describe('true: only those of which something waits.'),
			ownLimits: z.stringbool().optional().describe('true: only those for which numbers are set by name.'),
			sort: z.enum(['usage', 'name', 'waiting']).default('usage'),
			...pageQuery,
		}),
		body: empty,
		response: listOf(accountSchema).extend({
			total: z.number().int(),
			near: z
				.object({
					percent: z.number().int().describe('From which share on a limit is near.'),
					enforced: z.number().int().describe('Of the total: near a limit that keeps mail.'),
					watched: z.number().int().describe('Of the total: near one that only watches.'),
				})
				.optional()
				.describe('Only with near=true.'),
		}),
	}),
	getAccount: define({
		method: 'get',
		path: '/v1/accounts/{id}',
		summary: 'One account.',
		roles: everyone,
		params: accountParams,
		query: none,
		body: empty,
		response: accountSchema,
	}),
	putAccount: define({
		method: 'put',
		path: '/v1/accounts/{id}',
		summary: 'One account was made or changed. Suspended: its queued and new mail is held.',
		roles: admin,
		params: accountParams,
		query: none,
		body: panelAccountSchema.omit({ id: true }).extend({ revision: revisionSchema }),
		response: accountSchema,
	}),
	deleteAccount: define({
		method: 'delete',
		path: '/v1/accounts/{id}',
		summary: 'The account was removed in the panel: its queued mail goes on for a while, its held mail is discarded.',
		roles: admin,
		params: accountParams,
		query: z.strictObject({ revision: z.coerce.number().pipe(revisionSchema) }),
		body: empty,
		response: accountSchema,
	}),
	renameAccount: define({
		method: 'post',
		path: '/v1/accounts/{id}/rename',
		summary: 'The panel gave the account another id. Usage, limits and history stay with it.',
		roles: admin,
		params: accountParams,
		query: none,
		body: z.strictObject({ id: idSchema, revision: revisionSchema }),
		response: accountSchema,
	}),
	forgetAccount: define({
		method: 'post',
		path: '/v1/accounts/{id}/forget',
		summary: 'Forget a gone or unknown account: its limits, credentials and exceptions. History stays until it is old.',
		roles: admin,
		params: accountParams,
		query: none,
		body: z.strictObject({ reason: z.string().min(1).max(500) }),
		response: z.object({ forgotten: z.number().int().describe('Things that were forgotten.') }),
	}),
	putMaySendAs: define({
		method: 'put',
		path: '/v1/accounts/{id}/may-send-as',
		summary: 'Exceptions from domain ownership: domains and addresses of others that the account may send as.',
		roles: admin,
		params: accountParams,
		query: none,
		body: z.strictObject({ items: z.array(maySendAsSchema).max(1000) }),
		response: accountSchema,
	}),
} as const;
