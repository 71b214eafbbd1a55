/**
 * What single steps of the path cost on the loop: microseconds of processor time a message.
 *
 * `node test/bench/micro.ts [name…]`. Times are of this thread's own processor time, so a busy machine disturbs little; what native threads do
 * (the flush of the spool) is not in it. Good for comparing two commits on one machine, not for a verdict: that is relay.ts.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { outgoingContent } from '@sluice/agent/core/delivery/content.ts';
import { receivedLine } from '@sluice/agent/core/header/received.ts';
import { attribute } from '@sluice/agent/core/identity/attribute.ts';
import { noAccounts } from '@sluice/agent/core/identity/facts.ts';
import { queuedMessageOf } from '@sluice/agent/core/scheduling/queued-message.ts';
import { createScheduler } from '@sluice/agent/core/scheduling/scheduler.ts';
import { schedulerDefaults } from '@sluice/agent/core/scheduling/settings.ts';
import { createEventStream } from '@sluice/agent/io/http/event-stream.ts';
import { createLog } from '@sluice/agent/io/log/log.ts';
import { createMetrics } from '@sluice/agent/io/log/metrics.ts';
import { ContentReader } from '@sluice/agent/io/smtp-in/reader.ts';
import { exampleRecord } from '@sluice/agent/io/spool/example.ts';
import { encodeMessage } from '@sluice/agent/io/spool/record.ts';
import { openSpool } from '@sluice/agent/io/spool/spool.ts';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { type MessageRecord, messageIdOf } from '@sluice/shared/words/message.ts';
import { benchFolder } from './load.ts';
import { meteringSteps } from './metering.ts';
import { leastUs, type Step, stepLine } from './step.ts';

const secret = 'a-secret-for-the-benches-only';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const nowMs = 1_800_000_000_000;

/** A message as Exim hands it over, of this size. */
function contentOf(bytes: number): Buffer {
	const header = `Received: from client.test ([192.0.2.7]:40000 helo=client.test)\r
	by server.test with esmtpsa (TLS1.3) id 1rAbcD-000001-aa\r
	for r1@example.test; Mon, 23 Nov 2026 20:00:00 +0000\r
From: A Person <user@site1.test>\r
To: <r1@example.test>\r
Subject: Message number 1 of a load\r
Date: Mon, 23 Nov 2026 20:00:00 +0000\r
Message-ID: <1@client.test>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=us-ascii\r
X-Sluice-Sender: v=1; s=${secret}; id=1rAbcD-000001-aa; proto=esmtpsa; auth=${base64('user@site1.test')}; uid=999; ident=; host=192.0.2.7; port=40000; cwd=; anc=\r
\r
`;
	const line = `${'abcdefghijklmnopqrstuvwxyz'.repeat(3)}\r\n`;
	const filler = line.repeat(Math.ceil(bytes / line.length)).slice(0, Math.max(2, bytes - header.length - 2));
	return Buffer.from(`${header}${filler}\r\n`, 'latin1');
}

const envelopeOf = (): MessageRecord['envelope'] => ({
	reversePath: 'user@site1.test',
	recipients: [{ address: 'r1@example.test' }],
	has8bit: false,
	smtpUtf8: false,
});

function attribution(): Step {
	const text = contentOf(2000).toString('latin1');
	const headerText = text.slice(0, text.indexOf('\r\n\r\n') + 4);
	const facts = {
		headerText,
		envelope: envelopeOf(),
		helo: 'server.test',
		peerAddress: '127.0.0.1',
		peerProved: true,
		xforward: {},
	};
	const settings = { mta: 'exim', secrets: [secret], hostNames: [], ownReceivedToken: '(Sluice abc)' } as const;
	if (attribute(facts, settings, noAccounts).attribution.class !== 'mailbox') throw new Error('not attributed');
	return {
		name: 'attribution, 12 header lines, wired',
		count: 5000,
		run(count) {
			for (let n = 0; n < count; n++) attribute(facts, settings, noAccounts);
		},
	};
}

function scheduling(): Step {
	const scheduler = createScheduler(schedulerDefaults);
	let sequence = 0;
	const random = (): number => 0.5;
	return {
		name: 'scheduler: add, next, settle, retire',
		count: 5000,
		run(count) {
			for (let n = 0; n < count; n++) {
				sequence++;
				const record = {
					...exampleRecord(sequence, 2000),
					id: messageIdOf(nowMs + (sequence >> 10), sequence),
					acceptedMs: nowMs,
				};
				const message = queuedMessageOf(record, { segment: 1, offset: sequence, bytes: 2700 }, false);
				scheduler.add(message, nowMs);
				const job = scheduler.next(nowMs);
				if (job === undefined) throw new Error('nothing to do');
				const transitions = [{ message: message.id, recipient: 0, atMs: nowMs, to: 'delivered', attempts: 1 } as const];
				scheduler.settle({ job, transitions, signal: { kind: 'success' }, nowMs, random });
				scheduler.retire(message.id);
			}
		},
	};
}

function reader(bytes: number): Step {
	const wire = Buffer.concat([contentOf(bytes), Buffer.from('.\r\n')]);
	// As the kernel gives it: 64 kB at once.
	const reads: Buffer[] = [];
	for (let from = 0; from < wire.length; from += 65_536) reads.push(Buffer.from(wire.subarray(from, from + 65_536)));
	const bounds = { messageBytesMax: 1e8, headerBytesMax: 1e6, lineBytesMax: 1e6, bareNewline: 'normalise' } as const;
	return {
		name: `accept reader, ${bytes / 1000} kB`,
		count: Math.ceil(20_000_000 / (bytes + 8000)),
		run(count) {
			for (let n = 0; n < count; n++) {
				const content = new ContentReader(bounds);
				for (const chunk of reads) content.feed(chunk, 0);
				content.content();
			}
		},
	};
}

function encoding(bytes: number): Step {
	const body = [contentOf(bytes)];
	const record = exampleRecord(1, bytes);
	return {
		name: `spool record, encoding with checksum, ${bytes / 1000} kB`,
		count: Math.ceil(20_000_000 / (bytes + 8000)),
		run(count) {
			for (let n = 0; n < count; n++) encodeMessage({ record }, body);
		},
	};
}

/** Messages under way at once: what 20 connections of the MTA come to. */
const appenders = 20;

async function appending(bytes: number): Promise<Step> {
	mkdirSync(benchFolder, { recursive: true });
	const directory = mkdtempSync(join(benchFolder, 'micro-'));
	const { spool } = await openSpool({ directory, visit: () => {}, settings: { projections: [] } });
	spool.kept();
	const body = [contentOf(bytes)];
	let sequence = 0;
	return {
		name: `spool append, ${appenders} at once, ${bytes / 1000} kB`,
		count: bytes > 100_000 ? 200 : 2000,
		async run(count) {
			let left = count;
			const appender = async (): Promise<void> => {
				while (left-- > 0) {
					const record = exampleRecord(++sequence, bytes);
					spool.release(record.id, await spool.append(record, body));
				}
			};
			await Promise.all(Array.from({ length: appenders }, appender));
		},
		async stop() {
			await spool.stop();
			rmSync(directory, { recursive: true, force: true });
		},
	};
}

function outgoing(): Step {
	const body = contentOf(2000);
	const { origin, id } = exampleRecord(1, 2000);
	return {
		name: 'Received line and content with a cut',
		count: 5000,
		run(count) {
			for (let n = 0; n < count; n++)
				outgoingContent(receivedLine({ origin, name: 'server.test', key: 'abc', id, nowMs }), body, [[500, 700]]);
		},
	};
}

/** What a message that is delivered at once tells. */
const events: readonly SluiceEvent[] = [
	{
		event: 'message.accepted',
		atMs: nowMs,
		message: '1kkqm8q000001',
		account: 'domain:site1.test',
		identity: 'mailbox:user@site1.test',
		class: 'mailbox',
		from: 'exim header, auth=user@site1.test',
		sender: 'user@site1.test',
		recipients: ['r1@example.test'],
		recipientCount: 1,
		bytes: 2000,
		subject: 'Message number 1 of a load',
		mtaQueueId: '1rAbcD-000001-aa',
		client: '192.0.2.7',
		session: 't2x1c0-1',
	},
	{
		event: 'recipient.delivered',
		atMs: nowMs,
		message: '1kkqm8q000001',
		account: 'domain:site1.test',
		recipient: 'r1@example.test',
		destination: 'example.test',
		attempts: 1,
		host: '127.0.0.1 [127.0.0.1]',
		tls: undefined,
		cause: undefined,
		reply: '250 2.0.0 Ok',
		delaySeconds: 0,
		sender: 'user@site1.test',
	},
];

function logging(): Step {
	const log = createLog({ level: 'info', maskAddresses: false }, { write: () => {} });
	return {
		name: 'log lines of one message, without writing them',
		count: 5000,
		run(count) {
			for (let n = 0; n < count; n++) for (const event of events) log.write(event);
		},
	};
}

function streaming(): Step {
	const stream = createEventStream();
	return {
		name: 'event stream, events of one message, nobody follows',
		count: 5000,
		run(count) {
			for (let n = 0; n < count; n++) for (const event of events) stream.publish(event);
		},
		stop: async () => stream.stop(),
	};
}

function counting(): Step {
	const metrics = createMetrics(() => ({}), {});
	return {
		name: 'metrics, events of one message',
		count: 5000,
		run(count) {
			for (let n = 0; n < count; n++) for (const event of events) metrics.count(event);
		},
		stop: async () => metrics.stop(),
	};
}

const steps: readonly (() => Step | Promise<Step>)[] = [
	() => reader(2000),
	() => reader(20_000),
	() => reader(200_000),
	attribution,
	() => encoding(2000),
	() => encoding(200_000),
	() => appending(2000),
	() => appending(200_000),
	scheduling,
	outgoing,
	logging,
	streaming,
	counting,
	...meteringSteps,
];

const wanted = process.argv.slice(2);
console.log('µs a message, thread CPU, least of rounds');
for (const make of steps) {
	const step = await make();
	if (wanted.length === 0 || wanted.some((word) => step.name.includes(word)))
		console.log(stepLine(step, await leastUs(step)));
	await step.stop?.();
}
