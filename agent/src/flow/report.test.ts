/**
 * Reports that are owed from before a start.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import { createScheduler } from '../core/scheduling/scheduler.ts';
import type { Spool } from '../ports/spool.ts';
import type { Flow } from './context.ts';
import { reportOwed } from './report.ts';

test('they are made one after the other, and one that cannot be made does not keep the others', async () => {
	const scheduler = createScheduler();
	const messages = Array.from({ length: 50 }, (_, sequence) =>
		queuedFixture({
			sequence,
			offset: sequence,
			recipients: [{ state: sequence % 2 === 0 ? 'bounced' : 'queued', attempts: 1, reply: '550 5.1.1 No such user' }],
		}),
	);
	for (const message of messages) scheduler.add(message, message.acceptedMs);
	let reading = 0;
	let atOnce = 0;
	const reports: unknown[] = [];
	const spool = {
		async read({ offset }: { offset: number }) {
			atOnce = Math.max(atOnce, ++reading);
			await new Promise((resolve) => setImmediate(resolve));
			reading--;
			if (offset === 4) throw new Error('damaged');
			return {
				record: {
					id: messages[offset]?.id,
					acceptedMs: 0,
					// Nothing to compose a report of.
					envelope:
						offset === 6 ? undefined : { reversePath: 'a@site1.test', recipients: [{ address: 'b@example.test' }] },
					origin: { peerAddress: '127.0.0.1', helo: 'server.test', protocol: 'ESMTP' },
					attribution: { account: 'a', class: 'mailbox', hint: {} },
					cuts: [],
				},
				body: new Uint8Array(0),
			};
		},
		async append(_record: unknown, _body: unknown, extra: { reported: { message: string } }) {
			reports.push(extra.reported.message);
			return { segment: 1, offset: 0, bytes: 1 };
		},
		release() {},
	} as unknown as Spool;
	const retry = { expireAfterMs: 1000 };
	const flow = {
		clock: { now: () => 1_800_000_000_000 },
		random: () => 0.5,
		events: { emit: () => {} },
		spool,
		scheduler,
		settings: () => ({ retry, hostName: 'h.test', reportFrom: 'm@h.test', reportReturnBytesMax: 0 }),
		wake: () => {},
	} as unknown as Flow;
	await reportOwed(flow, messages);
	assert.equal(atOnce, 1);
	assert.equal(reports.length, 23);
	assert.equal(messages[4]?.recipients[0]?.reported, false, 'owed still');
	assert.equal(scheduler.find(messages[0]?.id ?? ''), undefined, 'told and over');
});
