/** What strangers can make the agent write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { handClock } from './hand-clock.fixture.ts';
import { refusalsAMinuteMax, tellRefused } from './refusals.ts';

test('so many refusals are told a minute; the next minute says how many more there were', () => {
	const clock = handClock(0);
	const seen: SluiceEvent[] = [];
	const flow = { clock, events: { emit: (event: SluiceEvent) => void seen.push(event) } };
	const refuse = (count: number): void => {
		for (let n = 0; n < count; n++) tellRefused(flow, { fault: 'notAllowed', peer: '127.0.0.1:1' });
	};
	refuse(100_000);
	assert.equal(seen.length, refusalsAMinuteMax);
	assert.ok(seen.every(({ event, untold }) => event === 'session.refused' && untold === undefined));
	clock.pass(60_000);
	refuse(2);
	assert.deepEqual(
		seen.slice(refusalsAMinuteMax).map(({ untold }) => untold),
		[100_000 - refusalsAMinuteMax, undefined],
	);
});
