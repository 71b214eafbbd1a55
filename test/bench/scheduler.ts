/**
 * What the scheduler costs: memory a message, time a message, and how much 100,000 due messages slow a new one down.
 *
 * Run: `node --expose-gc test/bench/scheduler.ts [messages]`. Prints one JSON line; ratios are the verdict, times are
 * only good for comparing runs of one machine. Not here: throughput of the whole relay (the other benches).
 */

import type { QueuedMessage } from '@sluice/agent/core/scheduling/queued.ts';
import { createScheduler, type Scheduler } from '@sluice/agent/core/scheduling/scheduler.ts';
import { schedulerDefaults } from '@sluice/agent/core/scheduling/settings.ts';
import { messageIdOf } from '@sluice/shared/words/message.ts';

const startMs = 1_800_000_000_000;
const random = (): number => 0.5;
let sequence = 0;

function messageOf(account: string, destination: string, dueMs: number): QueuedMessage {
	sequence++;
	return {
		id: Buffer.from(messageIdOf(startMs + (sequence >> 3), sequence)).toString('latin1'),
		segment: 1,
		offset: sequence * 700,
		recordBytes: 700,
		bodyBytes: 2048,
		acceptedMs: startMs + (sequence >> 3),
		account,
		identity: '',
		class: 'mailbox',
		hintDomain: '',
		hintAddress: '',
		peerAddress: '127.0.0.1',
		helo: 'server.test',
		nullSender: false,
		scopes: [],
		recipients: [
			{
				index: 0,
				destination,
				notify: 0,
				key: 0,
				state: 'queued',
				attempts: 0,
				dueMs,
				sinceMs: 0,
				standing: undefined,
				isCharged: true,
				delayNoticed: false,
				reported: false,
				reply: '',
			},
		],
	};
}

const names = (prefix: string, count: number): readonly string[] =>
	Array.from({ length: count }, (_, index) => `${prefix}${index}.test`);
const accounts = names('site', 500);
const destinations = names('example', 2000);
const of = (list: readonly string[], index: number): string => list[index % list.length] as string;

function residentBytes(): number {
	for (let round = 0; round < 3; round++) (globalThis as { gc?: () => void }).gc?.();
	return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** Adds messages; returns bytes of heap and buffers each, and of the messages alone. */
function fill(scheduler: Scheduler, count: number, dueMs: number): { total: number; alone: number } {
	const before = residentBytes();
	const messages: QueuedMessage[] = [];
	for (let index = 0; index < count; index++)
		messages.push(messageOf(of(accounts, index), of(destinations, index * 7), dueMs));
	const alone = residentBytes() - before - 8 * count;
	for (const message of messages) scheduler.add(message, startMs);
	messages.length = 0;
	return { total: Math.round((residentBytes() - before) / count), alone: Math.round(alone / count) };
}

/** Microseconds for add + next + settle + retire of one message. */
function roundTripUs(scheduler: Scheduler): number {
	const messages: QueuedMessage[] = [];
	for (let index = 0; index < sample; index++)
		messages.push(messageOf(`fresh${index % 20}`, `fresh${index % 50}.test`, startMs));
	const begin = process.hrtime.bigint();
	for (const message of messages) {
		scheduler.add(message, startMs);
		const job = scheduler.next(startMs);
		if (job === undefined) throw new Error('nothing to do');
		scheduler.settle({
			job,
			transitions: job.recipients.map((recipient) => ({
				message: job.message.id,
				recipient: recipient.index,
				atMs: startMs,
				to: 'delivered',
				attempts: 1,
			})),
			signal: { kind: 'success' },
			nowMs: startMs,
			random,
		});
		scheduler.retire(job.message.id);
	}
	return Number(process.hrtime.bigint() - begin) / 1000 / sample;
}

const many = Number(process.argv[2] ?? 100_000);
const sample = 5_000;
const rounds = 15;

const empty = createScheduler(schedulerDefaults);
roundTripUs(empty);
const parked = createScheduler(schedulerDefaults);
const parkedBytes = fill(parked, many, startMs + 3_600_000);
const due = createScheduler(schedulerDefaults);
const dueBytes = fill(due, many, startMs);

// Taken in turn, so that whatever else the machine does falls on all alike; the median of each.
const times = { empty: [] as number[], parked: [] as number[], due: [] as number[] };
for (let round = 0; round < rounds; round++) {
	times.empty.push(roundTripUs(empty));
	times.parked.push(roundTripUs(parked));
	times.due.push(roundTripUs(due));
}
const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] as number;
const [emptyUs, parkedUs, dueUs] = [median(times.empty), median(times.parked), median(times.due)];

const storm = createScheduler(schedulerDefaults);
fill(storm, many, startMs + 1000);
let longestMs = 0;
let dispatched = 0;
const stormBegin = performance.now();
while (dispatched < Math.min(many, 50_000)) {
	const begin = performance.now();
	const job = storm.next(startMs + 1000);
	longestMs = Math.max(longestMs, performance.now() - begin);
	if (job === undefined) break;
	dispatched++;
	storm.settle({ job, transitions: [], signal: { kind: 'success' }, nowMs: startMs + 1000, random });
}
const stormUs = ((performance.now() - stormBegin) * 1000) / dispatched;

console.log(
	JSON.stringify({
		messages: many,
		bytesPerMessage: { messageAlone: parkedBytes.alone, notDue: parkedBytes.total, dueInLanes: dueBytes.total },
		microsecondsPerMessage: { empty: emptyUs, manyNotDue: parkedUs, manyDue: dueUs, storm: stormUs },
		ratioToEmpty: { manyNotDue: parkedUs / emptyUs, manyDue: dueUs / emptyUs },
		stormLongestNextMs: longestMs,
		residentMb: Math.round(process.memoryUsage().rss / 1e6),
	}),
);
