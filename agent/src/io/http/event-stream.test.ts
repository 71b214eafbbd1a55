/**
 * What the event stream remembers, and for how much memory.
 */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Request, Response } from 'express';
import { createEventStream } from './event-stream.ts';

function follower(): { response: Response; text: () => string } {
	const parts: string[] = [];
	const response = Object.assign(new EventEmitter(), {
		writableLength: 0,
		writeHead: () => {},
		// True: there is room for more.
		write: (part: string) => parts.push(part) > 0,
		end: () => {},
	});
	return { response: response as unknown as Response, text: () => parts.join('') };
}

test('fields are as long as in the log, whatever a stranger wrote', () => {
	const stream = createEventStream();
	stream.publish({ event: 'recipient.deferred', atMs: 0, reply: '4'.repeat(60_000), recipients: ['a'.repeat(60_000)] });
	stream.publish({ event: 'hold.set', atMs: 0, reason: 'short' });
	const { response, text } = follower();
	stream.serve({ headers: { 'last-event-id': '1' } } as unknown as Request, response);
	const lines = text()
		.split('\n')
		.filter((line) => line.startsWith('data: {"time"'));
	assert.equal(lines.length, 2);
	assert.ok((lines[0] as string).length < 1_500);
	assert.deepEqual(JSON.parse((lines[1] as string).slice(6)), {
		time: '1970-01-01T00:00:00.000Z',
		event: 'hold.set',
		reason: 'short',
	});
	stream.stop();
});
