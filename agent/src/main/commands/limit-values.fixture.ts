/**
 * Made-up answers about accounts and limits: the same morning as in values.fixture.ts, with one account over its limit, one whose
 * script was found out, one that no panel has named.
 */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import type { LimitsView, UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { CredentialDto, WebhookDto } from '@sluice/shared/contract/sender-operations.ts';

const at = (clock: string, day = '2026-11-24'): string => `${day}T${clock}Z`;

const usage = (hour: number, day: number, waiting: number): UsageDto[] => [
	{
		rule: 'hour.recipients',
		window: 'hour',
		unit: 'recipients',
		used: hour,
		waiting,
		limit: 200,
		left: Math.max(0, 200 - hour),
		...(hour >= 200 ? { resetsAt: at('07:42:10.000') } : {}),
	},
	{
		rule: 'day.recipients',
		window: 'day',
		unit: 'recipients',
		used: day,
		waiting,
		limit: 1000,
		left: Math.max(0, 1000 - day),
	},
	{ rule: 'minute.messages', window: 'minute', unit: 'messages', used: 3, waiting: 0 },
];

const nearest = (used: number, mode: 'enforce' | 'monitor' = 'enforce'): NonNullable<AccountDto['nearest']> => ({
	rule: 'hour.recipients',
	used,
	value: 200,
	mode,
	isNear: used >= 160,
});

const account = (id: string, more: Partial<AccountDto>): AccountDto => ({
	id,
	key: id,
	panel: 'cpanel',
	name: id,
	unixUsers: [],
	domains: [`${id}.test`],
	mailboxes: [],
	state: 'active',
	since: at('09:00:00.000', '2026-03-02'),
	isKnown: true,
	maySendAs: [],
	usage: usage(0, 0, 0),
	nearest: nearest(0),
	waiting: 0,
	held: 0,
	...more,
});

export const accounts: readonly AccountDto[] = [
	account('acme', {
		name: 'Acme Tools Ltd',
		reseller: 'bob',
		customer: 'acme-owner',
		plan: 'Basic',
		unixUsers: [{ name: 'acme', uid: 7001 }],
		domains: ['acme.test', 'acme-shop.test', 'tools.test'],
		mailboxes: ['info@acme.test', 'sales@acme.test'],
		maySendAs: ['partner.test'],
		contact: 'owner@acme.test',
		panelHourMessages: 150,
		panelFailPercent: 60,
		usage: usage(200, 612, 84),
		nearest: nearest(200),
		waiting: 84,
		held: 2,
	}),
	account('shop', {
		state: 'suspended',
		stateSince: at('06:00:00.000'),
		plan: 'Business with a long name',
		usage: usage(171, 400, 0),
		nearest: nearest(171, 'monitor'),
		held: 1200,
	}),
	account('uid:7044', { isKnown: false, domains: [], panel: 'none', usage: usage(12, 12, 0), nearest: nearest(12) }),
];

const plan = { level: 'plan', id: 'Basic', name: 'plan Basic' } as const;
const each = { level: 'server', id: 'each-account', name: 'default for each account' } as const;

export const accountLimits: LimitsView = {
	level: 'account',
	id: 'acme',
	base: {
		mode: 'enforce',
		hour: { recipients: 400 },
		modes: { 'day.recipients': 'monitor' },
		note: 'ticket 4711',
		author: 'admin root',
		set: at('05:00:00.000', '2026-11-20'),
	},
	exception: {
		mode: 'enforce',
		day: { recipients: 1000 },
		until: at('00:00:00.000', '2026-12-01'),
		author: 'admin root as alice',
		set: at('05:00:00.000', '2026-11-23'),
	},
	effective: [
		{
			rule: 'hour.recipients',
			window: 'hour',
			unit: 'recipients',
			value: 200,
			mode: 'enforce',
			origin: { level: 'account', id: 'acme', name: 'account Acme Tools Ltd' },
			cappedBy: { level: 'reseller', id: 'bob', name: 'reseller bob' },
			text: '200 recipients an hour from account Acme Tools Ltd, capped by reseller bob',
			panelOwn: { hourMessages: 150, failPercent: 60, over: 'discards', comesFirst: false },
		},
		{
			rule: 'day.recipients',
			window: 'day',
			unit: 'recipients',
			value: 1000,
			mode: 'enforce',
			origin: { level: 'account', id: 'acme', name: 'exception for account Acme Tools Ltd' },
			until: at('00:00:00.000', '2026-12-01'),
			text: '1,000 recipients a day from exception for account Acme Tools Ltd',
		},
		{
			rule: 'hour.messages',
			window: 'hour',
			unit: 'messages',
			value: 100,
			mode: 'monitor',
			origin: plan,
			text: '100 messages an hour from plan Basic',
		},
		{
			rule: 'message.recipients',
			unit: 'recipients',
			value: 50,
			mode: 'monitor',
			origin: each,
			text: '50 recipients a message from default for each account',
		},
	],
	wouldHave: [
		{
			rule: 'message.recipients',
			messages: 3,
			recipients: 1810,
			scopes: 1,
			since: at('05:00:00.000', '2026-11-20'),
			last: at('07:10:00.000'),
		},
	],
};

export const limitsList: readonly LimitsView[] = [
	{
		level: 'server',
		id: 'each-account',
		effective: [
			{
				rule: 'hour.recipients',
				window: 'hour',
				unit: 'recipients',
				value: 200,
				mode: 'monitor',
				origin: each,
				text: '200 recipients an hour from default for each account',
			},
		],
		wouldHave: [
			{
				rule: 'hour.recipients',
				messages: 214,
				recipients: 3120,
				scopes: 9,
				since: at('05:00:00.000', '2026-11-17'),
				last: at('07:29:00.000'),
			},
		],
	},
	{
		level: 'reseller',
		id: 'bob',
		base: {
			mode: 'enforce',
			hour: { recipients: 200 },
			over: 'defer',
			split: false,
			author: 'admin root',
			set: at('05:00:00.000', '2026-11-20'),
		},
		effective: [],
		wouldHave: [],
	},
	accountLimits,
	{
		level: 'server',
		id: 'each-mailbox',
		base: {
			mode: 'enforce',
			modes: { 'hour.recipients': 'enforce', 'day.recipients': 'monitor' },
			author: 'admin root',
			set: at('05:00:00.000', '2026-11-20'),
		},
		effective: [],
		wouldHave: [],
	},
];

export const accountUsage: OperationOutput<'getUsage'> = {
	items: usage(200, 612, 84),
	waitsUntil: at('08:20:00.000'),
	counting:
		'A recipient is counted once, when it may leave, and a message once, with its first recipient; waiting, held and refused mail is not counted.',
};

export const simulation: SimulationDto = {
	id: 's1',
	state: 'done',
	progress: 1,
	result: {
		from: at('07:30:00.000', '2026-11-17'),
		to: at('07:30:00.000'),
		messages: 48_113,
		recipients: 120_480,
		heldMessages: 214,
		heldRecipients: 3120,
		longestWaitSeconds: 17_280,
		stillWaiting: 12,
		accounts: 9,
		refusedAccounts: 3,
		text: 'would have held 214 messages of 9 accounts, 3 of which receivers refused mail of',
		items: [
			{
				account: 'acme',
				scope: 'account:acme',
				rule: 'hour.recipients',
				messages: 120,
				recipients: 2400,
				longestWaitSeconds: 17_280,
				refusedByReceivers: 31,
			},
			{
				account: 'shop',
				scope: 'script:shop:/home/shop/public_html/wp-content/plugins/form',
				rule: 'hour.recipients',
				messages: 94,
				recipients: 720,
				longestWaitSeconds: 600,
				refusedByReceivers: 0,
			},
		],
	},
};

export const credentials: readonly CredentialDto[] = [
	{
		id: 'c7h2k9',
		account: 'acme',
		name: 'Shop on the other server',
		senderDomains: ['acme-shop.test'],
		created: at('05:00:00.000', '2026-11-20'),
		author: 'admin root',
		lastUsed: at('07:25:00.000'),
	},
	{
		id: 'c81m3x',
		account: 'shop',
		name: 'Newsletter',
		senderDomains: [],
		created: at('05:00:00.000', '2026-11-21'),
		author: 'customer shop-owner',
	},
];

export const webhooks: readonly WebhookDto[] = [
	{
		id: 'w3',
		url: 'https://ops.example.net/hooks/mail',
		events: ['limit.reached', 'limit.episode'],
		created: at('05:00:00.000', '2026-11-20'),
		author: 'admin root',
		state: 'failing',
		lastDelivery: at('06:30:00.000'),
		lastFailure: 'HTTP 502 Bad Gateway',
		pending: 14,
		dropped: 2,
	},
];

export const change: OperationOutput<'changeLimits'> = {
	accounts: 4812,
	changed: 4810,
	capped: 3,
	over: 2,
	kept: 1,
	items: [
		{
			account: 'acme',
			from: '50 recipients an hour from plan Basic',
			to: '120 recipients an hour from account Acme Tools Ltd, capped by reseller bob',
			used: 200,
		},
		{ account: 'calm', from: '', to: '200 recipients an hour from account calm', used: 3 },
	],
};
export const changeDone = { id: '7d3c', undoUntil: at('08:00:00.000', '2026-12-01') };
