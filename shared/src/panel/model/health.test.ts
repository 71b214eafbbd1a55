import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthDto } from '../../contract/shapes.ts';
import { healthPageOf } from './health.ts';
import { words } from './words.fixture.ts';

const health: HealthDto = {
	alive: true,
	ready: true,
	delivering: true,
	version: '1.2.0',
	started: '2026-11-20T08:00:00Z',
	problems: [],
	queue: { messages: 1, recipients: 2, queued: 2, waiting: 0, held: 0, sending: 0 },
	spool: { segments: 1, bytes: 2_400_000, freeBytes: 61_000_000_000, projectionLagBytes: 10 },
	connections: { in: 0, out: 0 },
};

test('fine: one quiet line each, nothing to mend', () => {
	const page = healthPageOf(health, { items: [], total: 4 }, words);
	assert.equal(page.headline, 'Everything works');
	assert.equal(page.say, 'Mail is taken and delivered.');
	assert.deepEqual(
		page.checks.map(({ isGood }) => isGood),
		[true, true, true, true, true],
	);
	assert.deepEqual(page.findings, []);
});

test('what is wrong comes with its mend, its age, and what it means for mail', () => {
	const problems = [{ code: 'disk-low', text: 'The disk is full.', hint: 'Free it.', since: '2026-11-24T05:12:10Z' }];
	const page = healthPageOf({ ...health, ready: false, problems }, undefined, words);
	assert.deepEqual(page.findings, [{ title: 'The disk is full', mend: 'Free it.', since: 'Since 05:12, 3 h 30 min' }]);
	assert.equal(page.say, 'New mail is not taken now: Exim keeps it and hands it over later. Nothing is lost.');
	assert.match(page.checks[1]?.text ?? '', /Exim keeps new mail/);
	assert.equal(page.checks.length, 4, 'what was not asked for is not judged');
});

test('closed destinations come with most mail first, open ones not at all', () => {
	const lane = { source: '192.0.2.1', window: 1, busy: 0 } as const;
	const items = [
		{
			...lane,
			destination: 'a.test',
			state: 'closed',
			queued: 2,
			reopens: '2026-11-24T09:00:00Z',
			lastFailure: '451',
		} as const,
		{ ...lane, destination: 'b.test', state: 'open', queued: 90 } as const,
		{ ...lane, destination: 'c.test', state: 'probing', queued: 7 } as const,
	];
	const page = healthPageOf(health, { items, total: 3 }, words);
	assert.deepEqual(
		page.lanes.map(({ to, due, reopens }) => [to, due, reopens]),
		[
			['c.test', '7', 'tried with one message now'],
			['a.test', '2', 'at 09:00'],
		],
	);
	assert.equal(page.lanesSub, '2 of 3 lanes are closed');
});
