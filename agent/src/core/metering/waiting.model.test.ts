/**
 * The waiting room against a model that looks through everything that waits, from the oldest on, and counts with a naive recount.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import fc from 'fast-check';
import { chainOfScopes, fixtureNowMs, ruleOf, rulesOf } from './chain.fixture.ts';
import { createMeter } from './meter.ts';
import { createRecount, observe, type Recount, record, recounted } from './recount.fixture.ts';
import type { Chain, Rule, RuleSet, WaitingRecipient } from './types.ts';
import { createWaitingRoom, type Release, type WaitingRoom } from './waiting.ts';

const chains: readonly Chain[] = [
	chainOfScopes('server:server', 'reseller:r', 'account:a', 'domain:a.test', 'mailbox:m@a.test'),
	chainOfScopes('server:server', 'reseller:r', 'account:a', 'domain:a.test', 'mailbox:n@a.test'),
	chainOfScopes('server:server', 'reseller:r', 'account:a'),
	chainOfScopes('server:server', 'reseller:r', 'account:b', 'script:b:/www'),
	chainOfScopes('server:server', 'account:c', 'domain:c.test', 'mailbox:m@c.test'),
];
const scopes = [...new Set(chains.flatMap((chain) => chain.scopes))];
const windowRules: readonly LimitRule[] = [
	'minute.messages',
	'minute.recipients',
	'hour.messages',
	'hour.recipients',
	'day.recipients',
	'hour.uniqueRecipients',
];

type Modelled = {
	readonly id: string;
	readonly chain: Chain;
	readonly sinceMs: number;
	recipients: readonly WaitingRecipient[];
	isCounted: boolean;
};

type World = {
	readonly room: WaitingRoom;
	readonly meter: ReturnType<typeof createMeter>;
	readonly waiting: Modelled[];
	readonly recount: Recount;
	rules: Rule[];
	/** One value for each chain until rules change, as the cache gives it. */
	ruleSets: Map<Chain, RuleSet>;
	nowMs: number;
	sequence: number;
	added: number;
	left: number;
};

const isOlder = (one: Modelled, other: Modelled): number => one.sinceMs - other.sinceMs || (one.id < other.id ? -1 : 1);

/** What the rules let go of a message, and the scopes that keep the rest. */
function modelRoom({ recount, rules }: World, { chain, recipients, isCounted }: Modelled, count: number) {
	const binding = new Set<ScopeKey>();
	let isLarge = isCounted;
	for (const { scope, rule, value } of rules) {
		if (!chain.scopes.includes(scope)) continue;
		const used = recounted(recount, scope, rule);
		const keys = recipients.slice(0, count).map(({ key }) => key);
		const seen = new Set(
			recount.charges.filter((one) => one.scopes.includes(scope) && !one.hourIsOver).flatMap((one) => one.keys),
		);
		const fresh = new Set(keys.filter((key) => !seen.has(key))).size;
		const adds = rule.endsWith('.messages') ? (isCounted ? 0 : 1) : rule.endsWith('uniqueRecipients') ? fresh : count;
		const all = rule.endsWith('uniqueRecipients') ? new Set(keys).size : count;
		if (!rule.endsWith('.messages') && all > value) isLarge = true;
		if (used + adds > value) binding.add(scope);
	}
	return { binding, isLarge };
}

function modelPlan(world: World): Release[] {
	observe(world.recount, world.nowMs);
	const releases: Release[] = [];
	const blocked = new Set<ScopeKey>();
	const blockedLines = new Set<Chain>();
	for (const message of [...world.waiting].sort(isOlder)) {
		if (blockedLines.has(message.chain) || message.chain.scopes.some((scope) => blocked.has(scope))) {
			blockedLines.add(message.chain);
			continue;
		}
		let { binding, isLarge } = modelRoom(world, message, message.recipients.length);
		let count = binding.size === 0 ? message.recipients.length : 0;
		if (isLarge && binding.size > 0) {
			count = message.recipients.length;
			while (count > 0 && modelRoom(world, message, count).binding.size > 0) count--;
		}
		if (count > 0) {
			const leaving = message.recipients.slice(0, count);
			const messages = message.isCounted ? 0 : 1;
			const keys = leaving.map(({ key }) => key);
			record(world.recount, message.chain.scopes, world.nowMs, { messages, recipients: count, keys });
			releases.push({
				id: message.id,
				chain: message.chain,
				indexes: leaving.map(({ index }) => index),
				keys,
				messages,
			});
			message.recipients = message.recipients.slice(count);
			message.isCounted = true;
			if (message.recipients.length === 0) world.waiting.splice(world.waiting.indexOf(message), 1);
		}
		if (message.recipients.length === 0) continue;
		if (isLarge) binding = modelRoom(world, message, 1).binding;
		blockedLines.add(message.chain);
		for (const scope of binding) blocked.add(scope);
	}
	return releases;
}

const ruleSetOf = (world: World, chain: Chain): RuleSet => {
	const known = world.ruleSets.get(chain) ?? rulesOf(world.rules, chain);
	world.ruleSets.set(chain, known);
	return known;
};

function plan(world: World): { readonly releases: readonly Release[]; readonly nextMs: number | undefined } {
	const { room, meter, nowMs } = world;
	const { releases, nextMs } = room.plan({
		nowMs,
		ruleSetOf: (chain) => ruleSetOf(world, chain),
		meter,
		recipientsMax: 1_000_000,
		take({ chain, indexes, keys, messages }) {
			meter.charge(chain.scopes, nowMs, { messages, recipients: indexes.length, keys });
			return true;
		},
	});
	for (const { indexes } of releases) world.left += indexes.length;
	return { releases, nextMs };
}

function planBoth(world: World): number | undefined {
	const { releases, nextMs } = plan(world);
	const expected = modelPlan(world);
	assert.deepEqual(releases, expected);
	return nextMs;
}

/** Nothing over in any window, and what waits is what a count says. */
function checkAll({ room, recount, rules, waiting, nowMs }: World, sinceRules: number): void {
	observe(recount, nowMs);
	for (const { scope, rule, value } of rules) {
		const charged = recount.charges.slice(sinceRules);
		if (charged.length === recount.charges.length)
			assert.ok(recounted(recount, scope, rule) <= value, `${scope} ${rule} is over`);
	}
	assert.equal(room.size, waiting.length);
	for (const scope of scopes) {
		const there = waiting.filter(({ chain }) => chain.scopes.includes(scope));
		const recipients = there.reduce((sum, message) => sum + message.recipients.length, 0);
		const oldestMs = Math.min(...there.map(({ sinceMs }) => sinceMs));
		assert.deepEqual(room.totalsOf(scope), {
			messages: there.length,
			recipients,
			bytes: there.length * 1000,
			...(there.length === 0 ? {} : { oldestMs }),
		});
	}
}

type Step = { readonly name: string; readonly act: (world: World) => void };

const adding: fc.Arbitrary<Step> = fc
	.record({
		chain: fc.constantFrom(...chains),
		keys: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 7 }),
		age: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60_000 })),
	})
	.map(({ chain, keys, age }) => ({
		name: `add ${keys.length} of ${chain.scopes.at(-1)}`,
		act(world) {
			const id = String(world.sequence++).padStart(6, '0');
			const recipients = keys.map((key, index) => ({ index, key }));
			const sinceMs = world.nowMs - age;
			// As good as the same chain: after a change of accounts the sender's chain is another value.
			world.room.add({ id, chain: { ...chain }, sinceMs, recipients, bytes: 1000 });
			world.waiting.push({ id, chain, sinceMs, recipients, isCounted: false });
			world.added += keys.length;
			const line = world.room.blocks(chain);
			assert.equal(line, true, 'new mail of a sender queues behind its own');
		},
	}));

const removing: fc.Arbitrary<Step> = fc
	.record({ choice: fc.nat(), share: fc.integer({ min: 1, max: 7 }) })
	.map(({ choice, share }) => ({
		name: `remove ${choice} ${share}`,
		act(world) {
			const message = world.waiting[choice % world.waiting.length];
			if (message === undefined) return;
			const indexes = message.recipients.slice(0, share).map(({ index }) => index);
			world.room.remove(message.id, indexes);
			message.recipients = message.recipients.slice(indexes.length);
			world.added -= indexes.length;
			if (message.recipients.length === 0) world.waiting.splice(world.waiting.indexOf(message), 1);
		},
	}));

const passing: fc.Arbitrary<Step> = fc
	.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 4_000_000 }))
	.map((ms) => ({
		name: `pass ${ms}`,
		act(world) {
			world.nowMs += ms;
		},
	}));

/** What was released could not be written: paid back, and in its old place again. */
const failing: fc.Arbitrary<Step> = fc.constant({
	name: 'plan, not written',
	act(world) {
		const before = world.waiting.map((message) => ({ ...message }));
		const { releases } = plan(world);
		for (const { id, chain, indexes, keys, messages } of releases) {
			world.meter.refund(chain.scopes, world.nowMs, { messages, recipients: indexes.length, keys });
			const message = before.find((one) => one.id === id) as Modelled;
			const recipients = message.recipients.filter(({ index }) => indexes.includes(index));
			const { sinceMs, isCounted } = message;
			world.room.add({ id, chain, sinceMs, recipients, bytes: 1000, isCounted });
			world.left -= indexes.length;
		}
	},
});

const step = fc.oneof(
	{ weight: 6, arbitrary: adding },
	{ weight: 4, arbitrary: passing },
	{ weight: 1, arbitrary: removing },
	{ weight: 1, arbitrary: failing },
);

const ruleArbitrary: fc.Arbitrary<Rule> = fc
	.record({
		scope: fc.constantFrom(...scopes),
		rule: fc.constantFrom(...windowRules),
		value: fc.integer({ min: 1, max: 6 }),
	})
	.map(({ scope, rule, value }) => ruleOf(scope, rule, value));

test('oldest first, exact, in parts only what is too large, nobody overtakes, everything leaves in time', () => {
	fc.assert(
		fc.property(
			fc.array(ruleArbitrary, { minLength: 1, maxLength: 6 }),
			fc.array(step, { minLength: 3, maxLength: 40 }),
			(rules, steps) => {
				const world: World = {
					room: createWaitingRoom(),
					meter: createMeter({ tracksKeys: () => true }),
					waiting: [],
					recount: createRecount(),
					rules,
					ruleSets: new Map(),
					nowMs: fixtureNowMs,
					sequence: 0,
					added: 0,
					left: 0,
				};
				for (const { act } of steps) {
					act(world);
					planBoth(world);
					checkAll(world, 0);
				}
				let looks = 0;
				let nextMs = planBoth(world);
				while (world.waiting.length > 0) {
					assert.ok(nextMs !== undefined && nextMs > world.nowMs, 'a later time is named');
					world.nowMs = nextMs - 1;
					assert.deepEqual(plan(world).releases, [], 'nobody could have left earlier');
					world.nowMs = nextMs;
					nextMs = planBoth(world);
					checkAll(world, 0);
					assert.ok(++looks < 2000, 'everything leaves');
				}
				assert.equal(world.left, world.added);
				assert.equal(world.room.recipients, 0);
				for (const chain of chains) assert.equal(world.room.blocks(chain), false);
			},
		),
		{ numRuns: 150 },
	);
});
