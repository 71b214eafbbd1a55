/**
 * The meter against a naive recount of the list of charges, under everything that can happen to a clock and a process.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LimitRule, limitRules, type ScopeKey } from '@sluice/shared/words/limits.ts';
import fc from 'fast-check';
import { createLimitBook } from './book.ts';
import { limitSet } from './chain.fixture.ts';
import { keyRecordsMax } from './key-list.ts';
import { createMeter, type Meter } from './meter.ts';
import { clockStepsMax } from './meter-scopes.ts';
import { type Charged, createRecount, observe, type Recount, record, recounted } from './recount.fixture.ts';
import { tracksKeysBy } from './tracked.ts';

const startMs = 1_800_000_000_000;
const scopes: readonly ScopeKey[] = ['server:server', 'account:a', 'mailbox:m@a.test', 'account:b'];
const chains = [[0, 1, 2], [0, 1], [0, 3], [0]].map((chain) => chain.map((index) => scopes[index] as ScopeKey));
const allKeys = { tracksKeys: () => true };

type World = { meter: Meter; recount: Recount; nowMs: number };

type Step = { readonly name: string; readonly act: (world: World) => void };

/** Mostly now; sometimes from before, as read at the start, sometimes a little ahead, as written by a clock that was. */
const ageMs = fc.oneof(
	{ weight: 6, arbitrary: fc.constant(0) },
	{ weight: 2, arbitrary: fc.integer({ min: 0, max: 4_000_000 }) },
	{ weight: 1, arbitrary: fc.integer({ min: 0, max: 100_000_000 }) },
	{ weight: 1, arbitrary: fc.integer({ min: -5000, max: 0 }) },
);

const charging: fc.Arbitrary<Step> = fc
	.record({
		chain: fc.constantFrom(...chains),
		age: ageMs,
		messages: fc.constantFrom(0 as const, 1 as const),
		keys: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
	})
	.map(({ chain, age, messages, keys }) => ({
		name: `charge ${chain.at(-1)} ${messages} ${keys} ${age} ms ago`,
		act({ meter, recount, nowMs }) {
			const amount = { messages, recipients: keys.length, keys };
			meter.charge(chain, nowMs - age, amount);
			record(recount, chain, nowMs - age, amount);
		},
	}));

const refunding: fc.Arbitrary<Step> = fc.nat().map((choice) => ({
	name: `refund ${choice}`,
	act({ meter, recount }) {
		// Since the last clock step: what a step moved has no second of its own any more, see the test of that.
		const candidates = recount.charges.filter(({ steps }) => steps === recount.steps);
		const gone = candidates[choice % candidates.length];
		if (gone === undefined) return;
		recount.charges.splice(recount.charges.indexOf(gone), 1);
		meter.refund(gone.scopes, gone.atMs, gone);
	},
}));

const passing: fc.Arbitrary<Step> = fc
	.oneof(
		{ weight: 4, arbitrary: fc.integer({ min: 0, max: 5000 }) },
		{ weight: 4, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
		{ weight: 2, arbitrary: fc.integer({ min: 0, max: 3_700_000 }) },
		{ weight: 1, arbitrary: fc.integer({ min: 0, max: 90_000_000 }) },
		{ weight: 2, arbitrary: fc.integer({ min: -4000, max: 0 }) },
		{ weight: 2, arbitrary: fc.integer({ min: -4_000_000, max: 0 }) },
	)
	.map((ms) => ({
		name: `pass ${ms} ms`,
		act(world) {
			world.nowMs += ms;
		},
	}));

const restarting: fc.Arbitrary<Step> = fc.tuple(fc.boolean(), fc.boolean()).map(([isInBulk, isToldTime]) => ({
	name: `restart ${isInBulk ? 'in bulk' : 'one by one'}${isToldTime ? ', told the time' : ''}`,
	act(world) {
		const { charges } = world.recount;
		world.recount = createRecount();
		world.meter = createMeter(allKeys);
		const bulk = isInBulk ? world.meter.bulk() : undefined;
		// A real start tells the time first; without, nothing may be left out.
		if (isToldTime) check(world);
		for (const { scopes: paying, atMs, messages, recipients, keys } of charges) {
			const amount = { messages, recipients, keys };
			if (bulk === undefined) world.meter.charge(paying, atMs, amount);
			else bulk.charge(bulk.chain(paying), atMs, amount);
			record(world.recount, paying, atMs, amount);
		}
		bulk?.end();
	},
}));

const pruning: fc.Arbitrary<Step> = fc.constant({
	name: 'prune',
	act({ meter, recount, nowMs }) {
		meter.prune(nowMs);
		observe(recount, nowMs);
	},
});

const step = fc.oneof(
	{ weight: 8, arbitrary: charging },
	{ weight: 5, arbitrary: passing },
	{ weight: 2, arbitrary: refunding },
	{ weight: 1, arbitrary: restarting },
	{ weight: 1, arbitrary: pruning },
);

function check({ meter, recount, nowMs }: World, asked = scopes): void {
	observe(recount, nowMs);
	for (const scope of asked)
		for (const rule of limitRules)
			assert.equal(meter.used(scope, rule, nowMs), recounted(recount, scope, rule), `${scope} ${rule}`);
}

/** The moment that is named fits, the one before does not. */
function checkFree({ meter, recount, nowMs }: World, need: number, limit: number): void {
	for (const scope of scopes)
		for (const rule of limitRules) {
			if (rule === 'message.recipients') continue;
			const at = meter.freeAtMs({ scope, rule, need, limit }, nowMs);
			if (need > limit) assert.equal(at, undefined);
			else {
				assert.ok(at !== undefined);
				assert.ok(recounted(recount, scope, rule, at) + need <= limit, `${scope} ${rule} fits at ${at - nowMs}`);
				if (at > nowMs)
					assert.ok(
						recounted(recount, scope, rule, at - 1) + need > limit,
						`${scope} ${rule} not before ${at - nowMs}`,
					);
			}
		}
}

/** On both sides of the moment at which the last of a window leaves. */
function checkEnd(world: World, rule: LimitRule): void {
	const at = world.meter.freeAtMs({ scope: 'server:server', rule, need: 1, limit: 1 }, world.nowMs) as number;
	if (at <= world.nowMs) return;
	for (const nowMs of [at - 1, at]) {
		world.nowMs = nowMs;
		check(world);
	}
}

test('window sums equal a naive recount, over clock steps and restarts', () => {
	fc.assert(
		fc.property(
			fc.array(step, { minLength: 5, maxLength: 60 }),
			fc.integer({ min: 1, max: 4 }),
			fc.integer({ min: 0, max: 12 }),
			// Nobody asks about the others while the clock steps: they see all steps at the end.
			fc.subarray([...scopes], { minLength: 1 }),
			(steps, need, limit, asked) => {
				const world: World = { meter: createMeter(allKeys), recount: createRecount(), nowMs: startMs };
				for (const { act } of steps) {
					act(world);
					check(world, asked);
				}
				check(world);
				checkFree(world, need, limit);
				for (const rule of limitRules) checkEnd(world, rule);
			},
		),
		{ numRuns: 1500 },
	);
});

test('many steps back reach a scope that nobody asks about, before and after pruning has come round', () => {
	for (const isPruned of [false, true]) {
		const world: World = { meter: createMeter(allKeys), recount: createRecount(), nowMs: startMs };
		const chargeBoth = (): void => {
			const amount = { messages: 1, recipients: 1, keys: [1] } as const;
			world.meter.charge(['account:a'], world.nowMs, amount);
			record(world.recount, ['account:a'], world.nowMs, amount);
		};
		for (let n = 0; n < 2 * clockStepsMax + 10; n++) {
			if (n % 100 === 0) chargeBoth();
			world.nowMs += n % 2 === 0 ? 9000 : -10_000;
			if (isPruned && n % 7 === 0) world.meter.prune(world.nowMs);
			check(world, ['server:server']);
		}
		check(world);
		assert.ok(world.meter.used('account:a', 'hour.recipients', world.nowMs) > 0);
	}
});

test('what left while the clock was ahead stays away, whoever was asked about then', () => {
	const meter = createMeter();
	const amount = { messages: 1, recipients: 1, keys: [1] } as const;
	meter.charge(['account:a'], startMs, amount);
	assert.equal(meter.used('account:b', 'hour.recipients', startMs + 7_200_000), 0);
	for (const rule of ['hour.recipients', 'hour.uniqueRecipients', 'minute.recipients'] as const)
		assert.equal(meter.used('account:a', rule, startMs + 1000), 0, rule);
	assert.equal(meter.used('account:a', 'day.recipients', startMs + 1000), 1);
});

test('new keys are those that the hour has not seen, each once', () => {
	const meter = createMeter();
	meter.charge(['account:a'], startMs, { messages: 1, recipients: 3, keys: [1, 2, 2] });
	meter.charge(['account:a'], startMs + 10_000, { messages: 1, recipients: 1, keys: [2] });
	assert.equal(meter.newKeys('account:a', [1, 2, 3, 3, 4], startMs + 10_000), 2);
	assert.equal(meter.newKeys('account:a', [1, 2], startMs + 3_600_000), 1);
	assert.equal(meter.newKeys('account:a', [1, 2], startMs + 3_610_000), 2);
});

test('keys of other scopes than accounts count from the first question on, or as asked for', () => {
	const amount = { messages: 1, recipients: 1, keys: [1] } as const;
	const meter = createMeter();
	meter.charge(['mailbox:m'], startMs, amount);
	assert.equal(meter.used('mailbox:m', 'hour.uniqueRecipients', startMs), 0);
	meter.charge(['mailbox:m'], startMs, amount);
	assert.equal(meter.used('mailbox:m', 'hour.uniqueRecipients', startMs), 1);
	const asked = createMeter({ tracksKeys: (scope) => scope === 'mailbox:m' });
	asked.charge(['mailbox:m'], startMs, amount);
	assert.equal(asked.used('mailbox:m', 'hour.uniqueRecipients', startMs), 1);
});

test('keys are counted where a limit on them is set, by name or for each', () => {
	const book = createLimitBook();
	const tracks = tracksKeysBy(book);
	const tracked = () => ['account:a', 'mailbox:m', 'mailbox:n', 'domain:d', 'reseller:r'].filter(tracks);
	assert.deepEqual(tracked(), ['account:a']);
	book.set('mailbox', 'm', { base: limitSet({ 'hour.uniqueRecipients': 5 }) });
	book.set('reseller', 'r', { exception: { ...limitSet({ 'hour.uniqueRecipients': 5 }), untilMs: 0 } });
	assert.deepEqual(tracked(), ['account:a', 'mailbox:m', 'reseller:r']);
	book.set('server', 'each-mailbox', { base: limitSet({ 'hour.uniqueRecipients': 5 }) });
	assert.deepEqual(tracked(), ['account:a', 'mailbox:m', 'mailbox:n', 'reseller:r']);
});

test('beyond the bound on keys each recipient counts as new, takes bounded memory, and leaves with its hour', () => {
	const meter = createMeter();
	const beyond = 500;
	for (let key = 0; key < keyRecordsMax; key++)
		meter.charge(['account:a'], startMs, { messages: 1, recipients: 1, keys: [key] });
	const bytes = meter.bytes;
	for (let n = 0; n < beyond; n++)
		meter.charge(['account:a'], startMs + 5000, { messages: 1, recipients: 1, keys: [7] });
	assert.equal(meter.used('account:a', 'hour.uniqueRecipients', startMs + 5000), keyRecordsMax + beyond);
	assert.ok(meter.bytes - bytes < 1000);
	const question = { scope: 'account:a', rule: 'hour.uniqueRecipients', need: 1, limit: beyond } as const;
	assert.equal(meter.freeAtMs(question, startMs + 5000), startMs + 3_605_000);
	meter.refund(['account:a'], startMs + 5000, { messages: 1, recipients: 1, keys: [keyRecordsMax + 1] });
	assert.equal(meter.used('account:a', 'hour.uniqueRecipients', startMs + 3_600_000), beyond - 1);
	assert.equal(meter.used('account:a', 'hour.uniqueRecipients', startMs + 3_605_000), 0);
});

test('a refund of what a clock step has moved never goes below zero and never frees early', () => {
	const amountOf = (key: number) => ({ messages: 1, recipients: 1, keys: [key] }) as const;
	const charge: Pick<Charged, 'atMs'> = { atMs: startMs + 100_000 };
	const meter = createMeter();
	meter.charge(['account:a'], charge.atMs, amountOf(1));
	assert.equal(meter.used('account:a', 'hour.recipients', startMs), 1);
	meter.charge(['account:a'], startMs + 50_000, amountOf(2));
	meter.refund(['account:a'], charge.atMs, amountOf(1));
	assert.equal(meter.used('account:a', 'hour.recipients', startMs + 3_600_000), 1, 'the later one stays its hour');
	assert.equal(meter.used('account:a', 'hour.uniqueRecipients', startMs + 50_000), 1);
	for (let n = 0; n < 3; n++) meter.refund(['account:a', 'account:never'], startMs + 50_000, amountOf(2));
	for (const rule of limitRules) assert.equal(meter.used('account:a', rule, startMs + 50_000), 0, rule);
});

test('a now a little behind is no clock step: nothing leaves early', () => {
	const meter = createMeter();
	meter.charge(['account:a'], startMs, { messages: 1, recipients: 1, keys: [1] });
	assert.equal(meter.used('account:a', 'minute.recipients', startMs), 1);
	assert.equal(meter.used('account:a', 'minute.recipients', startMs - 2000), 1);
	assert.equal(meter.used('account:a', 'minute.recipients', startMs + 59_999), 1);
	assert.equal(meter.used('account:a', 'minute.recipients', startMs + 60_000), 0);
});

test('scopes with nothing in any window are forgotten, and their room is used again', () => {
	const meter = createMeter();
	const fill = (round: number) => {
		for (let n = 0; n < 2000; n++)
			meter.charge([`account:${round}-${n}`], startMs + round * 90_000_000, { messages: 1, recipients: 1, keys: [n] });
	};
	fill(0);
	const bytes = meter.bytes;
	for (let round = 1; round < 5; round++) {
		meter.prune(startMs + round * 90_000_000);
		assert.equal(meter.scopes, 0);
		fill(round);
	}
	assert.equal(meter.scopes, 2000);
	assert.equal(meter.bytes, bytes);
});
