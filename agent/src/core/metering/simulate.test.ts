import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import { measure } from './measure.ts';
import { createMeter } from './meter.ts';
import {
	type Arrival,
	chainOfScopes,
	createSimulation,
	type SimulationInput,
	type SimulationResult,
} from './simulate.ts';
import { createSurvey, steadyClock } from './simulate-survey.ts';
import type { Chain, Rule, RuleSet } from './types.ts';
import { createWaitingRoom } from './waiting.ts';

const startSecond = 1_793_700_000;
const hour = 3600;

function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

const ruleOf = (scope: ScopeKey, rule: LimitRule, value: number): Rule => ({
	scope,
	rule,
	value,
	mode: 'monitor',
	origin: { level: 'account', id: scope, name: scope },
});

/** Rules of the scopes that a chain has. */
const rulesOf =
	(rules: readonly Rule[]) =>
	({ scopes }: Chain): RuleSet => ({
		rules: rules.filter(({ scope }) => scopes.includes(scope)),
		over: 'wait',
		split: true,
	});

/** Quiet and loud senders of some accounts, two of them under one reseller, over a day and a half. */
function arrivalsOf(seed: number): Arrival[] {
	const random = seeded(seed);
	const chains = [
		['server:server', 'reseller:bob', 'account:loud', 'mailbox:a@loud.test'],
		['server:server', 'reseller:bob', 'account:loud', 'mailbox:b@loud.test'],
		['server:server', 'reseller:bob', 'account:calm', 'mailbox:a@calm.test'],
		['server:server', 'account:free', 'script:free:/home/free'],
		['server:server', 'account:burst'],
		['server:server'],
	];
	let second = startSecond;
	return Array.from({ length: 1500 }, () => {
		second += Math.floor(random() * random() * 170);
		const burst = Math.floor(second / hour) % 5 === 0 ? 4 : Math.floor(random() * 6);
		const sender = burst === 2 && random() < 0.8 ? 0 : burst;
		const scopes = chains[sender] as readonly string[];
		const count = random() < 0.03 ? 12 : 1 + Math.floor(random() * 3);
		return { scopes, second, keys: Array.from({ length: count }, () => Math.floor(random() * 200)) };
	});
}

function simulate(arrivals: readonly Arrival[], input: SimulationInput, isSurveyed = true): SimulationResult {
	const simulation = createSimulation(input);
	if (isSurveyed) for (const arrival of arrivals) simulation.survey(arrival);
	for (const arrival of arrivals) simulation.arrive(arrival);
	return simulation.result((arrivals.at(-1)?.second ?? startSecond) + 10);
}

/** As the flow does it: every second somebody looks whether waiting mail may leave, then mail comes. All in one room. */
function liveThrough(arrivals: readonly Arrival[], rules: readonly Rule[]) {
	const enforced = rules.map((rule): Rule => ({ ...rule, mode: 'enforce' }));
	const meter = createMeter();
	const waiting = createWaitingRoom();
	const cameMs = new Map<string, number>();
	const held = { messages: 0, recipients: 0, longest: 0 };
	const ruleSetOf = rulesOf(enforced);
	let next = 0;
	const endSecond = (arrivals.at(-1)?.second ?? 0) + 10;
	for (let second = startSecond; second <= endSecond; second++) {
		const nowMs = second * 1000;
		const pace = (): void => {
			if (waiting.size === 0) return;
			waiting.plan({
				nowMs,
				meter,
				ruleSetOf,
				recipientsMax: Number.POSITIVE_INFINITY,
				take({ id, chain, keys, messages }) {
					meter.charge(chain.scopes, nowMs, { messages, recipients: keys.length, keys });
					held.longest = Math.max(held.longest, (nowMs - (cameMs.get(id) ?? nowMs)) / 1000);
					return true;
				},
			});
		};
		pace();
		for (; arrivals[next]?.second === second; next++) {
			const { scopes, keys } = arrivals[next] as Arrival;
			const chain = chainOfScopes(scopes);
			const recipients = keys.length;
			const { room, keptAt: blockedAt } = measure(
				{ chain, recipients, keys },
				{ rules: ruleSetOf(chain), meter, waiting, nowMs },
			);
			if (room > 0) meter.charge(scopes, nowMs, { messages: 1, recipients: room, keys: keys.slice(0, room) });
			if (room === recipients) continue;
			held.messages += 1;
			held.recipients += recipients - room;
			const id = String(next).padStart(8, '0');
			cameMs.set(id, nowMs);
			waiting.add({
				id,
				chain,
				sinceMs: nowMs,
				recipients: keys.slice(room).map((key, index) => ({ index: room + index, key })),
				bytes: 1,
				isCounted: room > 0,
				...(blockedAt === undefined ? {} : { blockedAt }),
			});
			pace();
		}
	}
	let longest = held.longest;
	for (const { sinceMs } of waiting.messages()) longest = Math.max(longest, endSecond - sinceMs / 1000);
	return {
		messages: arrivals.length,
		recipients: arrivals.reduce((sum, { keys }) => sum + keys.length, 0),
		heldMessages: held.messages,
		heldRecipients: held.recipients,
		longestWaitSeconds: longest,
		stillWaiting: waiting.recipients,
	};
}

const sumsOf = ({ accounts: _accounts, items: _items, ...sums }: SimulationResult) => sums;

const limits: readonly (readonly [name: string, rules: readonly Rule[]])[] = [
	['of an account', [ruleOf('account:loud', 'hour.recipients', 20)]],
	[
		'of a mailbox and its account',
		[ruleOf('mailbox:a@loud.test', 'minute.recipients', 4), ruleOf('account:loud', 'day.recipients', 400)],
	],
	['of a reseller', [ruleOf('reseller:bob', 'hour.recipients', 30), ruleOf('account:free', 'hour.messages', 5)]],
	['on different recipients', [ruleOf('account:loud', 'hour.uniqueRecipients', 15)]],
	['of the whole server', [ruleOf('server:server', 'hour.messages', 40), ruleOf('account:calm', 'minute.messages', 1)]],
	[
		'smaller than a message, and one on messages',
		[ruleOf('account:burst', 'minute.recipients', 8), ruleOf('account:burst', 'hour.messages', 4)],
	],
	['smaller than a message', [ruleOf('account:burst', 'hour.recipients', 8)]],
];

for (const [name, rules] of limits)
	for (const seed of [1, 2, 3])
		test(`a limit ${name} keeps what the live flow would keep (seed ${seed})`, () => {
			const arrivals = arrivalsOf(seed);
			const result = simulate(arrivals, { rulesOf: rulesOf(rules) });
			assert.ok(result.heldMessages > 0);
			assert.deepEqual(sumsOf(result), liveThrough(arrivals, rules));
			// The first look changes nothing but the time it takes.
			assert.deepEqual(simulate(arrivals, { rulesOf: rulesOf(rules) }, false), result);
			assert.equal(
				result.items.reduce((sum, { messages }) => sum + messages, 0),
				result.heldMessages,
			);
		});

test('without limits nothing is held', () => {
	const { heldMessages, heldRecipients, accounts, messages, stillWaiting } = simulate(arrivalsOf(4), {
		rulesOf: rulesOf([]),
	});
	assert.deepEqual(
		{ heldMessages, heldRecipients, accounts, messages, stillWaiting },
		{ heldMessages: 0, heldRecipients: 0, accounts: [], messages: 1500, stillWaiting: 0 },
	);
});

test('limits that nobody comes near hold nothing, and nobody is replayed', () => {
	const survey = createSurvey();
	const chain = survey.enter([
		ruleOf('account:calm', 'hour.recipients', 100),
		ruleOf('mailbox:calm', 'minute.messages', 10),
	]);
	assert.ok(chain !== undefined);
	for (let second = 0; second < 200_000; second += 60) survey.arrive(chain, startSecond + second, 1);
	assert.equal(survey.loudGroupOf(chain), undefined);
});

test('whoever is over a limit by one within any window is never taken for quiet', () => {
	const random = seeded(9);
	for (let round = 0; round < 200; round++) {
		const arrivals = Array.from({ length: 60 }, () => ({
			second: startSecond + Math.floor(random() * 3 * hour),
			recipients: 1 + Math.floor(random() * 5),
		})).sort((one, other) => one.second - other.second);
		const most = Math.max(
			...arrivals.map(({ second: end }) =>
				arrivals
					.filter(({ second }) => second <= end && second > end - hour)
					.reduce((sum, { recipients }) => sum + recipients, 0),
			),
		);
		const survey = createSurvey();
		const chain = survey.enter([ruleOf('account:one', 'hour.recipients', most - 1)]);
		assert.ok(chain !== undefined);
		for (const { second, recipients } of arrivals) survey.arrive(chain, second, recipients);
		assert.notEqual(survey.loudGroupOf(chain), undefined);
	}
});

test('a limit on one message, or of 0, holds and lets go never', () => {
	const scopes = ['account:one'];
	const arrivals = [1, 5, 2].map((count, index) => ({
		scopes,
		second: startSecond + index,
		keys: Array.from({ length: count }, (_, key) => key),
	}));
	const large = simulate(arrivals, { rulesOf: rulesOf([ruleOf('account:one', 'message.recipients', 4)]) });
	assert.deepEqual([large.heldMessages, large.heldRecipients, large.stillWaiting], [1, 5, 5]);
	assert.deepEqual(
		large.items.map(({ rule, account }) => [account, rule]),
		[['one', 'message.recipients']],
	);
	const none = simulate(arrivals, { rulesOf: rulesOf([ruleOf('account:one', 'day.messages', 0)]) });
	assert.deepEqual([none.heldMessages, none.stillWaiting], [3, 8]);
});

test('no more wait than may', () => {
	const arrivals = Array.from({ length: 100 }, (_, index) => ({
		scopes: ['account:one'],
		second: startSecond + index,
		keys: [index],
	}));
	const result = simulate(arrivals, {
		rulesOf: rulesOf([ruleOf('account:one', 'day.recipients', 10)]),
		waitingRecipientsMax: 20,
	});
	assert.deepEqual([result.heldMessages, result.stillWaiting], [90, 20]);
});

test('a clock that was set back goes on from where it was, and late arrivals count as now', () => {
	const clock = steadyClock();
	assert.deepEqual(
		[100, 105, 103, 106, 50_000, 20_000, 20_010, 20_005].map(clock),
		[100, 105, 105, 106, 50_000, 50_000, 50_010, 50_010],
	);
});
