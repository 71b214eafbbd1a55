/**
 * The agent's outgoing connections against the fake internet's sinks, which count every breach of the protocol:
 * seeded mixed traffic of good and magic recipients, with and without PIPELINING and TLS, on connections used again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDialer } from '@sluice/agent/io/smtp-out/dialer.ts';
import type { OutboundMessage, TransactionReport } from '@sluice/agent/ports/smtp-out.ts';
import { type Sink, type SinkOptions, startSink } from '../internet/sink.ts';

const ROUNDS = 120;
const words = ['good', 'good', 'good', '550-x', '451-x', 'multi-550-x', 'data-451-x', 'end-452-x', 'drop-x', '421-x'];

/** Lehmer's generator: the same traffic each time. */
function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 48_271) % 2_147_483_647;
		return state / 2_147_483_647;
	};
}

function randomMessage(random: () => number, round: number): OutboundMessage {
	const recipients = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) => ({
		address: `${words[Math.floor(random() * words.length)]}-${round}-${index}@ok.test`,
	}));
	const lines = Array.from({ length: Math.floor(random() * 200) }, () => (random() < 0.2 ? '..dots' : 'line of text'));
	const content = Buffer.from(`Subject: ${round}\r\n\r\n${lines.map((line) => `${line}\r\n`).join('')}`);
	const cut = Math.floor(random() * content.length);
	return {
		envelope: {
			reversePath: 'me@one.test',
			recipients,
			has8bit: false,
			smtpUtf8: false,
			envid: `e${round}`,
			ret: 'HDRS',
		},
		recipients,
		chunks: [content.subarray(0, cut), content.subarray(cut)],
		bytes: content.length,
		has8bit: round % 3 === 0,
	};
}

/** What each recipient was told agrees with the word it begins with, as far as the transaction got. */
function checkReplies(message: OutboundMessage, report: TransactionReport): void {
	assert.equal(report.mail?.code, 250);
	for (const [index, answer] of report.recipients.entries()) {
		const { address } = message.recipients[index] ?? { address: '' };
		const said = /^(?:multi-)?(550|451|421)-/.exec(address)?.[1] ?? '250';
		assert.equal(answer.code, Number(said), address);
	}
	const isPartial = report.recipients.length < message.recipients.length;
	if (isPartial) assert.ok(report.lost !== undefined || report.recipients.at(-1)?.code === 421);
}

const variants: readonly [string, SinkOptions][] = [
	['PIPELINING', {}],
	['no PIPELINING', { without: ['PIPELINING'] }],
	['nothing but HELO', { speaksEsmtp: false }],
	['TLS', { tls: 'good' }],
	['a bad certificate', { tls: 'bad' }],
	['a handshake that fails', { tls: 'fail' }],
	['STARTTLS refused', { tls: 'refuse' }],
	['421 after some transactions', { transactionsPerConnectionMax: 5 }],
];

async function traffic(sink: Sink, seed: number): Promise<void> {
	const dialer = createDialer({ transactionsMax: 20, stopWithinMs: 500 });
	const random = seeded(seed);
	const target = {
		address: '127.0.0.1',
		port: sink.port,
		host: 'mx.sink.test',
		helo: 'client.test',
		tls: 'opportunistic',
	} as const;
	const sent = new Map<string, Buffer>();
	for (let round = 0; round < ROUNDS; round++) {
		const message = randomMessage(random, round);
		const connected = await dialer.connect(target);
		assert.equal(connected.ok, true, JSON.stringify(connected));
		if (!connected.ok) return;
		const connection = connected.value;
		assert.equal(connection.transactions < 20, true);
		const report = await connection.transact(message);
		dialer.giveBack(connection);
		if (report.mail?.code === 421) continue;
		checkReplies(message, report);
		if (report.end?.code === 250) sent.set(`Subject: ${round}`, Buffer.concat(message.chunks));
	}
	await dialer.stop();
	const accepted = sink.messages.filter(({ outcome }) => outcome === 'accepted');
	assert.equal(accepted.length, sent.size);
	assert.ok(sent.size > ROUNDS / 10);
	for (const { raw } of accepted) {
		const subject = raw.toString('latin1').split('\r\n', 1)[0] ?? '';
		assert.equal(raw.equals(sent.get(subject) ?? Buffer.alloc(0)), true, subject);
	}
	assert.deepEqual(sink.counts().violations, {});
}

for (const [index, [what, options]] of variants.entries()) {
	test(`mixed traffic to a sink with ${what}: every byte arrives, no rule is broken`, async () => {
		const sink = await startSink(options);
		try {
			await traffic(sink, 7 + index);
		} finally {
			await sink.stop();
		}
	});
}
