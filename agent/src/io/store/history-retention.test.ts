import assert from 'node:assert/strict';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { historyDays } from './history-days.ts';
import { retain } from './history-retention.ts';
import { dayMs } from './message-key.ts';
import { delivered, exampleMs, exampleRecord, memoryLog, openExample, runAll, temporaryFolder } from './testing.ts';

const everything = Number.MAX_SAFE_INTEGER;

/** One finished message on each of ten days, the last of them today; on the days of `open` it is still queued. */
function tenDays(context: TestContext, open: readonly number[] = []) {
	const folder = temporaryFolder(context);
	const log = memoryLog();
	for (let day = 0; day < 10; day++) {
		const record = exampleRecord(day, { atMs: exampleMs - (9 - day) * dayMs });
		log.message(record);
		if (!open.includes(day)) log.steps(delivered(record));
	}
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	follower.run(log.end, 'synced');
	follower.close();
	const days = historyDays(folder);
	context.after(() => days.close());
	return { folder, log, days };
}

const daysIn = (folder: string): string[] =>
	readdirSync(folder)
		.filter((name) => /^\d{4}.*\.db$/.test(name))
		.map((name) => name.slice(8, 10));

test('days beyond the number go, files and logs', (context) => {
	const { folder, days } = tenDays(context);
	assert.deepEqual(retain(folder, days, { days: 3, maxBytes: everything, nowMs: exampleMs }), [
		'2026-10-25',
		'2026-10-26',
		'2026-10-27',
		'2026-10-28',
		'2026-10-29',
		'2026-10-30',
		'2026-10-31',
	]);
	assert.deepEqual(daysIn(folder), ['01', '02', '03']);
	assert.deepEqual(
		readdirSync(folder).filter((name) => name.startsWith('2026-10')),
		[],
	);
	assert.deepEqual(retain(folder, days, { days: 3, maxBytes: everything, nowMs: exampleMs }), []);
});

test('the oldest days go until the rest fits, but never today', (context) => {
	const { folder, days } = tenDays(context);
	const bytes = statSync(join(folder, '2026-11-03.db')).size;
	const dropped = retain(folder, days, { days: 30, maxBytes: 4.5 * bytes, nowMs: exampleMs });
	assert.equal(dropped.length, 6);
	assert.deepEqual(daysIn(folder), ['31', '01', '02', '03']);
	retain(folder, days, { days: 30, maxBytes: 0, nowMs: exampleMs });
	assert.deepEqual(daysIn(folder), ['03']);
});

test('a day with an open message stays until it ends', (context) => {
	const { folder, log, days } = tenDays(context, [2]);
	retain(folder, days, { days: 2, maxBytes: 0, nowMs: exampleMs });
	assert.deepEqual(daysIn(folder).sort(), ['03', '27']);
	log.steps(delivered(exampleRecord(2, { atMs: exampleMs - 7 * dayMs })));
	const { follower } = openExample(folder, log);
	runAll(follower, log);
	follower.close();
	assert.deepEqual(retain(folder, days, { days: 2, maxBytes: 0, nowMs: exampleMs }), ['2026-10-27']);
});

test('what was set aside goes by age, or first when space is short', (context) => {
	const { folder, days } = tenDays(context);
	const damaged = join(folder, '2026-11-02.damaged-1');
	writeFileSync(damaged, 'x'.repeat(100));
	const touch = (atMs: number): void => utimesSync(damaged, atMs / 1000, atMs / 1000);
	const isThere = (): boolean => readdirSync(folder).includes('2026-11-02.damaged-1');
	touch(exampleMs - 29 * dayMs);
	retain(folder, days, { days: 30, maxBytes: everything, nowMs: exampleMs });
	assert.ok(isThere());
	touch(exampleMs - 31 * dayMs);
	assert.deepEqual(retain(folder, days, { days: 30, maxBytes: everything, nowMs: exampleMs }), []);
	assert.ok(!isThere());
	const bytes = daysIn(folder).length * statSync(join(folder, '2026-11-03.db')).size;
	writeFileSync(damaged, 'x'.repeat(5000));
	touch(exampleMs);
	assert.deepEqual(retain(folder, days, { days: 30, maxBytes: bytes + 1000, nowMs: exampleMs }), []);
	assert.ok(!isThere());
});

test('the projector goes on when a day is taken from under its hands', (context) => {
	const { folder, log, days } = tenDays(context);
	const { follower } = openExample(folder, log);
	log.message(exampleRecord(100));
	runAll(follower, log);
	days.close();
	const path = join(folder, '2026-11-03.db');
	const late = historyDays(folder);
	// Tomorrow's point of view, so that today's file may go.
	retain(folder, late, { days: 1, maxBytes: 0, nowMs: exampleMs + 30 * dayMs });
	assert.equal(statSync(path, { throwIfNoEntry: false }) !== undefined, true, 'message 100 is open there');
	log.steps(delivered(exampleRecord(100)));
	runAll(follower, log);
	retain(folder, late, { days: 1, maxBytes: 0, nowMs: exampleMs + 30 * dayMs });
	assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
	log.message(exampleRecord(101));
	runAll(follower, log);
	follower.close();
	assert.deepEqual(late.list().length, 1);
	late.close();
});
