import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSpan, parseTime, relativeText, timeText, zoneText } from './time.ts';

const berlin = { zone: 'Europe/Berlin', nowMs: Date.parse('2026-11-24T07:30:00Z') };
const newYork = { zone: 'America/New_York', nowMs: berlin.nowMs };
const iso = (text: string, view = berlin): string => {
	const parsed = parseTime(text, view);
	return parsed.ok ? new Date(parsed.value).toISOString() : parsed.error;
};

test('times carry the name of the zone that is in force at that time', () => {
	assert.equal(timeText(berlin, Date.parse('2026-11-24T07:30:00Z')), '2026-11-24 08:30:00 CET');
	assert.equal(timeText(berlin, Date.parse('2026-07-01T22:30:00Z')), '2026-07-02 00:30:00 CEST');
	assert.equal(timeText(newYork, Date.parse('2026-07-01T22:30:00Z')), '2026-07-01 18:30:00 EDT');
	assert.equal(timeText({ zone: 'UTC' }, 0), '1970-01-01 00:00:00 UTC');
	assert.equal(zoneText({ zone: 'Asia/Tokyo' }, 0), 'GMT+9');
});

test('how long ago, and how long until', () => {
	assert.equal(relativeText(berlin, berlin.nowMs - 90_000), '90 s ago');
	assert.equal(relativeText(berlin, berlin.nowMs + 5 * 3_600_000), 'in 5 h');
	assert.equal(relativeText(berlin, berlin.nowMs + 100), 'now');
});

test('durations need a unit', () => {
	assert.deepEqual(
		['90s', '30m', '30min', '12h', '7d', '2w'].map((text) => parseSpan(text)),
		[90, 1800, 1800, 43_200, 604_800, 1_209_600].map((value) => ({ ok: true, value })),
	);
	for (const text of ['', '5', '-5m', '5y', '1h30m', '1e3s']) assert.equal(parseSpan(text).ok, false, text);
});

test('a typed time is local, unless it says its zone', () => {
	assert.equal(iso('2h'), '2026-11-24T05:30:00.000Z');
	assert.equal(iso('2026-11-24'), '2026-11-23T23:00:00.000Z');
	assert.equal(iso('2026-11-24 07:20', newYork), '2026-11-24T12:20:00.000Z');
	assert.equal(iso('2026-07-01T07:20:05'), '2026-07-01T05:20:05.000Z');
	assert.equal(iso('2026-07-01T07:20:00+09:00'), '2026-06-30T22:20:00.000Z');
	for (const text of ['gestern', '2026-13-01', '24.11.2026', '2026-11-24 25:00'])
		assert.match(iso(text), /^A time such as/, text);
});

test('when clocks change: the hour that comes twice is the first, around it nothing shifts', () => {
	// 2026-10-25 in Berlin: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
	assert.equal(iso('2026-10-25 01:30'), '2026-10-24T23:30:00.000Z');
	assert.equal(iso('2026-10-25 02:30'), '2026-10-25T00:30:00.000Z');
	assert.equal(iso('2026-10-25 03:30'), '2026-10-25T02:30:00.000Z');
	// 2026-03-29: 02:00 CET becomes 03:00 CEST at 01:00 UTC.
	assert.equal(iso('2026-03-29 01:30'), '2026-03-29T00:30:00.000Z');
	assert.equal(iso('2026-03-29 03:30'), '2026-03-29T01:30:00.000Z');
});
