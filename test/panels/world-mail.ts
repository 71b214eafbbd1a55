/**
 * Made-up mail of several accounts in every state, with an account that puts hostile text wherever a tenant or a stranger can.
 */
import type { MessageSummaryDto } from '@sluice/shared/contract/shapes.ts';
import type { Why, World } from './agent-world.ts';
import { nowMs, smallWorld } from './world.ts';

const minuteMs = 60_000;
const at = (minutes: number): string => new Date(nowMs - minutes * minuteMs).toISOString();

/** Whoever may choose a text that ends on our pages tries to be more than text. */
export const hostile = {
	subject: `"><script>globalThis.taken = 'subject'</script>`,
	sender: `"><img/src=x/onerror=globalThis.taken='sender'>@boese.example`,
	recipient: `'><svg/onload=globalThis.taken='recipient'>@opfer.example`,
	directory: `/home/boese/<iframe srcdoc="<script>parent.taken='directory'</script>">`,
	reply: `550 5.7.1 </p><script>globalThis.taken = 'reply'</script> {{constructor}} <%= 1 %> javascript:alert(1)`,
	text: `Held: </b><script>globalThis.taken = 'why'</script>`,
} as const;

type State = MessageSummaryDto['recipients'][number]['state'];
type Told = {
	readonly minutes: number;
	readonly account: string;
	readonly from: string;
	readonly to: string;
	readonly subject: string;
	readonly state: State;
	readonly identity?: string;
	readonly more?: Partial<MessageSummaryDto['recipients'][number]>;
};

let made = 100;
function message({ minutes, account, from, to, subject, state, identity, more = {} }: Told): MessageSummaryDto {
	made += 1;
	const isScript = identity?.startsWith('script:') === true;
	return {
		id: String(made).padStart(13, '0'),
		accepted: at(minutes),
		account,
		identity: identity ?? `mailbox:${from}`,
		class: isScript ? 'script' : 'mailbox',
		sender: from,
		subject,
		bytes: 4200,
		recipientCount: 1,
		recipients: [{ address: to, state, attempts: 1, at: at(minutes - 0.05), ...more }],
	};
}

const rosen = (
	minutes: number,
	to: string,
	subject: string,
	state: State,
	more: Told['more'] = {},
): MessageSummaryDto =>
	message({ minutes, account: 'rosenca', from: 'info@rosencafe-hamburg.example', to, subject, state, more });

const brunch = 'Adventsbrunch: noch 6 Tische frei';
const vouchers = rosen(8, 'stammgast@web.example', 'Gutscheinliste', 'held');
const menu = rosen(9, 'team@rosencafe-hamburg.example', 'Karte für Freitag', 'held');

const rosens: readonly MessageSummaryDto[] = [
	rosen(1.5, 'mia.thoma@gmail.example', brunch, 'delivered', { reply: '250 2.0.0 OK' }),
	rosen(3, 'fam.held@web.example', brunch, 'delivered'),
	rosen(5, 'alt.kunde@firma-alt.example', brunch, 'bounced', {
		cause: 'recipient-gone',
		reply: '550 5.1.1 User unknown; see https://mx.firma-alt.example/blacklist',
	}),
	rosen(6, 't.brandt@outlook.example', brunch, 'queued', {
		cause: 'rate',
		due: new Date(nowMs + 8 * minuteMs).toISOString(),
		reply: '451 4.7.650 The mail server [203.0.113.18] has been temporarily rate limited',
	}),
	rosen(7, 'p.voll@gmx.example', brunch, 'bounced', { cause: 'mailbox-full', reply: '552 5.2.2 Mailbox full' }),
	vouchers,
	menu,
	rosen(20, 'bestellung@baeckerei-rohde.example', 'AW: Croissants für Freitag', 'waiting'),
	rosen(60, 'alle@verteiler.example', 'Probe', 'discarded'),
];

const script = 'script:velofix:/home/velofix/public_html/wp-content/cache/cache-x.php';
const parcels: readonly MessageSummaryDto[] = [1, 2, 3].map((number) =>
	message({
		minutes: 30 + number,
		account: 'velofix',
		from: 'www@velofix-werkstatt.example',
		to: `d.marsh${number}@hotmail.example`,
		subject: 'Your parcel could not be delivered',
		state: 'held',
		identity: script,
	}),
);
const invoice = message({
	minutes: 40,
	account: 'velofix',
	from: 'info@velofix-werkstatt.example',
	to: 'k.walz@firma.example',
	subject: 'Rechnung 2026-1187',
	state: 'held',
});

const boese = (minutes: number, state: State, more: Told['more'] = {}): MessageSummaryDto =>
	message({
		minutes,
		account: 'boese',
		from: hostile.sender,
		to: hostile.recipient,
		subject: hostile.subject,
		state,
		identity: `script:boese:${hostile.directory}`,
		more,
	});
const boeses: readonly MessageSummaryDto[] = [
	boese(0.5, 'bounced', { reply: hostile.reply, cause: 'policy' }),
	boese(0.6, 'held'),
	boese(0.7, 'queued', { reply: hostile.reply }),
];

const account: Why = {
	rule: 'hold.account',
	text: 'Mail of this account is held: complaints about a newsletter.',
	by: 'admin root',
	ownerMayRelease: false,
	ownerMayDiscard: false,
};
const owners: Why = {
	...account,
	text: 'Please confirm that this was you.',
	ownerMayRelease: true,
	ownerMayDiscard: true,
};
const hijack: Why = { ...account, rule: 'hold.identity', text: 'Mail of the script cache-x.php is held: hijacked.' };

export function mailWorld(): World {
	const small = smallWorld();
	const basic = small.limits.get('plan:Basic');
	if (basic?.base !== undefined) small.limits.set('plan:Basic', { base: { ...basic.base, mode: 'enforce' } });
	return {
		...small,
		messages: [...small.messages, ...rosens, ...parcels, invoice, ...boeses],
		whys: new Map([
			[vouchers.id, owners],
			[menu.id, owners],
			...parcels.map(({ id }) => [id, hijack] as const),
			[invoice.id, account],
			...boeses.map(({ id }) => [id, { ...account, text: hostile.text }] as const),
		]),
	};
}

export const mail = { vouchers, menu, parcels, invoice, boeses, rosens };
