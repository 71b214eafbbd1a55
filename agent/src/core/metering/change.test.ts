/**
 * What a change of one number makes of an account, and that what stood before can be told from what stands then.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LimitSet, limitModes, limitRules, modeOf, type StoredLimits } from '@sluice/shared/words/limits.ts';
import fc from 'fast-check';
import { createAccountBook } from '../identity/accounts.ts';
import { createLimitBook } from './book.ts';
import { accountOf, limitSet, fixtureNowMs as nowMs } from './chain.fixture.ts';
import { changedAccount, limitsAfter, type NumberChange } from './change.ts';

const change = (more: Partial<NumberChange> = {}): NumberChange => ({
	rule: 'hour.recipients',
	value: 200,
	mode: 'enforce',
	author: 'admin root',
	setMs: nowMs,
	...more,
});

function createServer(used = 0) {
	const accounts = createAccountBook([
		accountOf('acme', { name: 'Acme Ltd', reseller: 'bob', plan: 'Basic', sinceMs: nowMs - 30 * 86_400_000 }),
	]);
	const book = createLimitBook();
	const input = {
		...{ accounts, book, nowMs, staleMs: 1, ramp: { mode: 'off', days: 7, share: 0.5 } as const },
		used: () => used,
	};
	const of = (asked: NumberChange) => changedAccount('acme', book.get('account', 'acme') ?? {}, asked, input);
	return { book, of };
}

test('from the number of the plan to an own one, capped by the reseller, and used up already', () => {
	const { book, of } = createServer(250);
	book.set('plan', 'Basic', { base: limitSet({ 'hour.recipients': 50 }) });
	assert.deepEqual(of(change()), {
		key: 'acme',
		from: '50 recipients an hour from plan Basic',
		to: '200 recipients an hour from account Acme Ltd',
		used: 250,
		isCapped: false,
		isOver: true,
	});
	book.set('reseller', 'bob', { base: limitSet({ 'hour.recipients': 120 }) });
	const capped = of(change());
	assert.equal(capped?.to, '120 recipients an hour from account Acme Ltd, capped by reseller bob');
	assert.equal(capped?.isCapped, true);
	assert.equal(
		of(change({ mode: 'monitor', value: 20 }))?.to,
		'20 recipients an hour from account Acme Ltd, monitor-only',
	);
	assert.equal(book.get('account', 'acme'), undefined, 'looking changes nothing');
});

test('the other numbers and modes stay, an exception stands beside', () => {
	const base: LimitSet = {
		...limitSet({ 'hour.recipients': 10, 'day.recipients': 90 }),
		mode: 'monitor',
		modes: { 'hour.recipients': 'enforce' },
		over: 'defer',
	};
	const after = limitsAfter({ base }, change({ mode: 'monitor' }));
	assert.deepEqual(after.base?.values, { 'hour.recipients': 200, 'day.recipients': 90 });
	assert.deepEqual([after.base?.mode, after.base?.modes, after.base?.over], ['monitor', undefined, 'defer']);
	const excepted = limitsAfter({ base }, change({ untilMs: nowMs + 1000 }));
	assert.equal(excepted.base, base);
	assert.deepEqual(
		[excepted.exception?.values, excepted.exception?.untilMs],
		[{ 'hour.recipients': 200 }, nowMs + 1000],
	);
	const without = limitsAfter(excepted, change({ value: null }));
	assert.equal(without.exception, undefined, 'nothing is left in it');
	assert.deepEqual(without.base?.values, { 'day.recipients': 90 });
});

test('what is so already is not changed', () => {
	const { book, of } = createServer();
	const stored = limitsAfter({}, change());
	assert.equal(limitsAfter(stored, change({ setMs: nowMs + 5 })), stored);
	assert.equal(limitsAfter({}, change({ value: null })).base, undefined);
	book.set('account', 'acme', stored);
	assert.equal(of(change()), undefined);
	assert.notEqual(of(change({ mode: 'monitor' })), undefined);
	assert.notEqual(limitsAfter(stored, change({ untilMs: nowMs + 1 })), stored, 'an exception is something else');
});

const rules = fc.constantFrom(...limitRules);
const modes = fc.constantFrom(...limitModes);
const sets = fc.record({
	values: fc.dictionary(rules, fc.nat(1000)),
	mode: modes,
	modes: fc.option(fc.dictionary(rules, modes), { nil: undefined }),
	over: fc.option(fc.constantFrom('wait', 'defer'), { nil: undefined }),
	author: fc.constantFrom('admin root', 'reseller bob'),
	setMs: fc.constantFrom(nowMs, nowMs - 1),
});
const compact = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const stored = fc
	.record({
		base: fc.option(sets, { nil: undefined }),
		exception: fc.option(
			sets.map((set) => ({ ...set, untilMs: nowMs + 50 })),
			{ nil: undefined },
		),
	})
	.map((one) => compact(one) as StoredLimits);
const changes = fc.record({
	rule: rules,
	value: fc.option(fc.nat(1000)),
	mode: modes,
	isException: fc.boolean(),
});

test('property: one number of one rule is another, all others stay, and what was written bears another time', () => {
	fc.assert(
		fc.property(stored, changes, (before, { rule, value, mode, isException }) => {
			const asked = change({ rule, value, mode, ...(isException && value !== null ? { untilMs: nowMs + 99 } : {}) });
			const after = limitsAfter(before, asked);
			assert.equal(limitsAfter(after, { ...asked, setMs: nowMs + 7 }), after, 'once more is nothing');
			for (const part of ['base', 'exception'] as const) {
				const [was, is] = [before[part], after[part]];
				if (was !== is && is !== undefined) assert.notEqual(was?.setMs, is.setMs);
				for (const one of limitRules) {
					if (one === rule) continue;
					assert.equal(is?.values[one], was?.values[one]);
					if (was?.values[one] !== undefined) assert.equal(modeOf(is as LimitSet, one), modeOf(was, one));
				}
			}
			const set = asked.untilMs === undefined ? after.base : after.exception;
			if (value === null) {
				assert.equal(after.base?.values[rule], undefined);
				assert.equal(after.exception?.values[rule], undefined);
			} else assert.deepEqual([set?.values[rule], modeOf(set as LimitSet, rule)], [value, mode]);
		}),
	);
});
