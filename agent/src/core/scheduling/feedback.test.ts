import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
	capacityOf,
	type Feedback,
	type FeedbackSettings,
	feedbackDefaults,
	type LaneSignal,
	type LaneTurn,
	learn,
	newFeedback,
	probe,
} from './feedback.ts';

const settings: FeedbackSettings = {
	...feedbackDefaults,
	windowInitial: 5,
	windowMax: 20,
	gain: 1,
	cohortsMax: 2,
	reopenMs: 60_000,
	reopenMaxMs: 600_000,
	reopenJitter: 0.2,
};
const success: LaneSignal = { kind: 'success' };
const failure: LaneSignal = { kind: 'failure', reason: 'connect ECONNREFUSED' };
const rate: LaneSignal = { kind: 'rate', reason: '421 4.7.28 too much' };

function tell(
	lane: Feedback,
	signal: LaneSignal,
	more: { busy?: number; nowMs?: number; chance?: number } = {},
): LaneTurn {
	return learn(lane, signal, {
		busy: more.busy ?? 0,
		nowMs: more.nowMs ?? 0,
		random: () => more.chance ?? 0,
		settings,
	});
}

const repeat = (times: number, lane: Feedback, signal: LaneSignal): readonly LaneTurn[] =>
	Array.from({ length: times }, () => tell(lane, signal));

test('a window of successes adds the gain, up to the most', () => {
	const lane = newFeedback(settings);
	repeat(5, lane, success);
	assert.equal(capacityOf(lane), 5);
	repeat(1, lane, success);
	assert.equal(capacityOf(lane), 6);
	repeat(1000, lane, success);
	assert.equal(lane.window, 20);
});

test('a source that is not wanted closes the lane at once, and again when a probe hears it', () => {
	const lane = newFeedback(settings);
	const refused: LaneSignal = { kind: 'refused', reason: 'blocked.list' };
	assert.equal(tell(lane, refused, { nowMs: 1000 }), 'closed');
	assert.equal(lane.closedUntilMs, 61_000);
	assert.equal(tell(lane, refused, { nowMs: 2000 }), undefined, 'it was under way');
	assert.equal(lane.closedUntilMs, 61_000);
	probe(lane);
	assert.equal(tell(lane, refused, { nowMs: 61_000 }), 'closed');
	assert.equal(lane.closedUntilMs, 181_000);
	assert.equal(tell(lane, success), 'reopened');
});

test('a failed cohort halves the window, the last one closes the lane', () => {
	const lane = newFeedback(settings);
	assert.deepEqual(repeat(4, lane, failure), [undefined, undefined, undefined, undefined]);
	assert.equal(capacityOf(lane), 5, 'part of a cohort is not a cohort');
	tell(lane, failure);
	assert.equal(capacityOf(lane), 2);
	assert.deepEqual(repeat(2, lane, failure), [undefined, 'closed']);
	assert.equal(capacityOf(lane), 0);
	assert.equal(lane.lastFailure, 'connect ECONNREFUSED');
});

test('a cohort is the whole window, whatever a sum of fractions comes to', () => {
	for (let window = 1; window <= 20; window++) {
		const lane = { ...newFeedback(settings), window };
		repeat(window - 1, lane, failure);
		assert.equal(lane.failedCohorts, 0, `window ${window}`);
		repeat(1, lane, failure);
		assert.equal(lane.failedCohorts, 1, `window ${window}`);
	}
});

test('one success forgives', () => {
	const lane = newFeedback(settings);
	for (let round = 0; round < 50; round++) {
		repeat(4, lane, failure);
		assert.equal(tell(lane, success), undefined);
	}
	assert.equal(lane.laneState, 'open');
});

function closedLane(): Feedback {
	const lane = newFeedback(settings);
	while (lane.laneState !== 'closed') tell(lane, failure);
	return lane;
}

test('a closed lane reopens with one probe, longer and longer, up to the most', () => {
	const lane = closedLane();
	const closedMs: number[] = [lane.closedUntilMs];
	for (let round = 0; round < 6; round++) {
		probe(lane);
		assert.equal(capacityOf(lane), 1);
		assert.equal(tell(lane, failure, { nowMs: 1000 }), 'closed');
		closedMs.push(lane.closedUntilMs - 1000);
	}
	assert.deepEqual(closedMs, [60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000]);
	probe(lane);
	assert.equal(tell(lane, success), 'reopened');
	assert.equal(capacityOf(lane), 5);
	while (lane.laneState !== 'closed') tell(lane, failure);
	assert.equal(lane.closedUntilMs, 60_000, 'a success starts the count anew');
});

test('the time closed is spread by chance', () => {
	const lane = newFeedback(settings);
	while (lane.laneState !== 'closed') tell(lane, failure, { chance: 0.5 });
	assert.equal(lane.closedUntilMs, 66_000);
});

test('answers under way when the lane closed: failures are no news, a success reopens', () => {
	const lane = closedLane();
	const until = lane.closedUntilMs;
	assert.equal(tell(lane, failure, { nowMs: 30_000 }), undefined);
	assert.equal(lane.closedUntilMs, until);
	assert.equal(tell(lane, success), 'reopened');
});

test('asked to slow down the window is cut once for all that were under way', () => {
	const lane = newFeedback(settings);
	repeat(1000, lane, success);
	tell(lane, rate, { busy: 19 });
	for (let left = 18; left >= 0; left--) tell(lane, rate, { busy: left });
	assert.equal(capacityOf(lane), 10);
	tell(lane, rate, { busy: 9 });
	assert.equal(capacityOf(lane), 5);
});

test('told to slow down at one at a time, again and again, the lane closes for a while', () => {
	const lane = newFeedback(settings);
	const turns = repeat(5, lane, rate);
	assert.equal(turns.filter((turn) => turn === 'closed').length, 1);
});

test('no answer at all teaches nothing', () => {
	const lane = newFeedback(settings);
	const before = { ...lane };
	repeat(100, lane, { kind: 'none' });
	assert.deepEqual(lane, before);
});

test('whatever is told, the window stays within its bounds and closing is always for a time', () => {
	const signal = fc.constantFrom(success, failure, rate, { kind: 'none' } as const, 'probe' as const);
	fc.assert(
		fc.property(
			fc.array(fc.tuple(signal, fc.nat(30), fc.double({ min: 0, max: 0.999, noNaN: true })), { maxLength: 200 }),
			(told) => {
				const lane = newFeedback(settings);
				let nowMs = 0;
				for (const [what, busy, chance] of told) {
					nowMs += 1000;
					if (what === 'probe') probe(lane);
					else {
						const turn = tell(lane, what, { busy, nowMs, chance });
						if (turn === 'closed') {
							assert.equal(lane.laneState, 'closed');
							assert.ok(lane.closedUntilMs >= nowMs + settings.reopenMs);
							assert.ok(lane.closedUntilMs <= nowMs + settings.reopenMaxMs * 1.2);
						}
					}
					assert.ok(lane.window >= 1 && lane.window <= settings.windowMax);
					assert.ok(lane.laneState !== 'open' || capacityOf(lane) >= 1, 'an open lane lets something through');
				}
			},
		),
	);
});
