import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Transition } from '@sluice/shared/words/message.ts';
import { createWriter } from './example-history.ts';
import { countNaively, countsIn, sorted } from './example-stats.ts';
import { dayMs } from './message-key.ts';
import { isDamage } from './own-database.ts';
import { databaseFiles, openDatabase, openNode } from './sqlite.ts';
import { providersOfStepMax } from './stats-answers.ts';
import { createStatsReader } from './stats-reader.ts';
import { retainStats } from './stats-retention.ts';
import { dayBegin, stepBegin } from './stats-steps.ts';
import {
	damages,
	deferred,
	delivered,
	exampleMs,
	exampleRecord,
	memoryLog,
	openExample,
	runAll,
	runDamaged,
	seededRandom,
	temporaryFolder,
} from './testing.ts';

const shop = ['server:server', 'reseller:bob', 'account:shop'];
const second = exampleMs / 1000;
const hour = stepBegin('hour', second);

/** Of the hour in which the examples happen. */
function inHour(path: string, subject: string): { readonly [count: string]: number } | undefined {
	const reader = createStatsReader(path);
	const counts = reader.counts('hour', [subject], [hour]).get(hour);
	reader.close();
	return counts === undefined ? undefined : Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** A folder in which two messages have come and one has left, closed again. */
function lived(context: TestContext) {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const one = exampleRecord(1, { scopes: shop });
	log.message(one);
	log.message(
		exampleRecord(2, { scopes: shop, recipients: ['a@one.test', 'b@one.test'], initials: ['waiting', 'held'] }),
	);
	log.steps(delivered(one));
	const opened = openExample(folder, log);
	runAll(opened.follower, log);
	opened.follower.run(log.end, 'synced');
	opened.follower.close();
	return { folder, log, path: opened.statsPath };
}

test('mail counts for the server, for whoever sent it and for its reseller', (context) => {
	const { path } = lived(context);
	const counts = { accepted: 3, charged: 1, waited: 1, held: 1, delivered: 1 };
	for (const subject of shop) assert.deepEqual(inHour(path, subject), counts);
	assert.equal(inHour(path, 'account:club'), undefined);
});

test('an answer counts for the provider whose host gave it, with its cause and its latest words', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const { follower, statsPath } = openExample(folder, log);
	const at = (step: Transition, host: string): Transition => ({ ...step, host: `${host} [192.0.2.1]` });
	for (let sequence = 0; sequence < 4; sequence++) {
		const record = exampleRecord(sequence);
		log.message(record);
		log.steps(at(deferred(record), 'mx1.mail.example.org'));
		log.steps(at(delivered(record), sequence < 3 ? 'gmail-smtp-in.l.google.com' : 'aspmx.l.google.com'));
	}
	const lost = exampleRecord(9);
	log.message(lost);
	const ours = { code: 451, status: '4.4.1', lines: ['The receiving server did not answer in time'] };
	log.steps({ ...at(deferred(lost), 'mx9.example.org'), reply: ours, cause: 'destination-down' });
	// Nobody was reached: nobody's answer.
	log.steps({ ...deferred(lost, 0, 2), cause: 'destination-down' });
	runAll(follower, log);
	follower.close();
	const reader = createStatsReader(statsPath);
	const answers = [
		{ provider: 'Google', result: 'delivered', cause: '', recipients: 4 },
		{ provider: 'example.org', result: 'deferred', cause: 'destination-down', recipients: 1 },
		{ provider: 'example.org', result: 'deferred', cause: 'greylist', recipients: 4 },
	];
	assert.deepEqual(reader.answers('hour', hour), answers);
	assert.deepEqual(reader.answers('day', dayBegin(second)), answers);
	assert.equal(reader.reply('example.org', hour), '451 4.7.1 Greylisted', 'their words, not ours');
	assert.equal(reader.reply('example.org', hour + 3600), undefined);
	assert.equal(reader.reply('Google', 0), undefined);
	reader.close();
});

test('whoever sends to thousands of servers of his own makes no thousands of rows, and hides no known provider', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	let { follower, statsPath } = openExample(folder, log);
	for (let sequence = 0; sequence < 3 * providersOfStepMax; sequence++) {
		const record = exampleRecord(sequence);
		log.message(record);
		log.steps({ ...delivered(record), host: `mx.site${sequence}.test` });
		if (sequence % 100 !== 0) continue;
		runAll(follower, log);
		follower.close();
		({ follower, statsPath } = openExample(folder, log));
	}
	const last = exampleRecord(99_999);
	log.message(last);
	log.steps({ ...delivered(last), host: 'mx00.gmx.net' });
	runAll(follower, log);
	follower.close();
	const reader = createStatsReader(statsPath);
	const answers = reader.answers('hour', hour);
	reader.close();
	assert.equal(answers.length, providersOfStepMax + 2);
	assert.equal(answers.find(({ provider }) => provider === '')?.recipients, 2 * providersOfStepMax);
	assert.ok(answers.some(({ provider }) => provider === 'GMX, WEB.DE and mail.com'));
});

for (const [name, damage] of damages)
	test(`stats.db that ${name} is set aside, told, and made anew from the log`, (context) => {
		const { folder, log, path } = lived(context);
		// Open as the loop has it: it finds the new file.
		const reader = createStatsReader(path);
		assert.equal(reader.counts('hour', ['server:server'], [hour]).get(hour)?.accepted, 3);
		damage(path);
		log.message(exampleRecord(3, { scopes: shop }));
		assert.deepEqual(runDamaged(folder, log), ['stats-set-aside']);
		assert.equal(reader.counts('hour', ['server:server'], [hour]).get(hour)?.accepted, 4);
		reader.close();
		assert.ok(readdirSync(folder).includes(`stats.damaged-${exampleMs}`));
		assert.deepEqual(sorted(countsIn(path)), sorted(countNaively(log.entries)));
	});

test('a reader says of a damaged file that it cannot be read, and of none that there is nothing', (context) => {
	const { folder, path } = lived(context);
	writeFileSync(path, 'something else '.repeat(1000));
	const reader = createStatsReader(path);
	assert.throws(() => reader.since(), isDamage);
	reader.close();
	const none = createStatsReader(join(folder, 'none.db'));
	assert.equal(none.since(), undefined);
	assert.deepEqual(none.counts('day', ['server:server'], [0]), new Map());
	none.close();
});

test('an agent that had no counts yet begins with what its log still has, and says since when', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const write = createWriter(log, seededRandom(5));
	write(200);
	const first = openExample(folder, log);
	runAll(first.follower, log);
	first.follower.close();
	for (const file of databaseFiles(first.statsPath)) rmSync(file, { force: true });
	// What has ended is in no index any more: the history tells whose it was.
	const later = () => exampleMs + 4 * dayMs;
	let opened = openExample(folder, log, { now: later, batchWeightMax: 20 });
	opened.follower.run(log.end, 'lazy');
	opened.follower.close();
	write(100);
	opened = openExample(folder, log, { now: later, batchWeightMax: 20 });
	runAll(opened.follower, log);
	opened.follower.close();
	assert.deepEqual(opened.troubles, []);
	const withoutMoments = (sums: ReturnType<typeof countsIn>) =>
		sorted(new Map([...sums].filter(([name]) => !name.startsWith('moments'))));
	assert.deepEqual(withoutMoments(countsIn(opened.statsPath)), withoutMoments(countNaively(log.entries)));
	const reader = createStatsReader(opened.statsPath);
	const earliest = Math.min(
		...log.entries.map(({ entry }) => (entry.kind === 'message' ? entry.record.acceptedMs : Number.POSITIVE_INFINITY)),
	);
	assert.equal(reader.since(), Math.floor(earliest / 1000));
	reader.close();
});

test('a new agent counts from when it was made, also when its clock steps back later', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const { follower, statsPath } = openExample(folder, log);
	log.message(exampleRecord(1, { atMs: exampleMs - 365 * dayMs }));
	runAll(follower, log);
	follower.close();
	const reader = createStatsReader(statsPath);
	assert.equal(reader.since(), second);
	reader.close();
});

test('counts of another log are kept, and counting goes on behind the end of this one', (context) => {
	const { folder, path } = lived(context);
	const other = memoryLog();
	other.message(exampleRecord(7, { scopes: shop }));
	const { follower } = openExample(folder, other);
	other.message(exampleRecord(8, { scopes: shop }));
	runAll(follower, other);
	follower.close();
	assert.equal(inHour(path, 'account:shop')?.accepted, 4);
});

test('what was refused is counted although no entry of the log tells of it', (context) => {
	const { folder, log, path } = lived(context);
	const { follower } = openExample(folder, log);
	follower.note([
		{ account: 'shop', reseller: 'bob', recipients: 3, atMs: exampleMs },
		{ account: '', recipients: 2, atMs: exampleMs },
	]);
	assert.equal(follower.run(log.end, 'lazy'), 0);
	follower.run(log.end, 'lazy');
	follower.close();
	assert.equal(inHour(path, 'server:server')?.refused, 5);
	assert.equal(inHour(path, 'account:shop')?.refused, 3);
	assert.equal(inHour(path, 'reseller:bob')?.refused, 3);
	assert.equal(inHour(path, 'account:shop')?.accepted, 3, 'and nothing else is counted again');
});

test('steps go when they are older than what is asked for, days with the history, those of the server later', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	const opened = openExample(folder, log);
	const ages = [0, 2, 20, 40, 80];
	for (const [sequence, days] of ages.entries()) {
		const record = exampleRecord(sequence, { scopes: shop, atMs: exampleMs - days * dayMs });
		log.message(record);
		log.steps({ ...delivered(record), host: 'mx00.gmx.net' });
		runAll(opened.follower, log);
	}
	const aside = join(folder, 'stats.damaged-1');
	writeFileSync(aside, 'old');
	utimesSync(aside, 1, 1);
	// The writer has it open, as always.
	retainStats(opened.statsPath, { days: 30, nowMs: exampleMs });
	assert.ok(!existsSync(aside));
	const rows = (table: string, where = '1'): unknown => {
		const database = openDatabase(opened.statsPath, { readOnly: true });
		const [found] = database.prepare(`SELECT count(*) FROM ${table} WHERE ${where}`).all();
		database.close();
		return found?.[0];
	};
	assert.equal(rows('moments', "subject = 'account:shop'"), 1);
	// The present moment is in no hour yet.
	assert.equal(rows('hours', "subject = 'account:shop'"), 1);
	assert.equal(rows('days', "subject = 'account:shop'"), 2);
	assert.equal(rows('days', "subject = 'reseller:bob'"), 2);
	assert.equal(rows('days', "subject = 'server:server'"), 3);
	assert.equal(rows('answer_hours'), 2);
	assert.equal(rows('answer_days'), 3);
	assert.equal(rows('replies'), 0);
	log.message(exampleRecord(99, { scopes: shop }));
	runAll(opened.follower, log);
	opened.follower.close();
	assert.equal(inHour(opened.statsPath, 'account:shop')?.accepted, 2);
});

test('hours and days are made of moments once these are over, whatever comes late and however long nothing comes', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	let nowMs = exampleMs;
	const { follower, statsPath } = openExample(folder, log, { now: () => nowMs });
	const minute = 60_000;
	const come = (sequence: number, afterMinutes: number): void => {
		log.message(exampleRecord(sequence, { scopes: shop, atMs: exampleMs + afterMinutes * minute }));
		runAll(follower, log);
	};
	const rows = (table: string): unknown => {
		const database = openDatabase(statsPath, { readOnly: true });
		const row = database.prepare(`SELECT count(*), sum(accepted) FROM ${table} WHERE subject = 'account:shop'`).get();
		database.close();
		return row;
	};
	come(1, 0);
	assert.deepEqual(rows('hours'), [0, null]);
	assert.equal(inHour(statsPath, 'account:shop')?.accepted, 1, 'a reader adds what is not in there yet');
	nowMs = exampleMs + 10 * minute;
	come(2, 10);
	assert.deepEqual(rows('hours'), [1, 1]);
	come(3, 1);
	assert.deepEqual(rows('hours'), [1, 2], 'late, for a moment that is over');
	// Nothing for four hours: the last moment stays until it is in its hour.
	nowMs = exampleMs + 240 * minute;
	retainStats(statsPath, { days: 30, nowMs });
	assert.equal(inHour(statsPath, 'account:shop')?.accepted, 3);
	// The follower was behind by hours.
	come(4, 20);
	come(5, 239);
	assert.equal(inHour(statsPath, 'account:shop')?.accepted, 4);
	nowMs += 10 * minute;
	come(6, 250);
	assert.deepEqual(rows('hours'), [2, 5]);
	assert.deepEqual(rows('days'), [1, 5]);
	follower.close();
});

test('the other binding of SQLite counts the same', (context) => {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	createWriter(log, seededRandom(11))(150);
	let nowMs = exampleMs;
	const { follower, statsPath } = openExample(folder, log, {
		openDatabase: openNode,
		batchWeightMax: 20,
		now: () => nowMs,
	});
	while (follower.run(log.end, 'lazy') > 0) nowMs += 60_000;
	follower.close();
	assert.deepEqual(sorted(countsIn(statsPath)), sorted(countNaively(log.entries)));
});
