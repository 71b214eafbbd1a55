import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayMsMin, isDelayNoticeDue, isExpired, nextAttemptMs, retryDefaults } from './backoff.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const middle = () => 0.5;
const wait = (attempts: number, changes: object = {}) =>
	nextAttemptMs({ attempts, ageMs: 0, report: false, cause: 'unknown', random: middle, ...changes });

test('waits double from 5 minutes and end at 4 hours', () => {
	assert.deepEqual(
		[1, 2, 3, 4, 5, 6, 7, 8, 40].map((attempts) => wait(attempts) / minuteMs),
		[5, 10, 20, 40, 80, 160, 240, 240, 240],
	);
});

test('greylisting is answered sooner, then as usual', () => {
	const delays = [1, 2, 3].map((attempts) => wait(attempts, { cause: 'greylist' }) / minuteMs);
	assert.deepEqual(delays, [2, 5, 10]);
	// Most greylists ask for 5 minutes: the second retry lies beyond them whatever the draw.
	const earliest = [1, 2].map((attempts) => wait(attempts, { cause: 'greylist', random: () => 0 }));
	assert.ok((earliest[0] ?? 0) + (earliest[1] ?? 0) > 5 * minuteMs);
});

test('the draw spreads a wait by a fifth either way', () => {
	assert.equal(wait(1, { random: () => 0 }), 4 * minuteMs);
	assert.ok(Math.abs(wait(1, { random: () => 0.999999 }) - 6 * minuteMs) < 100);
});

test('the last try falls on the end of the lifetime, not beyond it', () => {
	const ageMs = retryDefaults.expireAfterMs - hourMs;
	assert.equal(wait(20, { ageMs }), hourMs);
	assert.equal(wait(20, { ageMs: retryDefaults.expireAfterMs - 10 }), delayMsMin);
	assert.equal(wait(6, { ageMs: retryDefaults.expireReportAfterMs - hourMs, report: true }), hourMs);
});

test('never faster than the floor, whatever the settings', () => {
	const settings = { ...retryDefaults, firstDelayMs: 0, greylistFirstDelayMs: 0 };
	assert.equal(
		nextAttemptMs({ attempts: 1, ageMs: 0, report: false, cause: 'greylist', random: middle }, settings),
		delayMsMin,
	);
});

test('expiry needs age and an attempt; reports live a day, mail four', () => {
	const at = (ageMs: number, report: boolean, attempts = 3) => isExpired({ attempts, ageMs, report });
	assert.deepEqual([at(96 * hourMs - 1, false), at(96 * hourMs, false)], [false, true]);
	assert.deepEqual([at(24 * hourMs - 1, true), at(24 * hourMs, true)], [false, true]);
	assert.equal(at(500 * hourMs, false, 0), false);
});

test('a delay is told once, after 4 hours, and never of mail that was not tried', () => {
	const due = (ageMs: number, delayNoticed: boolean, attempts = 3) =>
		isDelayNoticeDue({ attempts, ageMs, report: false, delayNoticed });
	assert.deepEqual([due(4 * hourMs - 1, false), due(4 * hourMs, false), due(9 * hourMs, true)], [false, true, false]);
	assert.equal(due(9 * hourMs, false, 0), false);
});
