/** Every act of a person is in the audit, also one that the disk did not let end; and an audit that fails undoes no act. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { createWaitingRoom } from '../core/metering/waiting.ts';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import { createScheduler } from '../core/scheduling/scheduler.ts';
import type { Flow } from './context.ts';
import { review } from './review.ts';

const nowMs = 1_800_000_060_000;

function flowWith({ record = async () => {}, audit }: { record?: () => Promise<void>; audit: (entry: never) => void }) {
	const events: SluiceEvent[] = [];
	const scheduler = createScheduler();
	const message = queuedFixture({ sequence: 1, recipients: [{}] });
	scheduler.add(message, nowMs);
	const flow = {
		clock: { now: () => nowMs },
		events: { emit: (event: SluiceEvent) => void events.push(event) },
		scheduler,
		spool: { record },
		state: { audit },
		acts: { underWay: 0 },
		waiting: createWaitingRoom(),
		episodes: new Map(),
		wakePace: () => {},
		wake: () => {},
	} as unknown as Flow;
	return { flow, events, message };
}

const hold = (flow: Flow) =>
	review(flow, 'hold', { kind: 'account', id: 'a' }, 'ticket 4711', { role: 'admin', id: 'root' });

test('an act that the log did not take is in the audit as such', async () => {
	const details: string[] = [];
	const { flow, message } = flowWith({
		record: () => Promise.reject(new Error('ENOSPC')),
		audit: ({ detail }: { detail: string }) => void details.push(detail),
	});
	assert.deepEqual(await hold(flow), { ok: false, error: 'not-written' });
	assert.deepEqual(details, ['ticket 4711 (not all of it: the log could not be written)']);
	assert.equal(message.recipients[0]?.state, 'queued');
});

test('an act stays done when the audit cannot be written, and the log tells of it', async () => {
	const { flow, events, message } = flowWith({
		audit: () => {
			throw new Error('database or disk is full');
		},
	});
	assert.ok((await hold(flow)).ok);
	assert.equal(message.recipients[0]?.state, 'held');
	assert.deepEqual(
		events.map(({ event }) => event),
		['message.held', 'source.failed', 'admin.act'],
	);
	assert.equal(events.at(-1)?.detail, 'ticket 4711 (1 recipient)');
});
