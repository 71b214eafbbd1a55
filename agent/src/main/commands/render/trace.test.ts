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
