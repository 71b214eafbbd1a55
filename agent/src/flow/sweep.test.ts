/**
 * Compaction against everything that may happen to a message while it is being read for it: the log must never say less of a
 * recipient than it said before.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageRecord, RecipientStatus, Transition } from '@sluice/shared/words/message.ts';
import { createWaitingRoom } from '../core/metering/waiting.ts';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import { createScheduler } from '../core/scheduling/scheduler.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogEntry, Spool, StoredMessage } from '../ports/spool.ts';
import type { Flow, FlowSettings } from './context.ts';
import { createEnded } from './ended.ts';
import { createHealth } from './health.ts';
import { createRecovery } from './recover.ts';
import { reportEnded } from './report.ts';
import { review } from './review.ts';
import { recordUntilDurable } from './settle.ts';
import { sweep } from './sweep.ts';

const nowMs = 1_800_000_060_000;
const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, after: () => ({ cancel: () => {} }) };
const day = 86_400_000;

/** A log in memory, whose reads and writes end when the test says so. */
function heldLog() {
	const entries: LogEntry[] = [];
	const reads: (() => void)[] = [];
	const writes: (() => void)[] = [];
	const damaged = new Set<number>();
	const wait = (list: (() => void)[]): Promise<void> => new Promise((resolve) => list.push(resolve));
	const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
	const letGo = async (list: (() => void)[]): Promise<void> => {
		await turn();
		for (const resolve of list.splice(0)) resolve();
		await turn();
	};
	const spool = {
		async append(record: MessageRecord, _body: unknown, extra?: { statuses?: readonly RecipientStatus[] }) {
			const ref = { segment: 9, offset: 100 * entries.length, bytes: 100 };
			entries.push({ kind: 'message', record, ref, ...extra });
			await wait(writes);
			return ref;
		},
		async record(transitions: readonly Transition[]) {
			entries.push({ kind: 'transitions', transitions });
			await wait(writes);
		},
		async read({ offset }: { offset: number }): Promise<StoredMessage> {
			await wait(reads);
			if (damaged.has(offset)) throw new Error('damaged');
			return { record: recordOf(offset), body: new TextEncoder().encode('Subject: a\r\n\r\nb\r\n') };
		},
		release() {},
		sparse: () => [{ segment: 1, openBytes: 1, bytes: 100 }],
	} as unknown as Spool;
	return { spool, entries, damaged, begun: turn, read: () => letGo(reads), write: () => letGo(writes) };
}

const messages = [1, 2].map((sequence) =>
	queuedFixture({ sequence, offset: sequence, recipients: [{ dueMs: nowMs }, { dueMs: nowMs + day, attempts: 1 }] }),
);

const recordOf = (offset: number): MessageRecord =>
	({
		id: messages[offset - 1]?.id,
		acceptedMs: nowMs,
		envelope: {
			reversePath: 'a@site1.test',
			recipients: [{ address: 'b@example.test' }, { address: 'c@example.test' }],
			has8bit: false,
			smtpUtf8: false,
		},
		origin: { peerAddress: '127.0.0.1', helo: 'server.test', protocol: 'ESMTP' },
		attribution: {
			account: 'a',
			class: 'mailbox',
			certainty: 'proved',
			from: '',
			hint: { domain: '', address: '' },
			alarms: [],
		},
		verdict: { action: 'accept', reasons: [] },
		initial: 'queued',
		bodyBytes: 17,
		cuts: [],
		hops: 0,
	}) as unknown as MessageRecord;

function createFlow(count = 1) {
	const log = heldLog();
	const scheduler = createScheduler();
	for (const message of structuredClone(messages.slice(0, count))) scheduler.add(message, nowMs);
	const events = { emit: () => {} };
	const retry = {
		delayMsMax: 4 * day,
		jitter: 0.2,
		delayNoticeAfterMs: day,
		expireReportAfterMs: day,
		expireAfterMs: 4 * day,
	};
	const settings = {
		retry,
		holdExpireMs: day,
		restoreMs: 0,
		limits: { waitingExpireMs: day },
		hostName: 'h.test',
		reportFrom: 'm@h.test',
		reportReturnBytesMax: 0,
	};
	const flow = {
		clock,
		random: () => 0.5,
		events,
		spool: log.spool,
		scheduler,
		health: createHealth(clock, events),
		settings: () => settings as unknown as FlowSettings,
		holds: new Map(),
		ended: createEnded(),
		forgetEnded: () => {},
		acts: { underWay: 0 },
		waiting: createWaitingRoom(),
		episodes: new Map(),
		wakePace: () => {},
		wake: () => {},
		history: { retain: async () => [] },
		state: { audit: () => {} },
	} as unknown as Flow;
	return { flow, scheduler, log };
}

/** What a start finds when the segment that compaction emptied is gone: the log from there on. */
function openAfter(entries: readonly LogEntry[]) {
	const recovery = createRecovery(false);
	for (const entry of entries) recovery.replay(entry);
	return recovery.open();
}

const rewritten = (entries: readonly LogEntry[]): number =>
	entries.filter((entry) => entry.kind === 'message' && entry.statuses !== undefined).length;

test('an answer that comes while a message is read for compaction is not undone', async () => {
	const { flow, scheduler, log } = createFlow();
	const swept = sweep(flow);
	await log.begun();
	const job = scheduler.next(nowMs);
	assert.ok(job);
	const transitions: Transition[] = [
		{
			message: job.message.id,
			recipient: 0,
			atMs: nowMs,
			to: 'delivered',
			attempts: 1,
			reply: { code: 250, lines: [''] },
		},
	];
	const recorded = recordUntilDurable(flow, transitions);
	await log.read();
	await log.write();
	await Promise.all([swept, recorded]);
	assert.equal(rewritten(log.entries), 0, 'the answer is in the log and not yet in the queue');
	scheduler.settle({ job, transitions, signal: { kind: 'success' }, nowMs, random: () => 0.5 });
	const again = sweep(flow);
	await log.read();
	await log.write();
	await again;
	assert.equal(rewritten(log.entries), 1);
	const [found] = openAfter(log.entries);
	assert.deepEqual(
		found?.recipients.map(({ state, attempts }) => [state, attempts]),
		[
			['delivered', 1],
			['queued', 1],
		],
	);
});

test('a discard that comes while a message is read for compaction is not undone', async () => {
	const { flow, log } = createFlow();
	const swept = sweep(flow);
	await log.begun();
	const selector = { kind: 'account', id: 'a' } as const;
	const reviewed = review(flow, 'discard', selector, 'spam', { role: 'admin', id: 'root' });
	await log.read();
	await log.write();
	await Promise.all([swept, reviewed]);
	assert.deepEqual(openAfter(log.entries), []);
});

test('a report that comes while a message is read for compaction is not sent again', async () => {
	const { flow, scheduler, log } = createFlow();
	const swept = sweep(flow);
	await log.begun();
	const job = scheduler.next(nowMs);
	assert.ok(job);
	const { message } = job;
	const bounced: Transition = {
		message: message.id,
		recipient: 0,
		atMs: nowMs,
		to: 'bounced',
		attempts: 1,
		reply: { code: 550, status: '5.1.1', lines: ['No such user'] },
	};
	scheduler.settle({ job, transitions: [bounced], signal: { kind: 'success' }, nowMs, random: () => 0.5 });
	const reported = reportEnded(flow, message, { record: recordOf(1), body: new Uint8Array(0) });
	await log.read();
	await log.write();
	await Promise.all([reported, swept]);
	const again = sweep(flow);
	await log.read();
	await log.write();
	await again;
	const found = openAfter(log.entries).find(({ id }) => id === message.id);
	assert.equal(found?.recipients[0]?.reported, true);
	assert.equal(found?.recipients[0]?.reply, '550 5.1.1 No such user', 'the last answer stays with it');
});

test('a message that cannot be read does not keep the others from being written anew', async () => {
	const { flow, log } = createFlow(2);
	log.damaged.add(1);
	const swept = sweep(flow);
	for (let round = 0; round < 3; round++) {
		await log.read();
		await log.write();
	}
	await swept;
	assert.equal(rewritten(log.entries), 1);
});

test('only those recipients expire whose time is up', async () => {
	const { flow, log } = createFlow(0);
	const ages = [{ state: 'held' }, { state: 'queued', attempts: 3, dueMs: nowMs + 1000 }] as const;
	const old = queuedFixture({
		sequence: 7,
		offset: 1,
		acceptedMs: nowMs - 2 * day,
		nullSender: true,
		recipients: ages,
	});
	const slow = queuedFixture({ sequence: 8, offset: 1, acceptedMs: nowMs - 2 * day, recipients: ages });
	for (const message of [old, slow]) flow.scheduler.add(message, nowMs);
	const swept = sweep(flow);
	for (let round = 0; round < 9; round++) {
		await log.read();
		await log.write();
	}
	await swept;
	const states = [old, slow].map(({ recipients }) => recipients.map(({ state }) => state));
	assert.deepEqual(states, [
		['expired', 'expired'],
		['expired', 'queued'],
	]);
});

test('mail whose due time a clock set back has put out of reach becomes due', async () => {
	const { flow, log } = createFlow(0);
	const stranded = queuedFixture({ sequence: 9, recipients: [{ dueMs: nowMs + 30 * day, attempts: 1 }] });
	const ordinary = queuedFixture({ sequence: 10, recipients: [{ dueMs: nowMs + 3_600_000, attempts: 1 }] });
	for (const message of [stranded, ordinary]) flow.scheduler.add(message, nowMs);
	const swept = sweep(flow);
	for (let round = 0; round < 9; round++) {
		await log.read();
		await log.write();
	}
	await swept;
	assert.ok((stranded.recipients[0]?.dueMs ?? 0) <= nowMs);
	assert.equal(ordinary.recipients[0]?.dueMs, nowMs + 3_600_000);
});
