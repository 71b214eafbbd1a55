/**
 * Made-up accounts for the tests of the pages: a handful that look like a hosting server's, or thousands.
 */
import type { AccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { LimitsDto, LimitsInput, UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import type { World } from './agent-world.ts';

/** Tue 24 Nov 2026, 09:42:10 in Berlin. */
export const nowMs = Date.parse('2026-11-24T08:42:10Z');

const ago = (ms: number): string => new Date(nowMs - ms).toISOString();
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const usage = (hour: number, day: number, waiting = 0): UsageDto[] => [
	{ rule: 'hour.recipients', window: 'hour', unit: 'recipients', used: hour, waiting },
	{ rule: 'day.recipients', window: 'day', unit: 'recipients', used: day, waiting: 0 },
];

type Told = Partial<AccountDto> & { readonly hour: number; readonly day: number };

function account(id: string, domain: string, { hour, day, ...more }: Told): AccountDto {
	return {
		id,
		key: id,
		panel: 'none',
		name: id,
		unixUsers: [],
		domains: [domain],
		mailboxes: [`info@${domain}`],
		state: 'active',
		since: ago(400 * dayMs),
		isKnown: true,
		maySendAs: [],
		usage: usage(hour, day, more.waiting ?? 0),
		waiting: 0,
		held: 0,
		...more,
	};
}

const accounts: readonly AccountDto[] = [
	account('shopmoda', 'moda-luise.example', {
		hour: 400,
		day: 1644,
		waiting: 228,
		plan: 'Shop',
		mailboxes: ['bestellung@moda-luise.example', 'luise@moda-luise.example'],
	}),
	account('kanzleim', 'kanzlei-meerbusch.example', { hour: 171, day: 733, plan: 'Business' }),
	account('rosenca', 'rosencafe-hamburg.example', { hour: 88, day: 205, plan: 'Basic', reseller: 'nordweb' }),
	account('autohaus', 'autohaus-brenner.example', { hour: 74, day: 611, plan: 'Business', panelHourMessages: 60 }),
	account('schulekl', 'grundschule-klee.example', { hour: 66, day: 402, plan: 'Business', reseller: 'bergdigital' }),
	account('teehandl', 'teehandel-sylt.example', { hour: 461, day: 940, plan: 'Basic' }),
	account('wpagentu', 'agentur-weitblick.example', { hour: 48, day: 366, plan: 'Business', reseller: 'bergdigital' }),
	account('hotelals', 'hotel-alsterblick.example', { hour: 43, day: 498, plan: 'Business' }),
	account('velofix', 'velofix-werkstatt.example', { hour: 4, day: 27, held: 189, plan: 'Basic', reseller: 'nordweb' }),
	account('spielwar', 'spielwaren-ott.example', {
		hour: 0,
		day: 0,
		state: 'suspended',
		stateSince: ago(5 * dayMs),
		plan: 'Shop',
	}),
	account('altkunde', 'alt.example', { hour: 0, day: 0, state: 'gone', stateSince: ago(2 * hourMs) }),
	account('uid:7001', '', { hour: 3, day: 9, isKnown: false, domains: [], mailboxes: [], name: 'uid:7001' }),
	// What a tenant may choose for a name must never be more than text.
	account('boese', '"><script>document.title="taken"</script>.example', {
		hour: 1,
		day: 1,
		name: '<img src=x onerror=alert(1)>',
		plan: 'Basic',
	}),
];

const set = (input: LimitsInput): { base: LimitsDto } => ({
	base: { ...input, author: 'admin root', set: ago(30 * dayMs) },
});

const message = (
	id: string,
	minutes: number,
	subject: string,
	to: string,
	state: MessageSummaryDto['recipients'][number]['state'],
	more: Partial<MessageSummaryDto['recipients'][number]> = {},
): MessageSummaryDto => ({
	id,
	accepted: ago(minutes * 60_000),
	account: 'shopmoda',
	identity: 'mailbox:bestellung@moda-luise.example',
	class: 'mailbox',
	sender: 'bestellung@moda-luise.example',
	subject,
	bytes: 2000,
	recipientCount: 1,
	recipients: [{ address: to, state, attempts: 1, at: ago(minutes * 60_000 - 2000), ...more }],
});

const messages: readonly MessageSummaryDto[] = [
	message('0000000000001', 0.2, 'Herbst-Sale: 30 % auf Strick', 'k.sommer@web.example', 'waiting'),
	message('0000000000002', 1, 'Ihre Bestellung 48213', 'j.albers@gmx.example', 'delivered', { reply: '250 2.0.0 OK' }),
	message('0000000000003', 4, '<b>AW: Standfläche Halle 4</b>', 'buchung@messe-textil.example', 'delivered'),
	message('0000000000004', 9, '', 'niemand@gone.example', 'bounced', {
		reply: '550 5.1.1 <script>alert(1)</script> no such user',
	}),
];

const wouldHave = (messagesMet: number, recipients: number, scopes: number) => ({
	rule: 'hour.recipients' as const,
	messages: messagesMet,
	recipients,
	scopes,
	since: ago(6 * dayMs),
	last: ago(hourMs),
});

function limits(): World['limits'] {
	return new Map([
		['server:server', { ...set({ mode: 'monitor', hour: { recipients: 1000 } }), wouldHave: [] }],
		[
			'server:each-account',
			{
				...set({ mode: 'monitor', hour: { recipients: 100 }, minute: { recipients: 60 } }),
				wouldHave: [wouldHave(214, 931, 9)],
			},
		],
		['reseller:nordweb', { ...set({ mode: 'enforce', hour: { recipients: 600 } }) }],
		['reseller:bergdigital', { ...set({ mode: 'monitor', hour: { recipients: 300 } }) }],
		[
			'plan:Basic',
			{
				...set({ mode: 'monitor', hour: { recipients: 100 }, day: { recipients: 500 } }),
				wouldHave: [wouldHave(61, 402, 3)],
			},
		],
		['plan:Business', { ...set({ mode: 'enforce', hour: { recipients: 200 }, day: { recipients: 1000 } }) }],
		[
			'plan:Shop',
			{ ...set({ mode: 'enforce', hour: { recipients: 400 }, day: { recipients: 3000 }, hourUniqueRecipients: 400 }) },
		],
		[
			'account:schulekl',
			{
				exception: {
					...set({ mode: 'enforce', hour: { recipients: 300 } }).base,
					until: new Date(nowMs + 7 * dayMs).toISOString(),
				},
			},
		],
		['account:teehandl', { wouldHave: [wouldHave(52, 361, 1)] }],
	]);
}

export const smallWorld = (): World => ({ accounts, messages, limits: limits(), now: () => nowMs });

/** So many more accounts of the plan Basic. */
export function largeWorld(total: number): World {
	const many = Array.from({ length: total - accounts.length }, (_, index) =>
		account(`kunde${String(index).padStart(5, '0')}`, `kunde-${index}.example`, {
			hour: (index * 7919) % 97,
			day: (index * 7919) % 480,
			plan: 'Basic',
			...(index % 3 === 0 ? { reseller: 'nordweb' } : {}),
		}),
	);
	return { accounts: [...accounts, ...many], messages, limits: limits(), now: () => nowMs };
}

export const emptyWorld = (): World => ({ accounts: [], messages: [], limits: new Map(), now: () => nowMs });
