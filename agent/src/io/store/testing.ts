/**
 * For the tests of this folder: messages and steps by the dozen, a log in memory, chance from a seed.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type MessageRecord, messageIdOf, type Transition } from '@sluice/shared/words/message.ts';
import { logStart } from '../../core/log/position.ts';
import type { BodyRef, LogEntry, LogPosition } from '../../ports/spool.ts';
import { type Follower, type FollowerInput, openFollower, type ReadEntries } from './follower.ts';
import { openDatabase } from './sqlite.ts';
import type { StoreTrouble } from './trouble.ts';

/** 2026-11-03 10:00 UTC. */
export const exampleMs = Date.UTC(2026, 10, 3, 10);

export function temporaryFolder(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-store-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

export type Example = {
	readonly atMs?: number;
	readonly account?: string;
	readonly mailbox?: string;
	readonly recipients?: readonly string[];
	readonly subject?: string;
	readonly initial?: MessageRecord['initial'];
	/** Who pays; absent: nobody. */
	readonly scopes?: readonly string[];
	readonly initials?: MessageRecord['initials'];
	/** A report about this message. */
	readonly about?: string;
};

export function exampleRecord(sequence: number, example: Example = {}): MessageRecord {
	const { atMs = exampleMs + sequence, account = 'shop', mailbox = 'orders@shop.test', about } = example;
	const isReport = about !== undefined;
	return {
		id: messageIdOf(atMs, sequence),
		acceptedMs: atMs,
		envelope: {
			reversePath: isReport ? '' : mailbox,
			recipients: (example.recipients ?? ['anna@example.test']).map((address) => ({ address })),
			has8bit: false,
			smtpUtf8: false,
		},
		origin: { peerAddress: '203.0.113.5', helo: 'server1.host.test', protocol: 'esmtp' },
		attribution: {
			account,
			...(isReport ? {} : { identity: { kind: 'mailbox', id: mailbox } }),
			class: isReport ? 'dsn' : 'mailbox',
			certainty: 'proved',
			from: `exim header, auth=${mailbox}`,
			hint: { domain: mailbox.slice(mailbox.indexOf('@') + 1), address: mailbox },
			alarms: [],
		},
		verdict: { action: 'accept', reasons: [] },
		initial: example.initial ?? 'queued',
		...(example.initials === undefined ? {} : { initials: example.initials }),
		...(example.scopes === undefined ? {} : { scopes: example.scopes }),
		bodyBytes: 2000,
		cuts: [],
		subject: example.subject ?? `Order ${sequence}`,
		hops: 1,
		...(isReport ? { about } : {}),
	};
}

export function delivered(record: MessageRecord, recipient = 0, atMs = record.acceptedMs + 50): Transition {
	const reply = { code: 250, status: '2.0.0', lines: ['Ok: queued as 4XyZ12'] };
	return { message: record.id, recipient, atMs, to: 'delivered', attempts: 1, reply, host: 'mx1.example.test' };
}

export function deferred(record: MessageRecord, recipient = 0, attempts = 1): Transition {
	const atMs = record.acceptedMs + 1000 * attempts;
	const reply = { code: 451, status: '4.7.1', lines: ['Greylisted'] };
	return {
		message: record.id,
		recipient,
		atMs,
		to: 'queued',
		attempts,
		dueMs: atMs + 300_000,
		reply,
		cause: 'greylist',
	};
}

/** The log in memory: each entry takes 100 bytes, a segment a thousand. */
export type MemoryLog = {
	readonly end: LogPosition;
	readonly entries: readonly { readonly entry: LogEntry; readonly next: LogPosition }[];
	message(
		record: MessageRecord,
		extra?: Pick<Extract<LogEntry, { kind: 'message' }>, 'statuses' | 'reported'>,
	): BodyRef;
	steps(...transitions: readonly Transition[]): void;
	readonly read: ReadEntries;
};

const entryBytes = 100;
const segmentBytes = 1000;

export function memoryLog(): MemoryLog {
	const entries: { entry: LogEntry; next: LogPosition }[] = [];
	let end: LogPosition = logStart;

	function add(make: (ref: BodyRef) => LogEntry): BodyRef {
		const isFull = end.segment === 0 || end.offset >= segmentBytes;
		const { segment, offset } = isFull ? { segment: end.segment + 1, offset: 0 } : end;
		const ref = { segment, offset, bytes: entryBytes };
		end = { segment, offset: offset + entryBytes };
		entries.push({ entry: make(ref), next: end });
		return ref;
	}

	return {
		get end() {
			return end;
		},
		entries,
		message: (record, extra = {}) => add((ref) => ({ kind: 'message', record, ref, ...extra })),
		steps: (...transitions) => void add(() => ({ kind: 'transitions', transitions })),
		read(_directory, from, upTo, visit) {
			for (const { entry, next } of entries)
				if (isBefore(from, next) && !isBefore(upTo, next)) visit(structuredClone(entry), next);
		},
	};
}

const isBefore = (one: LogPosition, other: LogPosition): boolean =>
	one.segment < other.segment || (one.segment === other.segment && one.offset < other.offset);

export type Opened = {
	readonly follower: Follower;
	readonly troubles: StoreTrouble[];
	readonly queuePath: string;
	readonly historyDirectory: string;
	readonly usagePath: string;
	readonly statsPath: string;
};

/** Opens a follower of a log in memory, with queue.db and history in `folder` (which must exist). */
export function openExample(folder: string, log: MemoryLog, input: Partial<FollowerInput> = {}): Opened {
	const troubles: StoreTrouble[] = [];
	const queuePath = join(folder, 'queue.db');
	const usagePath = join(folder, 'usage.db');
	const statsPath = join(folder, 'stats.db');
	const follower = openFollower({
		readEntries: log.read,
		logDirectory: 'in memory',
		queuePath,
		historyDirectory: folder,
		usagePath,
		statsPath,
		logEnd: log.end,
		report: (trouble) => void troubles.push(trouble),
		now: () => exampleMs,
		...input,
	});
	return { follower, troubles, queuePath, historyDirectory: folder, usagePath, statsPath };
}

/** Runs until nothing is left. */
export function runAll(follower: Follower, log: MemoryLog): void {
	while (follower.run(log.end, 'lazy') > 0);
}

/** Changes a file behind the back of whoever writes it. */
export function edit(path: string, sql: string): void {
	const database = openDatabase(path);
	database.exec(sql);
	database.close();
}

/** What may befall a file that keeps its position in `state`. */
export const damages: readonly [name: string, damage: (path: string) => void][] = [
	['is no database', (path) => writeFileSync(path, 'something else '.repeat(1000))],
	['is cut', (path) => truncateSync(path, 20_000)],
	['is of a newer version', (path) => edit(path, 'PRAGMA user_version = 99')],
	['is of another program', (path) => edit(path, 'PRAGMA application_id = 7')],
	['does not know its position', (path) => edit(path, 'DELETE FROM state')],
];

/** Opens the follower of a damaged file as its owner does, as often as it takes. Returns what was told. */
export function runDamaged(folder: string, log: MemoryLog): readonly string[] {
	const troubles: string[] = [];
	// Damage that only shows in a row is met at the first step about it, and the next start makes the file anew.
	for (let start = 0; start < 2; start++) {
		const { follower } = openExample(folder, log, { report: ({ kind }) => void troubles.push(kind) });
		try {
			runAll(follower, log);
		} catch {
			// The owner opens it again.
		}
		try {
			follower.close();
		} catch {
			// Closed already.
		}
	}
	return troubles;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
