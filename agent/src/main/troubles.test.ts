/** What the store says is wrong, as an administrator reads it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { createHealth } from '../flow/health.ts';
import { systemClock } from '../io/system/clock.ts';
import { tellStoreTrouble } from './troubles.ts';

test('a lost state.db stays in status, since nobody is held any more; a lost day of history does not', () => {
	const told: SluiceEvent[] = [];
	const events = { emit: (event: SluiceEvent) => void told.push(event) };
	const health = createHealth(systemClock, events);
	const tell = tellStoreTrouble({ events, health: () => health, now: () => 0 });
	tell({ kind: 'day-set-aside', day: '2026-11-24', path: '/d/2026-11-24.damaged-1', why: 'file is not a database' });
	assert.match(String(told[0]?.text), /history of 2026-11-24 .* made anew/);
	assert.deepEqual(health.problems(), []);
	tell({ kind: 'state-set-aside', path: '/d/state.db.damaged-1', why: 'file is not a database' });
	assert.deepEqual(
		told.map(({ event }) => event),
		['spool.corrupt', 'spool.corrupt', 'health.degraded'],
	);
	const [problem] = health.problems();
	assert.match(
		problem?.text ?? '',
		/state\.db\.damaged-1.*No standing hold and no limit is in force, no account, credential or webhook is known/,
	);
	assert.match(problem?.hint ?? '', /sluice hold set/);
	assert.ok(health.can('accepting') && health.can('delivering'));
});
