/** Days of other versions: brought forward also where the log says nothing of them any more, or named and kept. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dayFormat, dayVersion } from './day-schema.ts';
import { markOfFile } from './file-version.ts';
import { bringDaysForward } from './history-versions.ts';
import { openOwn } from './own-database.ts';
import { openDatabase } from './sqlite.ts';
import { temporaryFolder } from './testing.ts';
import type { StoreTrouble } from './trouble.ts';

const next = {
	...dayFormat,
	version: dayVersion + 2,
	forward: {
		[dayVersion]: 'ALTER TABLE messages ADD COLUMN mark TEXT;',
		[dayVersion + 1]: "UPDATE messages SET mark = 'forward';",
	},
};

function makeDay(folder: string, day: string, version = dayVersion): string {
	const path = join(folder, `${day}.db`);
	const database = openOwn(path, dayFormat);
	database.exec(`INSERT INTO messages VALUES (1, 0, 0, 'acme', '', '', '', '', 'kept', 1, 1, '{}', '');
		PRAGMA user_version = ${version}`);
	database.close();
	return path;
}

test('every day is brought forward, over several versions, and keeps what it has', (context) => {
	const folder = temporaryFolder(context);
	const paths = ['2026-11-01', '2026-11-02'].map((day) => makeDay(folder, day));
	const troubles: StoreTrouble[] = [];
	bringDaysForward(folder, (trouble) => troubles.push(trouble), next);
	assert.deepEqual(troubles, []);
	for (const path of paths) {
		assert.equal(markOfFile(path)?.version, dayVersion + 2);
		const database = openDatabase(path, { readOnly: true });
		assert.deepEqual(database.prepare('SELECT subject, mark FROM messages').all(), [['kept', 'forward']]);
		database.close();
	}
});

test('a day of a later version, or of an earlier one without a step, stays as it is and is named', (context) => {
	const folder = temporaryFolder(context);
	const later = makeDay(folder, '2026-11-03', dayVersion + 1);
	const earlier = makeDay(folder, '2026-11-01', 1);
	makeDay(folder, '2026-11-02');
	const bytes = [later, earlier].map((path) => readFileSync(path));
	const troubles: StoreTrouble[] = [];
	bringDaysForward(folder, (trouble) => troubles.push(trouble));
	assert.deepEqual(
		troubles.map((trouble) => trouble.kind === 'days-left' && trouble.days),
		[['2026-11-01', '2026-11-03']],
	);
	assert.deepEqual(
		[later, earlier].map((path) => readFileSync(path)),
		bytes,
	);
	assert.ok(existsSync(later));
});

test('a damaged day keeps no other from being brought forward, and is named', (context) => {
	const folder = temporaryFolder(context);
	const damaged = makeDay(folder, '2026-11-01');
	const whole = makeDay(folder, '2026-11-02');
	const bytes = readFileSync(damaged);
	writeFileSync(damaged, bytes.fill('x', 100));
	const troubles: StoreTrouble[] = [];
	bringDaysForward(folder, (trouble) => troubles.push(trouble), next);
	assert.deepEqual(
		troubles.map((trouble) => trouble.kind === 'days-left' && trouble.days),
		[['2026-11-01']],
	);
	assert.equal(markOfFile(whole)?.version, dayVersion + 2);
});

test('a step that fails leaves the day as it was', (context) => {
	const folder = temporaryFolder(context);
	const path = makeDay(folder, '2026-11-01');
	const broken = { ...next, forward: { ...next.forward, [dayVersion + 1]: 'UPDATE nothing SET x = 1;' } };
	assert.throws(() => bringDaysForward(folder, () => {}, broken));
	assert.equal(markOfFile(path)?.version, dayVersion);
});
