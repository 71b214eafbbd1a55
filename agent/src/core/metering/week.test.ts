/**
 * A week of a server with some hundred accounts, replayed: mail at all hours, mailings, a hijacked mailbox, limits at every level.
 *
 * What left is written down and counted again window by window: never one recipient over, nothing lost, nothing twice.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	eachOf,
	type LimitRule,
	type ScopeKey,
	scopeKeyOf,
	type Window,
	windowSeconds,
} from '@sluice/shared/words/limits.ts';
import { createAccountBook } from '../identity/accounts.ts';
import { createLimitBook } from './book.ts';
import { accountOf, byMailbox, byScript, limitSet, fixtureNowMs as startMs } from './chain.fixture.ts';
import { createChains } from './chains.ts';
import { measure } from './measure.ts';
import { createMeter } from './meter.ts';
import { createRuleSets } from './rules.ts';
import type { Chain } from './types.ts';
import { createWaitingRoom } from './waiting.ts';

const accountsCount = 300;
const days = 7;
const dayMs = 86_400_000;

/** Mulberry32. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}

function serverOf() {
	const accounts = createAccountBook(
		Array.from({ length: accountsCount }, (_, n) =>
			accountOf(`a${n}`, {
				...(n % 3 === 0 ? { reseller: `r${n % 5}` } : {}),
				plan: n % 2 === 0 ? 'Basic' : 'Large',
				mailboxes: [0, 1, 2].map((box) => `m${box}@a${n}.test`),
				// Some are new: their ramp ends within the week.
				...(n % 20 === 0 ? { sinceMs: startMs - 4 * dayMs } : {}),
			}),
		),
	);
	const book = createLimitBook();
	book.set('server', 'server', { base: limitSet({ 'minute.recipients': 400, 'hour.recipients': 6000 }) });
	for (let n = 0; n < 5; n++) book.set('reseller', `r${n}`, { base: limitSet({ 'hour.recipients': 250 }) });
	book.set('plan', 'Basic', { base: limitSet({ 'hour.recipients': 60, 'day.recipients': 400, 'hour.messages': 40 }) });
	book.set('plan', 'Large', { base: limitSet({ 'hour.recipients': 200, 'hour.uniqueRecipients': 150 }) });
	book.set('server', eachOf.mailbox, { base: limitSet({ 'hour.recipients': 50, 'day.recipients': 300 }) });
	book.set('server', eachOf.script, { base: limitSet({ 'minute.messages': 5, 'day.recipients': 200 }) });
	return { accounts, book };
}

type Arrival = {
	readonly atMs: number;
	readonly account: number;
	readonly sender: number;
	readonly recipients: number;
};

function trafficOf(random: () => number): readonly Arrival[] {
	const arrivals: Arrival[] = [];
	const burst = (account: number, sender: number, count: number, recipients: () => number) => {
		const fromMs = startMs + random() * (days - 2) * dayMs;
		for (let n = 0; n < count; n++)
			arrivals.push({ atMs: Math.floor(fromMs + n * 900), account, sender, recipients: recipients() });
	};
	for (let account = 0; account < accountsCount; account++) {
		const perDay = Math.floor(random() * random() * 40);
		for (let n = 0; n < perDay * days; n++) {
			const atMs = startMs + Math.floor(random() * days * dayMs);
			const recipients = random() < 0.9 ? 1 : 1 + Math.floor(random() * 8);
			arrivals.push({ atMs, account, sender: Math.floor(random() * 4), recipients });
		}
	}
	for (let n = 0; n < 20; n++) burst(Math.floor(random() * accountsCount), 3, 150, () => 1);
	for (let n = 0; n < 10; n++) burst(Math.floor(random() * accountsCount), 0, 3, () => 80 + Math.floor(random() * 100));
	burst(7, 1, 1500, () => 1 + Math.floor(random() * 3));
	return arrivals.sort((one, other) => one.atMs - other.atMs);
}

type Left = {
	readonly second: number;
	readonly chain: Chain;
	readonly messages: number;
	readonly keys: readonly number[];
};

/** The most that any window of the rule had. */
function mostIn(left: readonly Left[], rule: LimitRule): number {
	const [window, unit] = rule.split('.') as [Window, string];
	const placeOf = ({ second }: Left) => (window === 'day' ? Math.floor(second / 60) : second);
	const length = window === 'day' ? 1440 : windowSeconds[window];
	const inside = new Map<number, number>();
	let sum = 0;
	let most = 0;
	let from = 0;
	const count = ({ keys, messages }: Left, sign: 1 | -1): void => {
		sum += sign * (unit === 'messages' ? messages : keys.length);
		if (unit === 'uniqueRecipients')
			for (const key of keys) {
				const times = (inside.get(key) ?? 0) + sign;
				if (times === 0) inside.delete(key);
				else inside.set(key, times);
			}
	};
	for (const one of left) {
		count(one, 1);
		for (; placeOf(left[from] as Left) <= placeOf(one) - length; from++) count(left[from] as Left, -1);
		most = Math.max(most, unit === 'uniqueRecipients' ? inside.size : sum);
	}
	return most;
}

test('a week of traffic: in no window one recipient over, nothing lost, nothing twice', () => {
	const random = randomOf(20_270_115);
	const { accounts, book } = serverOf();
	const ramp = { mode: 'enforce', days: 7, share: 0.5 } as const;
	const chains = createChains({ accounts, book, identitiesMax: () => 64 });
	const ruleSets = createRuleSets({ accounts, book, settings: () => ({ ramp, staleMs: 3_600_000 }) });
	const meter = createMeter();
	const room = createWaitingRoom();
	const left: Left[] = [];
	let nextMs = Number.POSITIVE_INFINITY;
	let waited = 0;

	const leave = (chain: Chain, atMs: number, messages: 0 | 1, keys: readonly number[]): void => {
		meter.charge(chain.scopes, atMs, { messages, recipients: keys.length, keys });
		left.push({ second: Math.floor(atMs / 1000), chain, messages, keys });
	};
	const plan = (nowMs: number): void => {
		const found = room.plan({
			nowMs,
			ruleSetOf: (chain) => ruleSets.of(chain, nowMs),
			meter,
			recipientsMax: 500,
			take({ chain, messages, keys }) {
				leave(chain, nowMs, messages, keys);
				return true;
			},
		});
		nextMs = found.nextMs ?? Number.POSITIVE_INFINITY;
	};

	const traffic = trafficOf(random);
	for (const [sequence, { atMs, account, sender, recipients }] of traffic.entries()) {
		while (nextMs <= atMs) plan(nextMs);
		const key = `a${account}`;
		const attribution =
			sender === 3 ? byScript(`/home/${key}/www`, { account: key }) : byMailbox(`m${sender}@${key}.test`, key);
		const chain = chains.of(attribution, atMs);
		const rules = ruleSets.of(chain, atMs);
		const keys = Array.from({ length: recipients }, () => Math.floor(random() * 400));
		const { room: fits } = measure({ chain, recipients, keys }, { rules, meter, waiting: room, nowMs: atMs });
		if (fits > 0) leave(chain, atMs, 1, keys.slice(0, fits));
		if (fits === recipients) continue;
		waited += recipients - fits;
		const rest = keys.map((one, index) => ({ index, key: one })).slice(fits);
		const id = String(sequence).padStart(8, '0');
		room.add({ id, chain, sinceMs: atMs, recipients: rest, bytes: 2000, isCounted: fits > 0 });
		plan(atMs);
		if (sequence % 5000 === 0) meter.prune(atMs);
	}
	for (let looks = 0; room.size > 0 && looks < 100_000; looks++) plan(nextMs);

	const sent = traffic.reduce((sum, { recipients }) => sum + recipients, 0);
	assert.equal(
		left.reduce((sum, { keys }) => sum + keys.length, 0),
		sent,
	);
	assert.equal(
		left.reduce((sum, { messages }) => sum + messages, 0),
		traffic.length,
	);
	assert.ok(waited > 2000, `limits were felt: ${waited} of ${sent} waited`);

	const byScope = new Map<ScopeKey, Left[]>();
	for (const one of left)
		for (const scope of one.chain.scopes) {
			const list = byScope.get(scope);
			if (list === undefined) byScope.set(scope, [one]);
			else list.push(one);
		}
	let atTheLimit = 0;
	const checked = new Set<string>();
	for (const { chain } of left)
		for (const { scope, rule, value, mode, origin } of ruleSets.of(chain, startMs + 8 * dayMs).rules) {
			const name = `${scope} ${rule}`;
			if (mode !== 'enforce' || rule === 'message.recipients' || checked.has(name)) continue;
			checked.add(name);
			const most = mostIn(byScope.get(scope) ?? [], rule);
			assert.ok(most <= value, `${name}: ${most} in one window, ${value} allowed by ${origin.name}`);
			if (most === value) atTheLimit += 1;
		}
	assert.ok(atTheLimit > 20, `limits are used to the last: ${atTheLimit} of ${checked.size}`);

	// While the ramp lasts, half of the account's numbers.
	const isNew = (scope: ScopeKey) =>
		Array.from({ length: accountsCount / 20 }, (_, n) => `a${n * 20}`).some(
			(key) => scope === scopeKeyOf('account', key),
		);
	const rampEnds = Math.floor((startMs + 3 * dayMs) / 1000);
	for (const [scope, list] of byScope)
		if (isNew(scope))
			assert.ok(
				mostIn(
					list.filter(({ second }) => second < rampEnds),
					'hour.recipients',
				) <= 30,
				scope,
			);
});
