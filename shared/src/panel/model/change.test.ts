/** One number of many accounts: from a form to what the agent is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeBody, changeFieldsOf, endOf } from './change.ts';

const berlin = { zone: 'Europe/Berlin' };
const nowMs = Date.parse('2026-11-24T08:42:10Z');
const bodyOf = (given: object) => {
	const body = changeBody(changeFieldsOf(given as { [name: string]: unknown }), berlin, nowMs);
	return body.ok ? body.value : body.error;
};
const form = { rule: 'hour.recipients', value: '1,200', lasting: 'good', mode: 'monitor' };

test('ticked accounts are named once each; all that match are the filters of the list, and no names', () => {
	assert.deepEqual(bodyOf({ ...form, a: ['acme', 'calm', 'acme'] }), {
		target: { accounts: ['acme', 'calm'] },
		...{ rule: 'hour.recipients', value: 1200, mode: 'monitor', preview: false },
	});
	const all = bodyOf({ ...form, all: '1', a: 'acme', back: '?q=rose&show=near&plan=Basic+Plus&sort=name&cursor=x' });
	assert.deepEqual((all as { target: unknown }).target, {
		matching: { search: 'rose', near: true, plan: 'Basic Plus' },
	});
	const gone = bodyOf({ ...form, all: '1', back: '?show=gone' });
	assert.deepEqual((gone as { target: unknown }).target, { matching: { state: 'gone' } });
});

test('an end by the clock of the server; taken away there is none, and no number is needed', () => {
	assert.deepEqual(bodyOf({ ...form, a: 'acme', value: '', remove: '1', lasting: 'week' }), {
		target: { accounts: ['acme'] },
		...{ rule: 'hour.recipients', value: null, mode: 'monitor', preview: false },
	});
	assert.equal(new Date(endOf('week', berlin, nowMs) ?? 0).toISOString(), '2026-12-01T08:42:00.000Z');
	const beforeWinter = Date.parse('2026-10-22T10:00:00Z');
	assert.equal(new Date(endOf('week', berlin, beforeWinter) ?? 0).toISOString(), '2026-10-29T11:00:00.000Z');
});

test('nobody and no number are faults; what was seen comes along', () => {
	assert.equal(bodyOf(form), 'nobody');
	assert.equal(bodyOf({ ...form, a: 'acme', value: '1.5' }), 'not-a-number');
	assert.equal((bodyOf({ ...form, a: 'acme', expected: '12' }) as { expected: number }).expected, 12);
	assert.equal(changeFieldsOf({ expected: 'x' }).expected, undefined);
});
