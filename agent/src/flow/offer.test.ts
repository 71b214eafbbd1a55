/**
 * Rounds and hosts of one attempt against receivers that misbehave.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import type { Job } from '../core/scheduling/scheduler.ts';
import type { OutboundConnection, OutboundMessage, TransactionReport } from '../ports/smtp-out.ts';
import type { StoredMessage } from '../ports/spool.ts';
import type { Flow } from './context.ts';
import { createHostMemory } from './locate.ts';
import { offer } from './offer.ts';

const ok = { code: 250, lines: ['ok'] };
const tooMany = { code: 452, status: '4.5.3', lines: ['Too many recipients'] };

/** `transact` is asked for each round; `minutes` is what each takes. */
async function offered(count: number, transact: (round: number, recipients: number) => TransactionReport, minutes = 0) {
	let now = 0;
	let rounds = 0;
	const errors: unknown[] = [];
	const connection = {
		extensions: { pipelining: true, eightBitMime: true, smtpUtf8: true, dsn: true },
		greetingName: 'mx.example.test',
		ehloName: 'mx.example.test',
		target: { helo: 'server.test' },
		transactions: 0,
		async transact({ recipients }: OutboundMessage) {
			now += minutes * 60_000;
			return transact(rounds++, recipients.length);
		},
	} as unknown as OutboundConnection;
	const message = queuedFixture({ sequence: 1, recipients: Array.from({ length: count }, () => ({})) });
	const record = {
		id: message.id,
		acceptedMs: 0,
		origin: { peerAddress: '127.0.0.1', helo: 'server.test', protocol: 'ESMTP' },
		envelope: {
			reversePath: 'a@site1.test',
			recipients: message.recipients.map(({ index }) => ({ address: `${index}@example.test` })),
			has8bit: false,
			smtpUtf8: false,
		},
		cuts: [],
	};
	const flow = {
		clock: { now: () => now, monotonic: () => now },
		settings: () => ({ hostName: 'relay.test', key: 'k' }),
		dialer: { connect: async () => ({ ok: true, value: connection }), giveBack() {} },
		events: { emit: ({ error }: { error?: unknown }) => void errors.push(error) },
	} as unknown as Flow;
	const { answers } = await offer({
		flow,
		memory: createHostMemory(),
		job: { message, recipients: message.recipients } as unknown as Job,
		stored: { record, body: new Uint8Array(0) } as unknown as StoredMessage,
		located: {
			isByMx: true,
			targets: [{ address: '192.0.2.1', port: 25, host: 'mx.example.test', helo: 'h', tls: 'none' }],
		},
	});
	return { rounds, errors, kinds: answers.map(({ outcome }) => outcome.kind) };
}

const oneOf = (recipients: number): TransactionReport => ({
	mail: ok,
	recipients: Array.from({ length: recipients }, (_, index) => (index === 0 ? ok : tooMany)),
	data: { code: 354, lines: [''] },
	end: ok,
});

test('one recipient a round ends with the last of them', async () => {
	const { rounds, kinds } = await offered(5, (_, recipients) => oneOf(recipients));
	assert.deepEqual([rounds, kinds], [5, Array.from({ length: 5 }, () => 'delivered')]);
});

test('a receiver that takes its time for each round does not get them all in one attempt', async () => {
	const { rounds, kinds } = await offered(100, (_, recipients) => oneOf(recipients), 20);
	assert.equal(rounds, 3);
	assert.deepEqual(kinds.slice(0, 5), ['delivered', 'delivered', 'delivered', 'deferred', 'deferred']);
	assert.equal(kinds.length, 100);
});

test('an error of our own in a later round does not undo what was delivered', async () => {
	const { errors, kinds } = await offered(3, (round, recipients) => {
		if (round > 0) throw new Error('a bug');
		return oneOf(recipients);
	});
	assert.deepEqual(kinds, ['delivered']);
	assert.match(String(errors[0]), /a bug/);
});
