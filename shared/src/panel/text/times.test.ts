/** Times in the server's zone: the same words wherever the browser is, also over a change of the clocks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockText } from '../../words/moment.ts';
import { dayOf, dayStartMs, moment, near, tomorrowMs, zoneText } from './times.ts';

const berlin = { zone: 'Europe/Berlin' };
const at = Date.parse('2026-11-24T08:42:10Z');

test('a moment, near and far, in the zone of the server', () => {
	assert.equal(moment(berlin, at), 'Tue 24 Nov 2026, 09:42:10');
	assert.equal(near(berlin, at, at), '09:42');
	assert.equal(near(berlin, Date.parse('2026-11-24T23:30:00Z'), at), 'tomorrow, 00:30');
	assert.equal(near(berlin, Date.parse('2026-11-23T08:42:00Z'), at), 'yesterday, 09:42');
	assert.equal(near(berlin, Date.parse('2026-12-01T08:42:00Z'), at), 'Tue 1 Dec, 09:42');
	assert.equal(near(berlin, Date.parse('2027-01-05T08:42:00Z'), at), 'Tue 5 Jan 2027, 09:42');
	assert.equal(near({ zone: 'Asia/Tokyo' }, at, at), '17:42');
});

test('the zone with its distance', () => {
	assert.equal(zoneText(berlin, at), 'Europe/Berlin (UTC+1)');
	assert.equal(zoneText(berlin, Date.parse('2026-07-01T00:00:00Z')), 'Europe/Berlin (UTC+2)');
	assert.equal(zoneText({ zone: 'Asia/Kolkata' }, at), 'Asia/Kolkata (UTC+5:30)');
	assert.equal(zoneText({ zone: 'America/New_York' }, at), 'America/New_York (UTC−5)');
	assert.equal(zoneText({ zone: 'UTC' }, at), 'UTC');
});

test('until tomorrow is the same time of the clock, whatever the clocks do meanwhile', () => {
	assert.equal(new Date(tomorrowMs(berlin, at)).toISOString(), '2026-11-25T08:42:00.000Z');
	const beforeSummer = Date.parse('2026-03-28T12:00:00Z');
	assert.equal(clockText(berlin, beforeSummer), clockText(berlin, tomorrowMs(berlin, beforeSummer)));
	const beforeWinter = Date.parse('2026-10-24T12:00:00Z');
	assert.equal(clockText(berlin, beforeWinter), clockText(berlin, tomorrowMs(berlin, beforeWinter)));
});

test('a day begins at midnight of the server, also when the clocks change', () => {
	const starts = ['2026-11-24', '2026-03-29', '2026-03-30', '2026-10-25', '2026-10-26'].map((day) =>
		new Date(dayStartMs(berlin, day) ?? 0).toISOString(),
	);
	assert.deepEqual(starts, [
		'2026-11-23T23:00:00.000Z',
		'2026-03-28T23:00:00.000Z',
		'2026-03-29T22:00:00.000Z',
		'2026-10-24T22:00:00.000Z',
		'2026-10-25T23:00:00.000Z',
	]);
	assert.deepEqual([dayStartMs(berlin, '2026-13-01'), dayStartMs(berlin, 'today')], [undefined, undefined]);
	assert.equal(dayOf(berlin, Date.parse('2026-11-24T23:30:00Z')), '2026-11-25');
});
