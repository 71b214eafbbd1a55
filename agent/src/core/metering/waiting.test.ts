/**
 * The waiting room in the cases that people know: a steady flow over the limit, a newsletter, a neighbour, a failed write.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitRule } from '@sluice/shared/words/limits.ts';
import fc from 'fast-check';
import { chainOfScopes, ruleOf, rulesOf, fixtureNowMs as startMs } from './chain.fixture.ts';
import { kthLeavesMs } from './leaves.ts';
import { measure } from './measure.ts';
import { createMeter } from './meter.ts';
import type { Chain, Rule } from './types.ts';
import { createWaitingRoom, type Plan, type Release } from './waiting.ts';

const hourMs = 3_600_000;
const one = chainOfScopes('server:server', 'account:acme', 'mailbox:one@acme.test');
const two = chainOfScopes('server:server', 'account:acme', 'mailbox:two@acme.test');

type Left = { readonly id: string; readonly atMs: number; readonly chain: Chain };

/** A server with these rules: mail comes, is measured, leaves or waits, and leaves when the plan says. */
function createDesk(rules: readonly Rule[]) {
	const room = createWaitingRoom();
	const meter = createMeter({ tracksKeys: () => true });
	const left: Left[] = [];
	let sequence = 0;
	let nextMs: number | undefined;

	function plan(nowMs: number, recipientsMax = 1_000_000, mayTake = (_: Release) => true): Plan {
		const found = room.plan({
			nowMs,
			ruleSetOf: (chain) => rulesOf(rules, chain),
			meter,
			recipientsMax,
			take(release) {
				if (!mayTake(release)) return false;
				const { id, chain, indexes, keys, messages } = release;
				meter.charge(chain.scopes, nowMs, { messages, recipients: indexes.length, keys });
				for (const _ of indexes) left.push({ id, atMs: nowMs, chain });
				return true;
			},
		});
		nextMs = found.nextMs;
		return found;
	}

	return {
		room,
		meter,
		left,
		plan,
		/** Lets plans run when they are due, until then. */
		until(ms: number): void {
			while (nextMs !== undefined && nextMs <= ms) plan(nextMs);
		},
		send(chain: Chain, nowMs: number, count = 1): string {
			const id = String(sequence++).padStart(6, '0');
			const keys = Array.from({ length: count }, (_, index) => sequence * 1000 + index);
			const given = { rules: rulesOf(rules, chain), meter, waiting: room, nowMs };
			const { room: fits, binding } = measure({ chain, recipients: count, keys }, given);
			if (fits > 0) {
				meter.charge(chain.scopes, nowMs, { messages: 1, recipients: fits, keys: keys.slice(0, fits) });
				for (let n = 0; n < fits; n++) left.push({ id, atMs: nowMs, chain });
			}
			const recipients = keys.map((key, index) => ({ index, key })).slice(fits);
			const isCounted = fits > 0;
			const blockedAt = binding === undefined ? {} : { blockedAt: binding.rule.scope };
			room.add({ id, chain, sinceMs: nowMs, recipients, bytes: 2000, isCounted, ...blockedAt });
			plan(nowMs);
			return id;
		},
	};
}

const countWithin = (left: readonly Left[], fromMs: number, toMs: number): number =>
	left.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length;

test('a steady flow above the limit drains at exactly its pace, over many windows', () => {
	for (const limit of [7, 100]) {
		const desk = createDesk([ruleOf('mailbox:one@acme.test', 'hour.recipients', limit)]);
		const perHour = limit * 3;
		for (let n = 0; n < perHour * 4; n++) {
			const atMs = startMs + Math.floor((n * hourMs) / perHour);
			desk.until(atMs);
			desk.send(one, atMs);
		}
		const hours = 12;
		desk.until(startMs + hours * hourMs);
		for (let hour = 0; hour < hours; hour++)
			assert.equal(
				countWithin(desk.left, startMs + hour * hourMs, startMs + (hour + 1) * hourMs),
				limit,
				`hour ${hour}`,
			);
		assert.equal(desk.room.size, 0);
		assert.deepEqual(
			desk.left.map(({ id }) => id),
			desk.left.map(({ id }) => id).toSorted(),
			'oldest first',
		);
	}
});

test('the last leaves when it was said to, for any rule, use and number', () => {
	const rules: readonly LimitRule[] = [
		'minute.messages',
		'minute.recipients',
		'hour.messages',
		'hour.recipients',
		'hour.uniqueRecipients',
		'day.recipients',
	];
	fc.assert(
		fc.property(
			fc.constantFrom(...rules),
			fc.integer({ min: 1, max: 9 }),
			fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 12 }),
			fc.integer({ min: 1, max: 40 }),
			(rule, limit, gaps, waiting) => {
				const limits = [ruleOf('account:acme', rule, limit), ruleOf('server:server', 'day.recipients', 1000)];
				const desk = createDesk(limits);
				let nowMs = startMs;
				for (const gap of gaps) {
					desk.until(nowMs);
					desk.send(one, nowMs);
					nowMs += gap;
				}
				desk.until(nowMs);
				for (let n = 0; n < waiting; n++) desk.send(n % 2 === 0 ? one : two, nowMs);
				const said = desk.room.lastLeavesMs(one, { rules: rulesOf(limits, one), meter: desk.meter, nowMs });
				desk.until(nowMs + 1e11);
				assert.equal(desk.room.size, 0);
				assert.equal(said, Math.max(nowMs, desk.left.at(-1)?.atMs ?? 0));
			},
		),
		{ numRuns: 200 },
	);
});

test('what could leave at once frees its room a whole second, or minute, later', () => {
	const meter = createMeter();
	const nowMs = startMs + 61_999;
	const at = (rule: LimitRule, count: number) => kthLeavesMs(ruleOf('account:acme', rule, 10), count, { meter, nowMs });
	assert.deepEqual([at('hour.recipients', 10), at('hour.recipients', 11)], [nowMs, startMs + 61_000 + hourMs]);
	assert.deepEqual([at('day.recipients', 10), at('day.recipients', 31)], [nowMs, startMs + 60_000 + 72 * hourMs]);
});

test('a message larger than a whole window leaves in parts and stops nobody who does not share its limit', () => {
	const desk = createDesk([
		ruleOf('mailbox:one@acme.test', 'hour.recipients', 100),
		ruleOf('server:server', 'hour.recipients', 150),
	]);
	const newsletter = desk.send(one, startMs, 250);
	assert.equal(desk.left.length, 100);
	const neighbour = desk.send(two, startMs + 1000, 20);
	assert.equal(desk.left.filter(({ id }) => id === neighbour).length, 20);
	const behind = desk.send(one, startMs + 2000);
	desk.until(startMs + 3 * hourMs);
	const of = (id: string, hour: number) =>
		countWithin(
			desk.left.filter((one) => one.id === id),
			startMs + hour * hourMs,
			startMs + (hour + 1) * hourMs,
		);
	assert.deepEqual([of(newsletter, 0), of(newsletter, 1), of(newsletter, 2)], [100, 100, 50]);
	assert.equal(of(behind, 2), 1, 'behind it, not before');
	assert.equal(desk.meter.used('mailbox:one@acme.test', 'day.messages', startMs + 3 * hourMs), 2, 'counted once');
});

test('a message that fits a window is never cut', () => {
	const desk = createDesk([ruleOf('account:acme', 'hour.recipients', 10)]);
	desk.send(one, startMs, 6);
	const whole = desk.send(one, startMs + 60_000, 5);
	assert.equal(desk.left.length, 6);
	desk.until(startMs + hourMs);
	assert.equal(desk.left.filter(({ id }) => id === whole).length, 5);
});

test('an older message that waits for a shared limit is not starved by small ones of a neighbour', () => {
	const desk = createDesk([ruleOf('account:acme', 'hour.recipients', 10)]);
	for (let n = 0; n < 10; n++) desk.send(two, startMs + n * 60_000);
	const large = desk.send(one, startMs + 600_000, 10);
	for (let n = 0; n < 30; n++) desk.send(two, startMs + 660_000 + n * 60_000);
	assert.equal(desk.room.blocks(two), true);
	desk.until(startMs + 3 * hourMs);
	assert.deepEqual(
		[...new Set(desk.left.slice(10).map(({ id }) => id))][0],
		large,
		'its ten leave first, when all fit',
	);
	assert.equal(desk.left.filter(({ id }) => id === large).at(-1)?.atMs, startMs + 540_000 + hourMs);
});

test('a limit that a neighbour does not share keeps only its own', () => {
	const desk = createDesk([ruleOf('mailbox:one@acme.test', 'hour.recipients', 1)]);
	desk.send(one, startMs);
	desk.send(one, startMs);
	assert.equal(desk.room.blocks(one), true);
	assert.equal(desk.room.blocks(two), false);
	desk.send(two, startMs);
	assert.equal(desk.left.length, 2);
});

test('who fills a pool first does not have it until all of his has left: accounts take turns', () => {
	const hog = chainOfScopes('server:server', 'account:a');
	const neighbour = chainOfScopes('server:server', 'account:b');
	const desk = createDesk([ruleOf('server:server', 'hour.recipients', 10)]);
	const sent: string[] = [];
	for (let n = 0; n < 30; n++) sent.push(desk.send(hog, startMs, 10));
	const small = desk.send(neighbour, startMs + 1000);
	desk.until(startMs + 5 * hourMs);
	const leftMs = desk.left.find(({ id }) => id === small)?.atMs ?? Number.NaN;
	assert.ok(leftMs <= startMs + 2 * hourMs, `${(leftMs - startMs) / hourMs} h`);
	// And the hog is not starved by small ones: a message that takes the whole window has its turn.
	for (let hour = 5; hour < 25; hour++) {
		desk.send(neighbour, startMs + hour * hourMs + 1);
		desk.until(startMs + (hour + 1) * hourMs);
	}
	const ofHog = desk.left.filter(({ chain }) => chain === hog);
	assert.ok(ofHog.length >= 100, `${ofHog.length}`);
	assert.deepEqual([...new Set(ofHog.map(({ id }) => id))], sent.slice(0, ofHog.length / 10), 'its own in order');
});

test('who waits for a limit of its own keeps nobody from a pool, however often it would not fit there either', () => {
	const attacker = chainOfScopes('server:server', 'reseller:r', 'account:a');
	const neighbour = chainOfScopes('server:server', 'reseller:r', 'account:b');
	const desk = createDesk([
		ruleOf('reseller:r', 'hour.recipients', 20),
		ruleOf('account:a', 'hour.recipients', 10),
		ruleOf('account:b', 'hour.recipients', 10),
	]);
	desk.send(attacker, startMs, 10);
	const waits = desk.send(attacker, startMs, 10);
	desk.send(neighbour, startMs + 1000, 2);
	desk.send(attacker, startMs + 1000, 10);
	assert.equal(desk.room.blocks(neighbour), false);
	const small = desk.send(neighbour, startMs + 2000);
	assert.equal(desk.left.at(-1)?.id, small, 'eight of the pool are free');
	// When its own limit has room the pool is kept for it, or small ones would starve it.
	for (let n = 1; n <= 7; n++) desk.send(neighbour, startMs + 3000 + n);
	desk.until(startMs + hourMs);
	assert.equal(desk.left.filter(({ id }) => id === waits).length, 10);
});

test('at most recipientsMax at once, then again at once; what cannot be taken keeps its place', () => {
	const desk = createDesk([]);
	for (let n = 0; n < 5; n++) {
		const recipients = [{ index: 0, key: n }];
		desk.room.add({ id: `m${n}`, chain: one, sinceMs: startMs + n, recipients, bytes: 1 });
	}
	const refused = desk.plan(startMs + 10, 100, () => false);
	assert.deepEqual(refused, { releases: [] });
	assert.equal(desk.room.size, 5);
	const first = desk.plan(startMs + 10, 2);
	assert.deepEqual([first.releases.map(({ id }) => id), first.nextMs], [['m0', 'm1'], startMs + 10]);
	const rest = desk.plan(startMs + 10, 100);
	assert.deepEqual(rest, { releases: rest.releases });
	assert.deepEqual(
		rest.releases.map(({ id }) => id),
		['m2', 'm3', 'm4'],
	);
});

test('a limit of 0 keeps what waits until the limit changes, and says never', () => {
	const desk = createDesk([ruleOf('account:acme', 'hour.recipients', 0)]);
	desk.send(one, startMs);
	assert.deepEqual(desk.plan(startMs + 1e12), { releases: [] });
	const rules = rulesOf([ruleOf('account:acme', 'hour.recipients', 0)], one);
	assert.equal(desk.room.lastLeavesMs(one, { rules, meter: desk.meter, nowMs: startMs }), undefined);
});

test('a look costs by senders, not by what waits', () => {
	const desk = createDesk([ruleOf('account:acme', 'hour.recipients', 1)]);
	const add = (from: number, count: number): void => {
		for (let n = from; n < from + count; n++)
			desk.room.add({
				id: String(n).padStart(8, '0'),
				chain: one,
				sinceMs: startMs + n,
				recipients: [{ index: 0, key: n }],
				bytes: 1,
			});
	};
	let asked = 0;
	const { meter } = desk;
	const counted = {
		...meter,
		used(...question: Parameters<typeof meter.used>) {
			asked += 1;
			return meter.used(...question);
		},
	};
	const look = (): number => {
		asked = 0;
		const ruleSetOf = (chain: Chain) => rulesOf([ruleOf('account:acme', 'hour.recipients', 1)], chain);
		desk.room.plan({ nowMs: startMs + 1e7, ruleSetOf, meter: counted, recipientsMax: 10, take: () => true });
		return asked;
	};
	meter.charge(one.scopes, startMs + 1e7, { messages: 1, recipients: 1, keys: [1] });
	add(0, 10);
	const few = look();
	add(10, 20_000);
	assert.equal(look(), few);
});
