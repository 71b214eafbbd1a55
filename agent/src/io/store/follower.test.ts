import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MessageId, Transition } from '@sluice/shared/words/message.ts';
import { comparePositions } from '../../core/log/position.ts';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import { addUsage, createWriter, replayNaively, type Told, type UsageSums } from './example-history.ts';
import { countNaively, countsIn, sorted } from './example-stats.ts';
import { historyDays } from './history-days.ts';
import { lifeOf } from './history-life.ts';
import { search } from './history-search.ts';
import { openQueueIndex } from './queue-index.ts';
import { databaseFiles, type OpenDatabase, openDatabase, type Statement } from './sqlite.ts';
import {
	deferred,
	delivered,
	exampleMs,
	exampleRecord,
	type MemoryLog,
	memoryLog,
	type Opened,
	openExample,
	runAll,
	runDamaged,
	seededRandom,
	temporaryFolder,
} from './testing.ts';
import type { StoreTrouble } from './trouble.ts';
import { openUsageReader } from './usage-reader.ts';

function openMessages(folder: string): Map<MessageId, QueuedMessage> {
	const index = openQueueIndex(join(folder, 'queue.db'), false);
	const messages = new Map<MessageId, QueuedMessage>();
	index.load((message) => messages.set(message.id, message));
	index.close();
	return messages;
}

function usageIn(folder: string): UsageSums {
	const sums: UsageSums = new Map();
	const reader = openUsageReader(join(folder, 'usage.db'));
	reader?.read(0, (scopes, usage) => addUsage(sums, scopes, usage));
	reader?.close();
	return sums;
}

/** Index, history and usage on the disk say exactly what a replay of the whole log says. */
function assertTold(folder: string, told: Told, log: Pick<MemoryLog, 'entries'>): void {
	assert.deepEqual(openMessages(folder), told.open);
	const days = historyDays(folder);
	const page = search(days, { limit: 500 }, () => 0);
	assert.equal(page.next, undefined, 'few enough for one page');
	assert.deepEqual(page.items.map(({ id }) => id).sort(), [...told.history.keys()].sort());
	for (const { id, recipients, recipientCount } of page.items) {
		const expected = told.history.get(id);
		assert.equal(recipientCount, expected?.record.envelope.recipients.length);
		assert.deepEqual(
			recipients.map(({ address: _address, ...now }) => now),
			expected?.recipients,
			id,
		);
		assert.deepEqual(lifeOf(days, id), {
			record: expected?.record,
			steps: expected?.steps,
			reports: expected?.reports.sort(),
		});
	}
	days.close();
	assert.deepEqual(usageIn(folder), told.usage);
	assert.deepEqual(sorted(countsIn(join(folder, 'stats.db'))), sorted(countNaively(log.entries)));
}

const databasesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.db'));

const daysIn = (folder: string): string[] => databasesIn(folder).filter((name) => /^\d{4}/.test(name));

/** The files of one database as they are at this moment, to be put back as a power failure would. */
function keepCopy(folder: string, name: string, number: number): void {
	for (const file of databaseFiles(join(folder, name)).slice(0, 2)) {
		rmSync(`${file}.${number}`, { force: true });
		if (existsSync(file)) copyFileSync(file, `${file}.${number}`);
	}
}

function putBack(folder: string, name: string, number: number): void {
	const files = databaseFiles(join(folder, name));
	for (const file of files) rmSync(file, { force: true });
	for (const file of files.slice(0, 2)) if (existsSync(`${file}.${number}`)) copyFileSync(`${file}.${number}`, file);
}

/** Tells which database has been flushed: a commit with synchronous = FULL takes all earlier ones to the disk. */
function watchedDatabase(onFlush: (name: string) => void): OpenDatabase {
	return (path, options) => {
		const database = openDatabase(path, options);
		let isFull = false;
		return {
			...database,
			exec(sql) {
				database.exec(sql);
				if (sql.includes('synchronous = ')) isFull = sql.includes('synchronous = FULL');
				if (sql === 'COMMIT' && isFull) onFlush(basename(path));
			},
		};
	};
}

/**
 * Random entries in random batches; after some the process ends without a word, after others the power fails as well and each
 * database goes back to any of its states since it was last flushed. In the end all must be right.
 */
function liveThrough(context: TestContext, seed: number): void {
	const folder = temporaryFolder(context);
	const random = seededRandom(seed);
	const log = memoryLog();
	const write = createWriter(log, random);
	/** Copies of each database since it was last flushed. */
	const copies = new Map<string, number[]>();
	/** Goes on while mail comes, so that moments end; entries are of three days, before and after it. */
	let nowMs = exampleMs;
	const openDatabase = watchedDatabase((name) => void copies.set(name, []));
	const input = { batchWeightMax: 5, openDatabase, now: () => nowMs };
	let { follower, troubles } = openExample(folder, log, input);
	let copyNumber = 0;

	function snapshot(): void {
		copyNumber++;
		for (const name of databasesIn(folder)) {
			keepCopy(folder, name, copyNumber);
			copies.set(name, [...(copies.get(name) ?? []), copyNumber]);
		}
	}

	for (let round = 0; round < 30; round++) {
		write(Math.floor(random() * 12));
		nowMs += Math.floor(random() * 200_000);
		for (let batches = Math.floor(random() * 4); batches > 0; batches--) {
			follower.run(log.end, random() < 0.3 ? 'synced' : 'lazy');
			snapshot();
		}
		const chance = random();
		if (chance < 0.5) continue;
		// A kill in the middle of a batch: what was gathered is gone.
		follower.close();
		if (chance > 0.75) {
			for (const [name, numbers] of copies)
				putBack(folder, name, numbers[Math.floor(random() * numbers.length)] as number);
			copies.clear();
		}
		({ follower, troubles } = openExample(folder, log, input));
		snapshot();
	}
	runAll(follower, log);
	follower.close();
	assert.deepEqual(troubles, []);
	assertTold(folder, replayNaively(log.entries), log);
}

for (let seed = 1; seed <= 12; seed++)
	test(`index and history equal a naive replay, whatever was lost on the way (seed ${seed})`, (context) =>
		liveThrough(context, seed));

test('a message that comes and is settled within a batch never touches queue.db', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const { follower } = openExample(folder, log);
	const record = exampleRecord(1);
	log.message(record);
	log.steps(delivered(record));
	runAll(follower, log);
	follower.close();
	const database = openDatabase(join(folder, 'queue.db'), { readOnly: true });
	// Not even its words.
	assert.deepEqual(database.prepare('SELECT count(*) FROM words').get(), [0]);
	database.close();
	assert.deepEqual(openMessages(folder), new Map());
	assertTold(folder, replayNaively(log.entries), log);
});

test('what the spool is told has been flushed: lazy commits are not', (context) => {
	const log = memoryLog();
	const { follower } = openExample(temporaryFolder(context), log);
	log.message(exampleRecord(1));
	follower.run(log.end, 'lazy');
	assert.deepEqual(follower.position, log.end);
	assert.ok(comparePositions(follower.synced, log.end) < 0);
	follower.run(log.end, 'synced');
	assert.deepEqual(follower.synced, log.end);
	follower.close();
});

/** A folder with an index and a history of two messages, one of them open, closed again. */
function lived(context: TestContext) {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const [one, two] = [exampleRecord(1), exampleRecord(2)];
	log.message(one);
	log.message(two);
	log.steps(delivered(one), deferred(two));
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	follower.run(log.end, 'synced');
	follower.close();
	return { folder, log, two };
}

const damages: readonly [name: string, damage: (path: string) => void][] = [
	['is no database', (path) => writeFileSync(path, 'something else '.repeat(1000))],
	['is cut', (path) => truncateSync(path, 5000)],
	['is empty', (path) => truncateSync(path, 0)],
	['is of a newer version', (path) => edit(path, 'PRAGMA user_version = 99')],
	['is of another program', (path) => edit(path, 'PRAGMA application_id = 7')],
	['has a damaged row', (path) => edit(path, "UPDATE messages SET data = data || ' 5'")],
	['names unknown words', (path) => edit(path, 'DELETE FROM words')],
];

function edit(path: string, sql: string): void {
	const database = openDatabase(path);
	database.exec(sql);
	database.close();
}

for (const [name, damage] of damages)
	test(`queue.db that ${name} is made anew from the log`, (context) => {
		const { folder, log, two } = lived(context);
		damage(join(folder, 'queue.db'));
		// What main does at start: it must not take the damage for the truth.
		const index = openQueueIndex(join(folder, 'queue.db'), false);
		if (index.position !== undefined) assert.throws(() => index.load(() => {}));
		index.close();
		log.steps(deferred(two, 0, 2));
		assert.deepEqual(runDamaged(folder, log), ['index-rebuilt']);
		assertTold(folder, replayNaively(log.entries), log);
	});

test('an index that knows more than the log is made anew', (context) => {
	const { folder, log } = lived(context);
	const other = memoryLog();
	other.message(exampleRecord(7));
	assert.ok(comparePositions(other.end, log.end) < 0);
	const { follower, troubles } = openExample(folder, other);
	runAll(follower, other);
	follower.close();
	assert.deepEqual(
		troubles.map(({ kind }) => kind),
		['index-rebuilt'],
	);
	assert.deepEqual([...openMessages(folder).keys()], [exampleRecord(7).id]);
	// The day had a position of the other log; what comes is taken all the same.
	const days = historyDays(folder);
	assert.notEqual(lifeOf(days, exampleRecord(7).id), undefined);
	days.close();
});

test('a missing index is made without a word', (context) => {
	const log = memoryLog();
	const { follower, troubles } = openExample(temporaryFolder(context), log);
	follower.close();
	assert.deepEqual(troubles, []);
});

test('a damaged day is set aside and made anew from the log, the others stay', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const write = createWriter(log, seededRandom(99));
	write(400);
	const first = openExample(folder, log);
	runAll(first.follower, log);
	// As at every stop, and every few seconds: the index notes how far history is on the disk.
	first.follower.run(log.end, 'synced');
	first.follower.close();
	const days = daysIn(folder);
	assert.ok(days.length > 2);
	writeFileSync(join(folder, days[1] as string), 'not a database '.repeat(2000));
	write(200);
	const { follower, troubles } = openExample(folder, log);
	assert.throws(() => runAll(follower, log));
	follower.close();
	const again = openExample(folder, log);
	runAll(again.follower, log);
	again.follower.close();
	assert.deepEqual(
		troubles.map(({ kind }) => kind),
		['day-set-aside'],
	);
	assert.deepEqual(again.troubles, []);
	assertTold(folder, replayNaively(log.entries), log);
});

test('a message written anew by compaction is one message', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const record = exampleRecord(1, { recipients: ['anna@example.test', 'bea@example.test'] });
	log.message(record);
	log.steps(delivered(record, 0));
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	const statuses = [
		{ state: 'delivered', attempts: 1, dueMs: 0, delayNoticed: false, reported: true },
		{ state: 'queued', attempts: 0, dueMs: exampleMs, delayNoticed: false, reported: false },
	] as const;
	const ref = log.message(record, { statuses });
	log.steps(deferred(record, 1));
	runAll(follower, log);
	follower.close();
	assertTold(folder, replayNaively(log.entries), log);
	const [message] = openMessages(folder).values();
	assert.deepEqual([message?.segment, message?.offset], [ref.segment, ref.offset], 'the index points to the new place');
});

test('of a message whose day is gone compaction brings back what it knows', (context) => {
	const { folder, log, two } = lived(context);
	const [day] = daysIn(folder);
	for (const file of databaseFiles(join(folder, day as string))) rmSync(file, { force: true });
	const status = { state: 'queued', attempts: 3, dueMs: exampleMs + 9, delayNoticed: false, reported: false } as const;
	log.message(two, { statuses: [status] });
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	follower.close();
	const days = historyDays(folder);
	const { items } = search(days, { limit: 10 }, () => 0);
	assert.deepEqual(
		items.map(({ id, recipients }) => [id, recipients[0]?.state, recipients[0]?.attempts]),
		[[two.id, 'queued', 3]],
	);
	days.close();
});

test('a step about a day that is gone makes no file', (context) => {
	const { folder, log, two } = lived(context);
	const [day] = daysIn(folder);
	const { follower } = openExample(folder, log);
	for (const file of databaseFiles(join(folder, day as string))) rmSync(file, { force: true });
	log.steps(delivered(two));
	runAll(follower, log);
	follower.close();
	assert.deepEqual(daysIn(folder), []);
	assert.deepEqual(openMessages(folder), new Map());
});

test('an error leaves everything as it was, and the next run goes on', (context) => {
	const folder = temporaryFolder(context);
	const historyDirectory = join(folder, 'history');
	const log = memoryLog();
	const record = exampleRecord(1);
	log.message(record);
	const { follower } = openExample(folder, log, { historyDirectory });
	assert.throws(() => follower.run(log.end, 'lazy'), 'there is no folder');
	assert.deepEqual(follower.position, { segment: 0, offset: 0 });
	renameSync(temporaryFolder(context), historyDirectory);
	log.steps(delivered(record));
	runAll(follower, log);
	follower.close();
	const days = historyDays(historyDirectory);
	assert.equal(lifeOf(days, record.id)?.steps.length, 1);
	days.close();
	assert.deepEqual(openMessages(folder), new Map());
});

test('a message that compaction wrote anew and that ends in the same batch leaves the index', (context) => {
	const { folder, log, two } = lived(context);
	const { follower } = openExample(folder, log);
	const status = { state: 'queued', attempts: 1, dueMs: exampleMs, delayNoticed: false, reported: false } as const;
	log.message(two, { statuses: [status] });
	log.steps(delivered(two));
	runAll(follower, log);
	follower.close();
	assert.deepEqual(openMessages(folder), new Map());
});

test('what is settled is not woken by a later step of the same batch', (context) => {
	const { folder, log, two } = lived(context);
	const { follower } = openExample(folder, log);
	log.steps(delivered(two), { ...deferred(two, 0, 2), to: 'queued' });
	runAll(follower, log);
	follower.close();
	assert.deepEqual(openMessages(folder), replayNaively(log.entries).open);
	assert.deepEqual(openMessages(folder), new Map());
});

test('what was discarded stays in the index until it is brought back or forgotten', (context) => {
	const { folder, log, two } = lived(context);
	const discarded = { ...deferred(two, 0, 2), to: 'discarded', why: 'spam', actor: 'reseller bob' } as const;
	const stateOfTwo = (): unknown[] => {
		const recipients = openMessages(folder).get(two.id)?.recipients ?? [];
		return recipients.map(({ state, standing }) => [state, standing?.endedBy]);
	};
	const follow = (...steps: readonly Transition[]): void => {
		const { follower } = openExample(folder, log);
		log.steps(...steps);
		runAll(follower, log);
		follower.close();
	};
	follow(discarded);
	assert.deepEqual(stateOfTwo(), [['discarded', 'reseller bob']]);
	follow({ ...deferred(two, 0, 2), to: 'queued', why: 'no spam', actor: 'admin root' });
	assert.deepEqual(stateOfTwo(), [['queued', undefined]]);
	const { follower } = openExample(folder, log);
	// Whoever asks for that while it is open errs: nothing is lost by it.
	follower.forget([two.id]);
	log.steps(discarded);
	runAll(follower, log);
	assert.deepEqual(stateOfTwo(), [['discarded', 'reseller bob']]);
	follower.forget([two.id, 'nobody']);
	log.message(exampleRecord(9));
	runAll(follower, log);
	follower.close();
	assert.deepEqual(stateOfTwo(), []);
});

/** A full disk at the call of this number: writing fails, and SQLite rolls back. */
function breakingDatabase(state: { callsLeft: number }): OpenDatabase {
	const spend = (): void => {
		if (state.callsLeft-- <= 0) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
	};
	return (path, options) => {
		const database = openDatabase(path, options);
		const breaking = (statement: Statement): Statement => ({
			...statement,
			run(...values) {
				spend();
				return statement.run(...values);
			},
		});
		return {
			...database,
			exec(sql) {
				if (sql !== 'ROLLBACK') spend();
				database.exec(sql);
			},
			prepare: (sql) => breaking(database.prepare(sql)),
		};
	};
}

test('a full disk at any call of SQLite costs nothing but time', (context) => {
	const log = memoryLog();
	createWriter(log, seededRandom(5))(60);
	const told = replayNaively(log.entries);
	let failures = 0;
	for (let calls = 0; ; calls += 1 + Math.floor(calls / 8)) {
		const folder = temporaryFolder(context);
		const state = { callsLeft: calls };
		const troubles: string[] = [];
		const input = {
			batchWeightMax: 25,
			openDatabase: breakingDatabase(state),
			report: ({ kind }: StoreTrouble) => void troubles.push(kind),
		};
		let opened: Opened | undefined;
		try {
			opened = openExample(folder, log, input);
			runAll(opened.follower, log);
		} catch {
			failures++;
			// There is room again: the same follower goes on, if it could be opened at all.
			state.callsLeft = Number.POSITIVE_INFINITY;
			opened ??= openExample(folder, log, input);
			runAll(opened.follower, log);
		}
		opened.follower.close();
		assert.ok(!troubles.includes('day-set-aside'));
		assertTold(folder, told, log);
		if (state.callsLeft > 0 && state.callsLeft !== Number.POSITIVE_INFINITY) break;
	}
	assert.ok(failures > 20, `${failures} failures`);
});
