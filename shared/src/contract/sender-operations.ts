/**
 * Operations about what speaks with the agent from outside: credentials for submission, webhooks.
 */
import { z } from 'zod';
import { eventNames } from '../words/events.ts';
import { admin, define, empty, everyone, none } from './operation.ts';
import { timeSchema } from './shapes.ts';

export const credentialSchema = z.object({
	id: z.string().describe('Also the user name for AUTH.'),
	account: z.string(),
	name: z.string().describe('For people.'),
	senderDomains: z.array(z.string()).describe('Domains it may send as; empty: those of its account.'),
	created: timeSchema,
	author: z.string(),
	lastUsed: timeSchema.optional(),
});
export type CredentialDto = z.output<typeof credentialSchema>;

export const webhookSchema = z.object({
	id: z.string(),
	url: z.string(),
	events: z.array(z.enum(eventNames as [string, ...string[]])),
	created: timeSchema,
	author: z.string(),
	state: z.enum(['active', 'failing']),
	lastDelivery: timeSchema.optional(),
	lastFailure: z.string().optional(),
	pending: z.number().int(),
	dropped: z.number().int().describe('Events given up since the start.'),
});
export type WebhookDto = z.output<typeof webhookSchema>;

const idParams = z.strictObject({ id: z.string().min(1).max(64) });

export const senderOperations = {
	listCredentials: define({
		method: 'get',
		path: '/v1/credentials',
		summary: 'Credentials for submission. Passwords are not among them: nobody has them.',
		roles: everyone,
		params: none,
		query: z.strictObject({ account: z.string().max(140).optional() }),
		body: empty,
		response: z.object({ items: z.array(credentialSchema) }),
	}),
	createCredential: define({
		method: 'post',
		path: '/v1/credentials',
		summary: 'Makes a credential. The password is in this answer and never shown again.',
		roles: everyone,
		params: none,
		query: none,
		body: z.strictObject({
			account: z.string().min(1).max(140),
			name: z.string().min(1).max(100),
			senderDomains: z.array(z.string().min(1).max(253).toLowerCase()).max(100).default([]),
		}),
		response: z.object({ credential: credentialSchema, password: z.string() }),
	}),
	revokeCredential: define({
		method: 'delete',
		path: '/v1/credentials/{id}',
		summary: 'Revokes a credential: it cannot log in any more, and what is logged in is refused at its next command.',
		roles: everyone,
		params: idParams,
		query: none,
		body: empty,
		response: credentialSchema,
	}),
	listWebhooks: define({
		method: 'get',
		path: '/v1/webhooks',
		summary: 'Webhooks: where events are posted to.',
		roles: admin,
		params: none,
		query: none,
		body: empty,
		response: z.object({ items: z.array(webhookSchema) }),
	}),
	createWebhook: define({
		method: 'post',
		path: '/v1/webhooks',
		summary: 'Posts events to an https URL, signed. Never to loopback or private addresses. The secret is shown once.',
		roles: admin,
		params: none,
		query: none,
		body: z.strictObject({
			url: z.url({ protocol: /^https?$/ }).max(2000),
			events: z
				.array(z.enum(eventNames as [string, ...string[]]))
				.min(1)
				.max(eventNames.length),
		}),
		response: z.object({ webhook: webhookSchema, secret: z.string() }),
	}),
	deleteWebhook: define({
		method: 'delete',
		path: '/v1/webhooks/{id}',
		summary: 'Ends a webhook; what it has not taken yet is dropped.',
		roles: admin,
		params: idParams,
		query: none,
		body: empty,
		response: webhookSchema,
	}),
	testWebhook: define({
		method: 'post',
		path: '/v1/webhooks/{id}/test',
		summary: 'Posts one event now and says what came back.',
		roles: admin,
		params: idParams,
		query: none,
		body: z.strictObject({}),
		response: z.object({ ok: z.boolean(), status: z.number().int().optional(), text: z.string() }),
	}),
} as const;
