/** What a customer is to be told of an end that is no delivery. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advice } from '../../../core/dsn/advice.ts';
import { trace } from '../values.fixture.ts';
import { traceLines } from './trace.ts';
import { plain } from './view.ts';

const view = { nowMs: 0, zone: 'UTC', width: Number.POSITIVE_INFINITY, paint: plain };

test('a refusal and an expiry say in the words of the report what it means and what to do', () => {
	const [first] = trace.message.recipients;
	assert.ok(first !== undefined);
	for (const [state, cause] of [
		['bounced', 'recipient-gone'],
		['expired', 'mailbox-full'],
	] as const) {
		const message = { ...trace.message, recipientCount: 1, recipients: [{ ...first, state, cause }] };
		const text = traceLines({ ...trace, message }, view)
			.join(' ')
			.replace(/\s+/g, ' ');
		assert.ok(text.includes(`${advice[cause].what} ${advice[cause].next}`), text);
	}
});

test('what happened to forty recipients at once, in the same words, is one line', () => {
	const [first] = trace.message.recipients;
	assert.ok(first !== undefined);
	const at = '2026-11-24T07:20:12.000Z';
	const names = Array.from({ length: 40 }, (_, index) => `r${index}@ok.test`);
	const steps = [
		...names.map((recipient) => ({
			at,
			event: 'recipient.delivered' as const,
			recipient,
			text: 'Taken by mx.ok.test.',
			reply: '250 2.0.0 Ok',
		})),
		{
			at,
			event: 'recipient.delivered' as const,
			recipient: 'other@ok.test',
			text: 'Taken by mx.ok.test.',
			reply: '250 2.0.0 Other',
		},
	];
	const recipients = names.map((address) => ({ ...first, address, state: 'delivered' as const }));
	const lines = traceLines({ ...trace, steps, message: { ...trace.message, recipients } }, view).map((line) =>
		line.trim(),
	);
	assert.equal(lines.filter((line) => line.includes('r0@ok.test and 39 more: Taken by mx.ok.test.')).length, 1);
	assert.equal(lines.filter((line) => line.includes('Taken by')).length, 2, 'another answer is another line');
	assert.ok(lines.includes('r0@ok.test and 39 more: delivered; nothing more to come.'));
});
