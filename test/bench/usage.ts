/**
 * Usage at its size: a week with five million recipients replayed against limits, a million messages read into the meter at start.
 *
 * `node test/bench/usage.ts`, also a part of `npm run bench`. The file is made first, through the follower's own projection, of 10,000
 * accounts with three mailboxes each: most send little, the first ones a great deal, one in fifty has newsletters. All meet the limits that
 * are the defaults; some hundred get over them. Prints processor time, and its share of the goals. Fails beyond three times a goal.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createMeter } from '@sluice/agent/core/metering/meter.ts';
import { exampleRecord } from '@sluice/agent/io/spool/example.ts';
import { createUsageProjection } from '@sluice/agent/io/store/usage-projection.ts';
import { openUsage } from '@sluice/agent/main/open-usage.ts';
import { simulateUsage } from '@sluice/agent/main/simulate-worker.ts';
import type { Account } from '@sluice/shared/words/account.ts';
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { benchFolder } from './load.ts';

const simulateMsMax = 5_000;
const simulatedRecipients = 5_000_000;
const loadMsMax = 2_000;
const loadedMessages = 1_000_000;
/** A verdict allows for a busy machine. */
const patience = 3;

const accountCount = 10_000;
/** One account in so many sends to tens of recipients at once. */
const newsletterEvery = 50;
const nowMs = 1_800_000_000_000;
const daySeconds = 86_400;

/** The same numbers on every run. */
function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

const accounts = Array.from({ length: accountCount }, (_, index): Account => {
	const domain = `site${index}.test`;
	return {
		id: `acct${index}`,
		key: `acct${index}`,
		panel: 'cpanel',
		name: domain,
		unixUsers: [],
		domains: [domain],
		mailboxes: [],
		state: 'active',
		sinceMs: 0,
		maySendAs: [],
	};
});

/** Most accounts send little; the first of them send a great deal. */
const senderOf = (random: () => number): number => Math.floor(accountCount * random() ** 2);

function recipientsOf(site: number, random: () => number): number {
	if (site % newsletterEvery === 0 && random() < 0.3) return 10 + Math.floor(random() * 60);
	return random() < 0.7 ? 1 : 2 + Math.floor(random() * 3);
}

type Filled = { readonly messages: number; readonly recipients: number };

/** Fills usage.db with the days before now, until there is enough. */
function fill(path: string, days: number, isEnough: (filled: Filled) => boolean, expected: number): Filled {
	const random = seeded(7);
	const projection = createUsageProjection({
		path,
		logEnd: { segment: 1, offset: Number.MAX_SAFE_INTEGER },
		report: ({ kind }) => {
			throw new Error(kind);
		},
		now: () => nowMs,
	});
	const filled = { messages: 0, recipients: 0 };
	const example = exampleRecord(1, 2000);
	while (!isEnough(filled)) {
		filled.messages += 1;
		const acceptedMs = nowMs - days * daySeconds * 1000 * Math.max(0, 1 - filled.messages / expected);
		const record = recordOf(example, random, acceptedMs);
		filled.recipients += record.envelope.recipients.length;
		const next = { segment: 1, offset: filled.messages };
		projection.take({ kind: 'message', record, ref: { segment: 1, offset: 0, bytes: 1 } }, next);
		if (filled.messages % 4000 === 0) projection.commit(next, 'lazy');
	}
	projection.commit({ segment: 1, offset: filled.messages }, 'synced');
	projection.close();
	return filled;
}

function recordOf(example: MessageRecord, random: () => number, acceptedMs: number): MessageRecord {
	const site = senderOf(random);
	const mailbox = `user${Math.floor(random() * 3)}@site${site}.test`;
	const recipients = Array.from({ length: recipientsOf(site, random) }, () => ({
		address: `r${Math.floor(random() * 1e6)}@example.test`,
	}));
	const scopes = ['server:server', `account:acct${site}`, `domain:site${site}.test`, `mailbox:${mailbox}`];
	return { ...example, acceptedMs, scopes, envelope: { ...example.envelope, recipients } };
}

/** In this thread's processor time: others use the machine too, and here nothing else waits for anything. */
function timed<Value>(work: () => Value): { readonly value: Value; readonly ms: number } {
	const began = process.threadCpuUsage();
	const value = work();
	const { user, system } = process.threadCpuUsage(began);
	return { value, ms: (user + system) / 1000 };
}

function verdict(what: string, ms: number, msMax: number): void {
	console.log(
		`${what}: ${(ms / 1000).toFixed(2)} s of processor time, ${((100 * ms) / msMax).toFixed(0)} % of the goal of ${msMax / 1000} s`,
	);
	if (ms > patience * msMax) process.exitCode = 1;
}

function simulating(folder: string): void {
	const usagePath = join(folder, 'week.db');
	const filled = fill(usagePath, 7, ({ recipients }) => recipients >= simulatedRecipients, simulatedRecipients / 1.85);
	const task = {
		usagePath,
		fromSecond: nowMs / 1000 - 7 * daySeconds,
		toSecond: nowMs / 1000,
		accounts,
		completeMs: nowMs,
		limits: [],
		nowMs,
		waitingRecipientsMax: 20_000,
	};
	const { value, ms } = timed(() => simulateUsage(task, () => {}));
	const { heldMessages, accounts: met } = value;
	console.log(
		`week: ${filled.messages} messages, ${filled.recipients} recipients, ${Math.round(statSync(usagePath).size / 2 ** 20)} MB; would have held ${heldMessages} messages of ${met.length} accounts`,
	);
	verdict(`simulate, ${Math.round(filled.recipients / ms)} recipients a millisecond`, ms, simulateMsMax);
}

function loading(folder: string): void {
	const path = join(folder, 'day.db');
	fill(path, 1, ({ messages }) => messages >= loadedMessages, loadedMessages);
	const failed = (error: unknown): void => {
		throw error;
	};
	const { value: usage, ms: readMs } = timed(() =>
		openUsage({ path, logDirectory: folder, now: () => nowMs, report: failed, failed }),
	);
	const meter = createMeter();
	const { value: charged, ms: fillMs } = timed(() => usage.fill(meter, nowMs));
	const detail = `${Math.round(readMs)} ms reading, ${Math.round(fillMs)} ms charging, meter of ${Math.round(meter.bytes / 2 ** 20)} MB`;
	verdict(`start with ${charged} messages of the last day (${detail})`, readMs + fillMs, loadMsMax);
}

mkdirSync(benchFolder, { recursive: true });
const folder = mkdtempSync(join(benchFolder, 'usage-'));
try {
	simulating(folder);
	loading(folder);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
