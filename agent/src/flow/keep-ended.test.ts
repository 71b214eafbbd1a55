/** What is kept to be brought back, when there is too much of it: whoever has most gives way first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import type { Flow } from './context.ts';
import { createEnded } from './ended.ts';
import { keepEnded, keptRecipientsMax } from './keep-ended.ts';

test('one account that discards without end does not push out what others may bring back', () => {
	const ended = createEnded();
	const released: string[] = [];
	const forgotten: string[] = [];
	const flow = {
		ended,
		settings: () => ({ restoreMs: 1000 }),
		spool: { release: (id: string) => released.push(id) },
		forgetEnded: (ids: readonly string[]) => forgotten.push(...ids),
	} as unknown as Flow;
	const recipients = Array.from({ length: 1000 }, () => ({ state: 'discarded' as const }));
	let sequence = 0;
	const end = (id: string, account: string): void =>
		keepEnded(flow, queuedFixture({ sequence: ++sequence, id, account, recipients }));
	end('first', 'acme');
	for (let n = 0; n < keptRecipientsMax / 500; n++) end(`flood${n}`, 'hostile');
	assert.ok(ended.recipients <= keptRecipientsMax);
	assert.notEqual(ended.find('first'), undefined);
	assert.equal(ended.find('flood0'), undefined, 'its own oldest');
	assert.notEqual(ended.find(`flood${keptRecipientsMax / 500 - 1}`), undefined);
	assert.deepEqual(forgotten, released);
	assert.equal(ended.messages + released.length, 1 + keptRecipientsMax / 500);
});
