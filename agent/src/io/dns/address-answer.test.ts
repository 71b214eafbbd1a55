import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AddressRecord, combined } from './address-answer.ts';
import type { Outcome } from './question.ts';

const times = { ttlMinMs: 5_000, ttlMaxMs: 60_000, negativeTtlMs: 9_000, temporaryTtlMs: 1_000 };
const four = (ttl: number): Outcome<AddressRecord> => ({ ok: true, value: [{ address: '192.0.2.1', ttl }] });
const six = (ttl: number): Outcome<AddressRecord> => ({ ok: true, value: [{ address: '2001:db8::1', ttl }] });
const none: Outcome<AddressRecord> = { ok: false, error: { kind: 'none', detail: 'no such record' } };
const temporary: Outcome<AddressRecord> = { ok: false, error: { kind: 'temporary', detail: 'SERVFAIL' } };

test('the shortest TTL counts, within its bounds', () => {
	for (const [one, other, forMs] of [
		[30, 20, 20_000],
		[20, 30, 20_000],
		[0, 30, 5_000],
		[90, 90, 60_000],
	] as const) {
		assert.deepEqual(combined([four(one), six(other)], times), {
			answer: { ok: true, value: ['192.0.2.1', '2001:db8::1'] },
			forMs,
		});
	}
});

test('one kind is an answer; it holds for a moment when the other could not be found out', () => {
	assert.equal(combined([four(20), none], times).forMs, 20_000);
	assert.equal(combined([none, six(20)], times).forMs, 20_000);
	assert.deepEqual(combined([temporary, six(20)], times), {
		answer: { ok: true, value: ['2001:db8::1'] },
		forMs: 1_000,
	});
});

test('none only when both said so: none would bounce mail', () => {
	assert.deepEqual(combined([none, none], times).answer, none);
	assert.deepEqual(combined([none, temporary], times).answer, temporary);
	assert.deepEqual(combined([temporary, none], times).answer, temporary);
});
