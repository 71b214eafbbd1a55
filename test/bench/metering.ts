/**
 * What metering costs on the loop, with 10,000 accounts: who pays, which rules, measuring, charging, warning.
 *
 * Every account has a plan, a domain, three mailboxes and a script; one in three a reseller with a pool. Limits are enforced at every
 * level and the defaults count beside them, so that a message meets fifteen rules. Senders come in random order, so that nothing is
 * in the processor's caches by chance. The meter holds a day of their mail.
 */
import { createAccountBook } from '@sluice/agent/core/identity/accounts.ts';
import { createLimitBook } from '@sluice/agent/core/metering/book.ts';
import { createChains } from '@sluice/agent/core/metering/chains.ts';
import { measure } from '@sluice/agent/core/metering/measure.ts';
import { createMeter } from '@sluice/agent/core/metering/meter.ts';
import { createRuleSets } from '@sluice/agent/core/metering/rules.ts';
import { createWaitingRoom } from '@sluice/agent/core/metering/waiting.ts';
import { createWarnings } from '@sluice/agent/core/metering/warnings.ts';
import { createWouldHave } from '@sluice/agent/core/metering/would-have.ts';
import type { Account } from '@sluice/shared/words/account.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import type { LimitMode, LimitSet } from '@sluice/shared/words/limits.ts';
import type { Step } from './step.ts';
import { meteringUsMax } from './targets.ts';

const accountsCount = 10_000;
const senders = 4;
const startMs = 1_800_000_000_000;
const dayMs = 86_400_000;
/** Of the whole server. */
const messagesPerSecond = 200;

const accountOf = (n: number): Account => ({
	id: `acc${n}`,
	key: `acc${n}`,
	panel: 'cpanel',
	name: '',
	...(n % 3 === 0 ? { reseller: `reseller${n % 100}` } : {}),
	plan: n % 2 === 0 ? 'Basic' : 'Large',
	unixUsers: [{ name: `acc${n}`, uid: 10_000 + n }],
	domains: [`site${n}.test`],
	mailboxes: [0, 1, 2].map((box) => `user${box}@site${n}.test`),
	state: 'active',
	sinceMs: startMs - 100 * dayMs,
	maySendAs: [],
});

function attributionOf(account: number, sender: number): Attribution {
	const domain = `site${account}.test`;
	const common = { account: `acc${account}`, certainty: 'proved', from: 'exim header', alarms: [] } as const;
	const hint = { domain, address: `user${sender}@${domain}` };
	if (sender === senders - 1) {
		const identity = { kind: 'unix', id: String(10_000 + account) } as const;
		return { ...common, class: 'script', identity, directory: `/home/acc${account}/public_html`, hint };
	}
	return { ...common, class: 'mailbox', identity: { kind: 'mailbox', id: `user${sender}@${domain}` }, hint };
}

const limits = (values: LimitSet['values'], mode: LimitMode = 'enforce'): { readonly base: LimitSet } => ({
	base: { values, mode, author: 'admin root', setMs: 0 },
});

function createServer() {
	const accounts = createAccountBook(Array.from({ length: accountsCount }, (_, n) => accountOf(n)));
	const book = createLimitBook();
	book.set('server', 'server', limits({ 'minute.recipients': 1e6, 'hour.recipients': 1e7 }));
	for (let n = 0; n < 100; n++) book.set('reseller', `reseller${n}`, limits({ 'hour.recipients': 1e6 }));
	const plan = { 'hour.recipients': 1e5, 'day.recipients': 1e6, 'hour.messages': 1e5, 'hour.uniqueRecipients': 1e5 };
	for (const name of ['Basic', 'Large']) book.set('plan', name, limits(plan));
	book.set('server', 'each-domain', limits({ 'hour.recipients': 1e5 }));
	book.set('server', 'each-mailbox', limits({ 'minute.messages': 1e4, 'hour.recipients': 1e5, 'day.recipients': 1e6 }));
	const settings = () => ({ ramp: { mode: 'monitor', days: 7, share: 0.5 }, staleMs: 3_600_000 }) as const;
	const parts = {
		accounts,
		book,
		chains: createChains({ accounts, book, identitiesMax: () => 64 }),
		ruleSets: createRuleSets({ accounts, book, settings }),
		meter: createMeter(),
		waiting: createWaitingRoom(),
		warnings: createWarnings(),
		wouldHave: createWouldHave(),
	};
	const attributions = Array.from({ length: accountsCount * senders }, (_, n) =>
		attributionOf(Math.floor(n / senders), n % senders),
	);
	let sequence = 1;
	let charged = 0;
	const fitted = { ...parts, attributions };
	/** One message, as flow does it. */
	const message = (): void => {
		sequence = (Math.imul(sequence, 1_664_525) + 1_013_904_223) >>> 0;
		const nowMs = startMs + Math.floor((charged++ * 1000) / messagesPerSecond);
		// As attribution makes one for each message.
		const attribution = { ...(attributions[sequence % attributions.length] as Attribution) };
		const chain = parts.chains.of(attribution, nowMs);
		const rules = parts.ruleSets.of(chain, nowMs);
		const keys = [sequence & 0xfffff];
		const input = { rules, meter: parts.meter, waiting: parts.waiting, nowMs };
		const { room, wouldBind } = measure({ chain, recipients: 1, keys }, input);
		if (wouldBind.length > 0) parts.wouldHave.count(wouldBind, 1, nowMs);
		if (room === 0) throw new Error('over a limit');
		parts.meter.charge(chain.scopes, nowMs, { messages: 1, recipients: 1, keys });
		parts.warnings.after(rules, { meter: parts.meter, warnPercent: 80, nowMs });
	};
	// A day of their mail, as it is read at the start: in the order of time.
	const before = attributions.length * 5;
	for (let n = 0; n < before; n++) {
		const { scopes } = parts.chains.of(attributions[(n * 7919) % attributions.length] as Attribution, startMs);
		const atMs = startMs - dayMs + Math.floor((n * dayMs) / before);
		parts.meter.charge(scopes, atMs, { messages: 1, recipients: 1, keys: [n % 100] });
	}
	parts.meter.prune(startMs);
	return { ...fitted, message, now: () => startMs + Math.floor((charged * 1000) / messagesPerSecond) };
}

/** One message, as flow measures it. */
export function metering(): Step {
	const { message } = createServer();
	return {
		name: 'metering of a message: chain, rules, measure, charge, warn; 10,000 accounts',
		count: 20_000,
		goalUs: meteringUsMax,
		run(count) {
			for (let n = 0; n < count; n++) message();
		},
	};
}

/** A panel that reports accounts one by one: all that is derived from them is found anew each time. */
function meteringUnderChange(): Step {
	const { message, accounts } = createServer();
	let changed = 0;
	return {
		name: 'the same while every tenth message finds the accounts changed',
		count: 5000,
		goalUs: meteringUsMax,
		run(count) {
			for (let n = 0; n < count; n++) {
				if (n % 10 === 0) accounts.put(accountOf(changed++ % accountsCount));
				message();
			}
		},
	};
}

const waitingSenders = 1000;

function looking(): Step {
	const server = createServer();
	const { book, chains, ruleSets, meter, waiting, attributions } = server;
	book.set('server', 'each-mailbox', limits({ 'hour.recipients': 1 }));
	book.set('server', 'each-script', limits({ 'hour.recipients': 1 }));
	for (let n = 0; n < waitingSenders * 20; n++) {
		const chain = chains.of(attributions[(n % waitingSenders) * 7] as Attribution, startMs);
		if (n < waitingSenders) meter.charge(chain.scopes, startMs, { messages: 1, recipients: 1, keys: [n] });
		const recipients = [{ index: 0, key: n }];
		waiting.add({ id: String(n).padStart(13, '0'), chain, sinceMs: startMs + n, recipients, bytes: 2000 });
	}
	const nowMs = startMs + 60_000;
	return {
		name: `waiting room: a look that lets none of ${waitingSenders} senders go, each of them`,
		count: waitingSenders,
		run() {
			const ruleSetOf = (chain: Parameters<typeof ruleSets.of>[0]) => ruleSets.of(chain, nowMs);
			const { releases } = waiting.plan({ nowMs, ruleSetOf, meter, recipientsMax: 1000, take: () => true });
			if (releases.length > 0) throw new Error('nobody had room');
		},
	};
}

export const meteringSteps: readonly (() => Step)[] = [metering, meteringUnderChange, looking];
