/**
 * Demonstration accounts for `npm start`: a small hosting server with resellers and plans, and mail that uses their limits.
 *
 * Accounts and limits are told by REST as a panel would; mail comes with the sender named as Exim names it. A first start fills the
 * last hour, so that a newcomer sees limits at work at once: one newsletter waits, one account would have been stopped if its rule
 * were enforced, one is held and its customer may release it, some mail is refused and some is late. Then a message leaves every few
 * seconds. What a person has changed stays: limits are set only where none are, and the hold is set once.
 */
import { type Client, failureText } from '@sluice/shared/client/client.ts';
import type { PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { LimitsInput } from '@sluice/shared/contract/limit-shapes.ts';
import type { LevelPath } from '@sluice/shared/words/limits.ts';
import { createTransport, type Transporter } from 'nodemailer';

type Demo = {
	readonly id: string;
	readonly domain: string;
	readonly plan: string;
	readonly reseller?: string;
	/** Recipients that it should have had in the last hour. */
	readonly hour: number;
	readonly state?: 'suspended';
	/** Days since it was made. */
	readonly days?: number;
	/** Messages an hour of each domain that the panel itself lets through. */
	readonly panelHour?: number;
	/** Sends by a script in that folder instead of by its mailboxes. */
	readonly script?: string;
};

const demoAccounts: readonly Demo[] = [
	{ id: 'shopmoda', domain: 'moda-luise.test', plan: 'Shop', hour: 520 },
	{ id: 'kanzleim', domain: 'kanzlei-meerbusch.test', plan: 'Business', hour: 171 },
	{ id: 'teehandl', domain: 'teehandel-sylt.test', plan: 'Basic', hour: 141 },
	{ id: 'rosenca', domain: 'rosencafe-hamburg.test', plan: 'Basic', reseller: 'nordweb', hour: 88 },
	{ id: 'autohaus', domain: 'autohaus-brenner.test', plan: 'Business', hour: 74 },
	{ id: 'schulekl', domain: 'grundschule-klee.test', plan: 'Business', reseller: 'bergdigital', hour: 66 },
	{ id: 'wpagentu', domain: 'agentur-weitblick.test', plan: 'Business', reseller: 'bergdigital', hour: 48 },
	{ id: 'hotelals', domain: 'hotel-alsterblick.test', plan: 'Business', hour: 43, panelHour: 150 },
	{
		id: 'velofix',
		domain: 'velofix-werkstatt.test',
		plan: 'Basic',
		reseller: 'nordweb',
		hour: 0,
		script: '/home/velofix/public_html/wp-content/uploads',
	},
	{ id: 'praxisdr', domain: 'praxis-dr-lindner.test', plan: 'Basic', hour: 31 },
	{ id: 'neukunde', domain: 'startup-kaskade.test', plan: 'Basic', hour: 19, days: 3 },
	{ id: 'yogaflow', domain: 'nordlicht-yoga.test', plan: 'Basic', reseller: 'nordweb', hour: 14 },
	{ id: 'chorfest', domain: 'chorfestival-nord.test', plan: 'Basic', reseller: 'bergdigital', hour: 9 },
	{ id: 'fotolars', domain: 'lars-petersen-foto.test', plan: 'Basic', hour: 0 },
	{ id: 'spielwar', domain: 'spielwaren-ott.test', plan: 'Shop', hour: 0, state: 'suspended' },
];

type DemoLimits = { readonly level: LevelPath; readonly id: string; readonly limits: LimitsInput };

const demoLimits: readonly DemoLimits[] = [
	{ level: 'plans', id: 'Basic', limits: { mode: 'monitor', hour: { recipients: 100 }, day: { recipients: 500 } } },
	{ level: 'plans', id: 'Business', limits: { mode: 'enforce', hour: { recipients: 200 }, day: { recipients: 1000 } } },
	{ level: 'plans', id: 'Shop', limits: { mode: 'enforce', hour: { recipients: 400 }, day: { recipients: 3000 } } },
	{ level: 'resellers', id: 'nordweb', limits: { mode: 'enforce', hour: { recipients: 600 } } },
	{ level: 'resellers', id: 'bergdigital', limits: { mode: 'monitor', hour: { recipients: 300 } } },
	{ level: 'server', id: 'server', limits: { mode: 'monitor', hour: { recipients: 2000 } } },
];

const dayMs = 86_400_000;
const recipientsOfMessage = 40;
const connections = 4;
const pauseMs = 8_000;
const subjects = ['Invoice', 'Your question', 'Appointment confirmed', 'Newsletter', 'Re: Offer', 'Your order'];
const receivers = [
	'gmail.test',
	'gmx.test',
	'outlook.test',
	'web.test',
	'gmail.test',
	'posteo.test',
	'telekom.test',
	'outlook.test',
	'ok.test',
];

/** Of an account whose form was misused: what it sends is held, and the customer may say that it was right. */
const held = { account: 'velofix', reason: 'Contact form misused, ticket 4711', messages: 18, days: 7 } as const;
const uidFirst = 7001;
const uidOf = (id: string): number => uidFirst + demoAccounts.findIndex((one) => one.id === id);
/** Of every so many recipients one is refused, and one is late. */
const refusedOf = 23;
const lateOf = 31;

const domains = new Set(demoAccounts.map(({ domain }) => domain));

/** Is that the address of a demonstration account? Its mail is not told line by line. */
export const isDemoAddress = (address: string): boolean => domains.has(address.slice(address.indexOf('@') + 1));

const panelAccount = ({ id, domain, plan, reseller, state, days, panelHour }: Demo): PanelAccountDto => ({
	id,
	panel: 'none',
	name: id,
	plan,
	unixUsers: [{ name: id, uid: uidOf(id) }],
	domains: [domain],
	mailboxes: [`info@${domain}`, `news@${domain}`],
	state: state ?? 'active',
	since: new Date(Date.now() - (days ?? 400) * dayMs).toISOString(),
	...(reseller === undefined ? {} : { reseller }),
	...(panelHour === undefined ? {} : { panelHourMessages: panelHour }),
});

/** Tells the agent of the accounts, and of limits where none are set. A refusal is an error: nobody looks at what is wrong here. */
export async function seedDemo(client: Client): Promise<void> {
	const told = await client.call('putAccounts', {
		body: { revision: Date.now(), complete: true, items: demoAccounts.map(panelAccount) },
	});
	if (!told.ok) throw new Error(failureText(told.error));
	for (const { level, id, limits } of demoLimits) {
		const present = await client.call('getLimits', { params: { level, id } });
		if (!present.ok || present.value.base !== undefined) continue;
		const set = await client.call('putLimits', { params: { level, id }, body: limits });
		if (!set.ok) throw new Error(failureText(set.error));
	}
}

/** True when it was set now: then there is nothing to hold yet. */
async function holdDemo(client: Client): Promise<boolean> {
	const present = await client.call('listHolds');
	const past = await client.call('listMessages', { query: { account: held.account, limit: 1 } });
	if (!present.ok || !past.ok || present.value.items.length > 0 || past.value.items.length > 0) return false;
	const set = await client.call('putHold', {
		body: {
			selector: { kind: 'account', id: held.account },
			reason: held.reason,
			seconds: (held.days * dayMs) / 1000,
			ownerMayRelease: true,
		},
	});
	if (!set.ok) throw new Error(failureText(set.error));
	return true;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export type DemoMail = { stop(): void };

/** Sends as the demonstration accounts: first what is missing of their last hour, then a message now and then. */
export function startDemoMail(
	client: Client,
	{ port, secret }: { readonly port: number; readonly secret: string },
): DemoMail {
	const transport: Transporter = createTransport({
		host: '127.0.0.1',
		port,
		pool: true,
		maxConnections: connections,
		secure: false,
		ignoreTLS: true,
	});
	let isStopped = false;
	let timer: NodeJS.Timeout | undefined;
	let sent = 0;

	const recipient = (): string => {
		sent += 1;
		const how = sent % refusedOf === 0 ? '550-' : sent % lateOf === 0 ? '451-' : '';
		return `${how}customer${sent % 700}@${receivers[sent % receivers.length]}`;
	};

	/** As Exim would: a login at its submission port, or a script's process. */
	function namedAs({ id, script }: Demo, from: string): string {
		const queueId = `1demo0-${String(sent).padStart(6, '0')}-AB`;
		const who =
			script === undefined
				? `proto=esmtpsa; auth=${base64(from)}; uid=0; ident=; host=192.0.2.9; port=465; cwd=`
				: `proto=local; auth=; uid=${uidOf(id)}; ident=${base64(id)}; host=; port=; cwd=${base64(script)}`;
		return `X-Sluice-Sender: v=1; s=${secret}; id=${queueId}; ${who}; anc=`;
	}

	async function send(account: Demo, recipients: number): Promise<void> {
		const from = `${sent % 3 === 0 ? 'info' : 'news'}@${account.domain}`;
		const to = Array.from({ length: recipients }, recipient);
		const named = namedAs(account, from);
		const subject = `${subjects[sent % subjects.length]} ${48_000 + sent}`;
		const raw = `${named}\r\nFrom: ${from}\r\nTo: ${to[0]}\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\n\r\nHello.\r\n`;
		await transport.sendMail({ envelope: { from, to }, raw });
	}

	async function fill(): Promise<void> {
		if (await holdDemo(client)) {
			const account = demoAccounts.find(({ id }) => id === held.account) as Demo;
			for (let number = 0; number < held.messages && !isStopped; number++) await send(account, 1);
		}
		for (const account of demoAccounts) {
			const usage = await client.call('getUsage', { params: { level: 'accounts', id: account.id } });
			const hour = usage.ok ? usage.value.items.find(({ rule }) => rule === 'hour.recipients') : undefined;
			let missing = account.hour - (hour?.used ?? 0) - (hour?.waiting ?? 0);
			for (; missing > 0 && !isStopped; missing -= recipientsOfMessage)
				await send(account, Math.min(missing, recipientsOfMessage));
		}
	}

	function next(): void {
		if (isStopped) return;
		timer = setTimeout(() => {
			const busy = demoAccounts.filter(({ hour }) => hour > 0);
			const account = busy[sent % busy.length] as Demo;
			void send(account, 1).then(next, next);
		}, pauseMs);
	}

	// The agent may stop in the middle of it: then there is nobody to send to, and nothing to say.
	void fill().then(next, next);
	return {
		stop() {
			isStopped = true;
			clearTimeout(timer);
			transport.close();
		},
	};
}
