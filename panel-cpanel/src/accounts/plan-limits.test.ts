/** Who wins when a package and a person say different numbers for one plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitsDto } from '@sluice/shared/contract/limit-shapes.ts';
import { isNews, packageSays, planStep } from './plan-limits.ts';

const says = (hour: string, mode = 'monitor', day = 'inherit') =>
	packageSays({ sluice_hour_recipients: hour, sluice_day_recipients: day, sluice_mode: mode });

const base = (fields: Partial<LimitsDto>): LimitsDto => ({
	mode: 'monitor',
	author: 'admin root',
	set: '2026-01-01T00:00:00.000Z',
	...fields,
});

test('what a package says', () => {
	assert.deepEqual(says('200', 'enforce'), { sluice_hour_recipients: 200, mode: 'enforce' });
	assert.deepEqual(says('0'), { sluice_hour_recipients: 0, mode: 'monitor' }, '0: none may leave');
	for (const nothing of ['inherit', '', 'unlimited', '-5', '1.5', 'many', '99999999999'])
		assert.deepEqual(says(nothing, 'enforce'), {}, nothing);
	assert.deepEqual(packageSays({ sluice_hour_recipients: '7', sluice_mode: 'shout' }), { sluice_hour_recipients: 7 });
});

test('a package’s number is put once, and again when it changes', () => {
	const first = planStep(says('200', 'enforce'), undefined, undefined);
	assert.deepEqual(first, {
		kind: 'put',
		body: { mode: 'enforce', hour: { recipients: 200 }, note: 'from the package in WHM', replaces: null },
	});
	assert.equal(isNews(says('200'), says('200')), false);
	assert.deepEqual(planStep(says('200'), says('200'), undefined), { kind: 'none' });
	const next = planStep(says('300'), says('200'), base({ hour: { recipients: 200 } }));
	assert.ok(next.kind === 'put');
	assert.deepEqual([next.body.hour, next.body.replaces], [{ recipients: 300 }, '2026-01-01T00:00:00.000Z']);
});

test('what a person has set stays, key by key', () => {
	const person = base({
		hour: { recipients: 50, messages: 20 },
		recipientsPerMessage: 10,
		modes: { 'hour.messages': 'enforce' },
		over: 'defer',
	});
	// The package is seen for the first time: the person stays, and it is said.
	assert.deepEqual(planStep(says('200'), undefined, person), { kind: 'none', isKept: true });
	assert.deepEqual(planStep(says('inherit'), undefined, person), { kind: 'none' });
	// Nothing new in the package.
	assert.deepEqual(planStep(says('200'), says('200'), person), { kind: 'none' });
	// One key is new; the others, the mode and what is beside them stay. Its own mode is its own.
	const step = planStep(says('200', 'enforce', '1000'), says('200', 'enforce'), person);
	assert.ok(step.kind === 'put');
	assert.deepEqual(step.body, {
		mode: 'monitor',
		hour: { messages: 20, recipients: 50 },
		day: { recipients: 1000 },
		recipientsPerMessage: 10,
		modes: { 'hour.messages': 'enforce', 'day.recipients': 'enforce' },
		over: 'defer',
		note: 'from the package in WHM',
		replaces: '2026-01-01T00:00:00.000Z',
	});
});

test('the mode of a package speaks for its own numbers only', () => {
	const alone = planStep(says('200', 'enforce'), says('200', 'monitor'), base({ hour: { recipients: 200 } }));
	assert.equal(alone.kind === 'put' && alone.body.mode, 'enforce');
	const beside = planStep(
		says('200', 'enforce'),
		says('200', 'monitor'),
		base({ hour: { recipients: 200 }, day: { messages: 5 } }),
	);
	assert.ok(beside.kind === 'put');
	assert.deepEqual([beside.body.mode, beside.body.modes], ['monitor', { 'hour.recipients': 'enforce' }]);
});

test('a number taken out of the package is taken away; the last one takes the limits with it', () => {
	const both = base({ hour: { recipients: 200 }, day: { messages: 9 } });
	const step = planStep(says('inherit'), says('200'), both);
	assert.ok(step.kind === 'put');
	assert.deepEqual([step.body.hour, step.body.day], [undefined, { messages: 9 }]);
	assert.deepEqual(planStep({}, says('200'), base({ hour: { recipients: 200 } })), { kind: 'delete' });
	assert.deepEqual(planStep({}, says('200'), undefined), { kind: 'none' });
});
