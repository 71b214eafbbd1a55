/**
 * The waiting room against a model that looks through everything that waits, from the oldest on, and counts with a naive recount.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAccountTurns, payerOf } from './account-turns.ts';
import { fixtureNowMs, ruleOf, rulesOf } from './chain.fixture.ts';
import { createMeter } from './meter.ts';
import { createRecount, observe, recounted } from './recount.fixture.ts';
import type { Chain, Rule, RuleSet } from './types.ts';
import { chains, type Modelled, modelPlan, modelTurns, scopes, type World, windowRules } from './waiting.fixture.ts';
import { createWaitingRoom, type Release } from './waiting.ts';

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
function checkAll({ room, recount, rules, waiting, nowMs }: World): void {
	observe(recount, nowMs);
	for (const { scope, rule, value } of rules)
		assert.ok(recounted(recount, scope, rule) <= value, `${scope} ${rule} is over`);
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
			modelTurns(world);
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
			modelTurns(world);
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
		// Its turn was taken all the same; an account of which nothing was left begins anew when it comes back.
		const left = new Map(world.waiting.map(({ id, recipients }) => [id, recipients.length]));
		for (const { id, chain, indexes } of releases) {
			world.turns.serve(payerOf(chain), indexes.length);
			left.set(id, (left.get(id) ?? 0) - indexes.length);
			if (!world.waiting.some((one) => payerOf(one.chain) === payerOf(chain) && (left.get(one.id) ?? 0) > 0))
				world.turns.end(payerOf(chain));
		}
		for (const { id, chain, indexes, keys, messages } of releases) {
			world.turns.begin(payerOf(chain));
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

test('in turns of accounts, each oldest first, exact, in parts only what is too large, nobody overtakes, everything leaves in time', () => {
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
					turns: createAccountTurns(),
					nowMs: fixtureNowMs,
					sequence: 0,
					added: 0,
					left: 0,
				};
				for (const { act } of steps) {
					act(world);
					planBoth(world);
					checkAll(world);
				}
				let looks = 0;
				let nextMs = planBoth(world);
				while (world.waiting.length > 0) {
					assert.ok(nextMs !== undefined && nextMs > world.nowMs, 'a later time is named');
					world.nowMs = nextMs - 1;
					assert.deepEqual(plan(world).releases, [], 'nobody could have left earlier');
					world.nowMs = nextMs;
					nextMs = planBoth(world);
					checkAll(world);
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
