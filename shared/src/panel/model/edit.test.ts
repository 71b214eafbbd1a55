/** Editing a limit: what people type, what is put, and that undo leads back to exactly what stood before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LimitsDto, LimitsInput, LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import {
	type Edit,
	formerOf,
	meanwhileOf,
	parseEdit,
	parseNumber,
	restoring,
	stampOf,
	type Write,
	writesOf,
} from './edit.ts';
import { inputOf, isEmptySet, numberOf, ruleOrder } from './rule-words.ts';

const untilMs = Date.parse('2026-11-25T08:42:00Z');
const nowMs = untilMs - 86_400_000;
const dto = ({ replaces: _replaces, ...input }: LimitsInput): LimitsDto => ({
	...input,
	author: 'admin root',
	set: '2026-11-01T00:00:00.000Z',
});
const view = (change: Partial<LimitsView>): LimitsView => ({
	level: 'account',
	id: 'acme',
	effective: [],
	wouldHave: [],
	...change,
});

/** What the agent does with a put or delete. */
function apply(before: LimitsView, writes: readonly Write[]): LimitsView {
	let { base, exception } = before;
	for (const write of writes) {
		if (write.kind === 'delete') {
			assert.equal(write.replaces, before[write.only]?.set);
			if (write.only === 'exception') exception = undefined;
			else base = undefined;
		} else if (write.body.until == null) base = dto(write.body);
		else exception = dto(write.body);
	}
	return view({ ...(base === undefined ? {} : { base }), ...(exception === undefined ? {} : { exception }) });
}

test('a number as people write it; nothing else', () => {
	const told = [
		'150',
		' 0 ',
		'1,000',
		'1 000 000',
		'1’000',
		'-5',
		'1.5',
		'1,5',
		'12,34',
		'',
		'many',
		'1e3',
		'9999999999',
	];
	assert.deepEqual(told.map(parseNumber), [150, 0, 1000, 1_000_000, 1000, ...Array(8).fill(undefined)]);
});

test('more than a parent allows is told before, with the parent and the number that counts', () => {
	const bound = { value: 600, who: 'reseller', id: 'nordweb' } as const;
	const fields = { rule: 'hour.recipients', lasting: 'good' } as const;
	assert.deepEqual(parseEdit({ ...fields, value: '601' }, bound), { ok: false, error: { kind: 'above', ...bound } });
	assert.equal(parseEdit({ ...fields, value: '600' }, bound).ok, true);
	assert.deepEqual(parseEdit({ ...fields, value: '-1' }, bound), { ok: false, error: { kind: 'not-a-number' } });
});

test('one number changes, all others stay; watching stays watching, enforced stays enforced', () => {
	const limit: LimitsView['effective'][number] = {
		rule: 'hour.recipients',
		unit: 'recipients',
		window: 'hour',
		value: 100,
		mode: 'monitor',
		origin: { level: 'account', id: 'acme', name: '' },
		text: '',
	};
	const before = view({
		base: dto({
			mode: 'enforce',
			hour: { recipients: 100, messages: 40 },
			day: { recipients: 500 },
			note: 'as agreed',
		}),
		effective: [limit, { ...limit, rule: 'day.recipients', window: 'day', value: 500, mode: 'enforce' }],
	});
	assert.deepEqual(writesOf({ rule: 'hour.recipients', value: 150, lasting: 'good' }, before, untilMs), [
		{
			kind: 'put',
			body: {
				mode: 'enforce',
				modes: { 'hour.recipients': 'monitor' },
				hour: { recipients: 150, messages: 40 },
				day: { recipients: 500 },
				note: 'as agreed',
				replaces: '2026-11-01T00:00:00.000Z',
			},
		},
	]);
	const [write] = writesOf({ rule: 'day.recipients', value: 900, lasting: 'tomorrow' }, before, untilMs);
	assert.deepEqual(write, {
		kind: 'put',
		body: {
			mode: 'monitor',
			modes: { 'day.recipients': 'enforce' },
			day: { recipients: 900 },
			until: '2026-11-25T08:42:00.000Z',
			replaces: null,
		},
	});
});

test('taking the only number away leaves nothing; taking one of several leaves the others', () => {
	const only = view({ base: dto({ mode: 'monitor', hour: { recipients: 100 } }) });
	assert.deepEqual(writesOf({ rule: 'hour.recipients', value: null, lasting: 'good' }, only, untilMs), [
		{ kind: 'delete', only: 'base', replaces: '2026-11-01T00:00:00.000Z' },
	]);
	const several = view({ base: dto({ mode: 'monitor', hour: { recipients: 100 }, day: { recipients: 9 } }) });
	const [put] = writesOf({ rule: 'hour.recipients', value: null, lasting: 'good' }, several, untilMs);
	assert.ok(put?.kind === 'put');
	assert.deepEqual([numberOf(put.body, 'hour.recipients'), numberOf(put.body, 'day.recipients')], [undefined, 9]);
});

const numbers = fc.option(fc.record({ messages: fc.option(fc.nat(999)), recipients: fc.option(fc.nat(999)) }));
const input = fc.record({
	mode: fc.constantFrom('monitor' as const, 'enforce' as const),
	minute: numbers,
	hour: numbers,
	day: numbers,
	hourUniqueRecipients: fc.option(fc.nat(999)),
	recipientsPerMessage: fc.option(fc.nat(999)),
});
const edits: fc.Arbitrary<Edit> = fc.record({
	rule: fc.constantFrom<LimitRule[]>(...ruleOrder),
	value: fc.option(fc.nat(9999)),
	lasting: fc.constantFrom('tomorrow', 'good'),
});

test('whatever stood and whatever was edited, undo leads back to it', () => {
	fc.assert(
		fc.property(fc.option(input), fc.option(input), edits, (base, exception, edit) => {
			const before = view({
				...(base === null ? {} : { base: dto(base) }),
				...(exception === null ? {} : { exception: dto({ ...exception, until: new Date(untilMs).toISOString() }) }),
			});
			const after = apply(before, writesOf(edit, before, untilMs));
			const again = apply(after, restoring(formerOf(before), after, nowMs));
			assert.deepEqual(formerOf(again), formerOf(before));
		}),
	);
});

test('an exception that has ended meanwhile does not come back', () => {
	const before = view({
		exception: dto({ mode: 'monitor', hour: { recipients: 1 }, until: new Date(nowMs).toISOString() }),
	});
	assert.deepEqual(restoring(formerOf(before), view({}), nowMs + 1), []);
});

test('a set that was put is told apart by when; what is put again has no author', () => {
	const one = view({ base: dto({ mode: 'monitor' }) });
	assert.equal(stampOf(one), '2026-11-01T00:00:00.000Z/-');
	assert.deepEqual(inputOf(dto({ mode: 'monitor' })), { mode: 'monitor' });
	assert.equal(isEmptySet({ mode: 'monitor', hour: { recipients: null } }), true);
	assert.equal(isEmptySet({ mode: 'monitor', hour: { recipients: 0 } }), false, '0 is a number: none may leave');
});

test('what somebody has set since is told with who and when; an exception that has ended by itself is nobody', () => {
	const seen = view({ base: dto({ mode: 'monitor', hour: { recipients: 100 } }) });
	const later = '2026-11-24T08:41:00.000Z';
	const other = { ...dto({ mode: 'monitor', hour: { recipients: 300 } }), author: 'admin anna', set: later };
	assert.equal(meanwhileOf(stampOf(seen), seen, 'hour.recipients'), undefined);
	assert.deepEqual(meanwhileOf(stampOf(seen), view({ base: other }), 'hour.recipients'), {
		author: 'admin anna',
		rule: 'hour.recipients',
		value: 300,
		set: later,
	});
	assert.equal(meanwhileOf(stampOf(seen), view({}), 'hour.recipients'), 'gone');
	const exception = { ...other, until: new Date(untilMs).toISOString() };
	assert.equal(meanwhileOf(stampOf({ ...seen, exception }), seen, 'hour.recipients'), undefined);
	const both = meanwhileOf(stampOf(seen), { ...seen, exception }, 'day.recipients');
	assert.ok(both !== undefined && both !== 'gone');
	assert.deepEqual([both.rule, both.value], ['hour.recipients', 300], 'another number than the edited one');
});
