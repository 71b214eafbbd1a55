/**
 * Made-up answers of an agent: a morning with a held script, a slow destination and a stranger's subject.
 */

import type {
	auditEntrySchema,
	HealthDto,
	holdSchema,
	laneSchema,
	MessageSummaryDto,
	QueueRowDto,
	TraceDto,
} from '@sluice/shared/contract/shapes.ts';
import { type VolumeDto, volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import type { z } from 'zod';

export const nowMs = Date.parse('2026-11-24T07:30:00Z');
const at = (clock: string, day = '2026-11-24'): string => `${day}T${clock}Z`;

export const health: HealthDto = {
	alive: true,
	ready: true,
	delivering: true,
	version: '0.1.0',
	started: at('05:00:00.000'),
	problems: [],
	queue: { messages: 1204, recipients: 1310, queued: 1290, waiting: 12, held: 7, sending: 1 },
	spool: { segments: 3, bytes: 181_000_000, freeBytes: 41_300_000_000, projectionLagBytes: 0 },
	connections: { in: 2, out: 5 },
};

export const messages: readonly MessageSummaryDto[] = [
	{
		id: '1kf3wz9m40000',
		accepted: at('07:20:11.250'),
		account: 'alice',
		identity: 'mailbox:alice@site1.test',
		class: 'mailbox',
		sender: 'alice@site1.test',
		subject: 'Invoice 2026-118 for the workshop in Lübeck, with the corrected hours',
		bytes: 48_213,
		recipientCount: 2,
		recipients: [
			{
				address: 'bob@slow.test',
				state: 'queued',
				attempts: 2,
				at: at('07:25:12.000'),
				due: at('07:35:12.000'),
				reply: '451 4.7.1 Greylisted, try again later',
				cause: 'greylist',
			},
			{
				address: 'carol@fast.test',
				state: 'delivered',
				attempts: 1,
				at: at('07:20:12.000'),
				reply: '250 2.0.0 Ok: queued as 4XyZ',
			},
		],
	},
	{
		id: '1kf3wz0000abc',
		accepted: at('06:02:00.000'),
		account: 'shop',
		identity: 'unix:7001',
		class: 'script',
		sender: 'www@shop.test',
		subject: 'Hi\u001b]0;owned\u0007 \u202Ecod.exe 中文主题 🎉',
		bytes: 912,
		recipientCount: 1,
		recipients: [
			{ address: 'someone.with.a.long.name@far-away.example', state: 'held', attempts: 0, at: at('06:02:00.000') },
		],
	},
	{
		id: '1kf3wy0000000',
		accepted: at('23:59:59.000', '2026-11-22'),
		account: '',
		identity: '',
		class: 'dsn',
		sender: '',
		subject: '',
		bytes: 3_204,
		recipientCount: 1,
		recipients: [{ address: 'alice@site1.test', state: 'bounced', attempts: 1, at: at('00:00:00.000', '2026-11-23') }],
	},
];

export const trace: TraceDto = {
	message: messages[0] as MessageSummaryDto,
	from: {
		account: 'alice',
		identity: 'mailbox:alice@site1.test',
		class: 'mailbox',
		certainty: 'proved',
		evidence: 'exim header, auth=alice@site1.test',
		client: '203.0.113.4',
		mtaQueueId: '1vNabc-000000012Qd-3Xyz',
	},
	verdict: {
		action: 'hold',
		reasons: [
			{
				rule: 'hold.account',
				text: 'The account is held by admin root: unusual volume.',
				value: 812,
				threshold: 200,
				windowSeconds: 3600,
				evidence: '794 recipients never written to before',
			},
		],
	},
	steps: [
		{
			at: at('07:20:11.250'),
			event: 'message.held',
			text: 'Accepted and held (48,213 bytes for 2 recipients): The account is held by admin root: unusual volume.',
		},
		{
			at: at('07:20:12.000'),
			recipient: 'carol@fast.test',
			event: 'message.released',
			text: 'Released by admin root: looked at it.',
			actor: 'admin root',
		},
		{
			at: at('07:20:12.000'),
			recipient: 'carol@fast.test',
			event: 'recipient.delivered',
			text: 'Taken by mx.fast.test [203.0.113.9] over TLSv1.3.',
			reply: '250 2.0.0 Ok: queued as 4XyZ',
			host: 'mx.fast.test [203.0.113.9]',
		},
		{
			at: at('07:25:12.000'),
			recipient: 'bob@slow.test',
			event: 'recipient.deferred',
			text: 'Not taken yet by mx1.slow.test [203.0.113.7] (attempt 2). Tried again in 10 min.',
			reply: '451 4.7.1 Greylisted, try again later',
			host: 'mx1.slow.test [203.0.113.7]',
			cause: 'greylist',
		},
	],
	reports: ['1kf3wzb000000'],
};

export const queueRows: readonly QueueRowDto[] = [
	{ key: 'slow.test', recipients: 1204, queued: 1200, waiting: 3, held: 0, sending: 1 },
	{ key: 'far-away.example', recipients: 7, queued: 0, waiting: 0, held: 7, sending: 0 },
	{ key: 'fast.test', recipients: 99, queued: 90, waiting: 9, held: 0, sending: 0 },
];

export const lanes: readonly z.output<typeof laneSchema>[] = [
	{
		destination: 'slow.test',
		source: '127.0.0.1 host.example.net',
		state: 'closed',
		window: 1,
		busy: 0,
		queued: 1200,
		reopens: at('07:42:00.000'),
		lastFailure: 'mx.slow.test [192.0.2.7]: 421 4.7.0 Too many connections from your address, try again later',
		lastFailureAt: at('07:24:00.000'),
	},
	{ destination: 'fast.test', source: '127.0.0.1 host.example.net', state: 'open', window: 12, busy: 5, queued: 90 },
	{ destination: 'odd.test', source: '127.0.0.1 host.example.net', state: 'probing', window: 1, busy: 1, queued: 2 },
];

export const holds: readonly z.output<typeof holdSchema>[] = [
	{
		id: 'h7k2',
		selector: { kind: 'account', id: 'shop' },
		reason: 'hijacked form, ticket 4711',
		author: 'admin root',
		since: at('06:00:00.000'),
		until: at('06:00:00.000', '2026-11-25'),
		ownerMayRelease: false,
	},
];

export const auditEntries: readonly z.output<typeof auditEntrySchema>[] = [
	{
		id: 12,
		at: at('06:00:00.000'),
		actor: 'admin root',
		act: 'hold.set',
		subject: 'account shop',
		detail: 'hijacked form, ticket 4711 (7 recipients)',
	},
	{
		id: 11,
		at: at('22:10:00.000', '2026-11-23'),
		actor: 'admin root as kim',
		act: 'queue.requeue',
		subject: 'destination slow.test',
		detail: 'they said it is fixed (1200 recipients)',
	},
];

const counts = (some: Partial<VolumeDto['total']> = {}): VolumeDto['total'] => ({
	...(Object.fromEntries(volumeCounts.map((name) => [name, 0])) as VolumeDto['total']),
	...some,
});

/** A morning in which a script was refused, after a quiet night. */
export const volume: VolumeDto = {
	from: at('08:00:00.000', '2026-11-23'),
	to: at('08:00:00.000'),
	stepSeconds: 3600,
	items: [
		{ at: at('04:00:00.000'), ...counts() },
		{ at: at('05:00:00.000'), ...counts({ accepted: 412, charged: 412, delivered: 400, deferred: 31, bounced: 4 }) },
		{ at: at('06:00:00.000'), ...counts({ accepted: 1802, charged: 1790, delivered: 1768, waited: 12, bounced: 9 }) },
		{ at: at('07:00:00.000'), ...counts({ accepted: 90, charged: 83, delivered: 80, held: 7, refused: 1450 }) },
	],
	total: counts({
		accepted: 2304,
		charged: 2285,
		delivered: 2248,
		deferred: 31,
		bounced: 13,
		waited: 12,
		held: 7,
		refused: 1450,
	}),
	before: counts({ accepted: 2101, charged: 2101, delivered: 2077, deferred: 12, bounced: 20 }),
	since: at('06:00:00.000', '2026-11-23'),
};
