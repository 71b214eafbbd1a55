/**
 * Operations about probe messages: mail that proves the way to the agent and never leaves the machine.
 */
import { z } from 'zod';
import { senderClasses } from '../words/attribution.ts';
import { probeDomainShape, probeParent, probeSecondsMax, watchProbeDomain } from '../words/probe.ts';
import { admin, define, empty, none } from './operation.ts';
import { messageIdSchema, timeSchema } from './shapes.ts';

const probeParams = z.strictObject({
	domain: z.string().regex(probeDomainShape, `one label before .${probeParent}`),
});

const probeMessageSchema = z.object({
	message: messageIdSchema,
	at: timeSchema,
	sender: z.string().describe('Reverse-path.'),
	recipients: z.array(z.string()),
	subject: z.string().optional(),
	account: z.string(),
	identity: z.string().describe('`kind:id`; empty: nothing proves who sent it.'),
	class: z.enum(senderClasses),
	certainty: z.enum(['proved', 'derived', 'none']),
	evidence: z.string().describe('The fact that decided who sent it.'),
	directory: z.string().optional(),
	alarms: z.array(z.string()).describe('Odd things about who it says it is from.'),
	peer: z.string().describe('Address from which the MTA connected.'),
	helo: z.string().describe('Name with which the MTA greeted.'),
	cuts: z.number().int().describe('Wiring headers that were taken out.'),
	state: z.enum(['queued', 'delivered', 'discarded']),
	text: z.string().describe('What the sink answered, or why it was dropped; empty while it is queued.'),
});
export type ProbeMessageDto = z.output<typeof probeMessageSchema>;

export const probeSchema = z.object({
	domain: z.string(),
	sink: z.number().int().optional().describe('Port on the loopback; absent: mail is dropped once it is stored.'),
	until: timeSchema.describe('It ends by itself then.'),
	messages: z.array(probeMessageSchema).describe('What came for it, in order.'),
});
export type ProbeDto = z.output<typeof probeSchema>;

export const probeOperations = {
	listProbes: define({
		method: 'get',
		path: '/v1/probes',
		summary: `Probe domains and the mail that came for them. ${watchProbeDomain} is always known and not listed.`,
		roles: admin,
		params: none,
		query: none,
		body: empty,
		response: z.object({ items: z.array(probeSchema) }),
	}),
	putProbe: define({
		method: 'put',
		path: '/v1/probes/{domain}',
		summary:
			'Take mail for a made-up domain as probe messages: attributed and stored as any mail, then handed to a sink on this machine or dropped. Never metered, limited, held, counted or reported.',
		roles: admin,
		params: probeParams,
		query: none,
		body: z.strictObject({
			sink: z
				.number()
				.int()
				.min(1)
				.max(65_535)
				.optional()
				.describe('Port on 127.0.0.1 (on ::1 for mail that an MTA sends by IPv6); absent: drop it.'),
			seconds: z.number().int().min(1).max(probeSecondsMax).default(120),
		}),
		response: probeSchema,
	}),
	deleteProbe: define({
		method: 'delete',
		path: '/v1/probes/{domain}',
		summary: 'Forget a probe domain; mail for it goes the way of all mail again. Answers what had come.',
		roles: admin,
		params: probeParams,
		query: none,
		body: empty,
		response: probeSchema,
	}),
} as const;
