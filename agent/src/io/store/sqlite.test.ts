import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
	databaseFiles,
	failureOf,
	type OpenDatabase,
	openBetter,
	openDatabase,
	openNode,
	removeDatabase,
} from './sqlite.ts';
import { temporaryFolder } from './testing.ts';

/** What the store needs of a binding; both must do all of it alike. */
function conformance(name: string, open: OpenDatabase): void {
	test(`${name}: values come back as they were, rows as arrays`, (context) => {
		const database = open(join(temporaryFolder(context), 'a.db'));
		database.exec('CREATE TABLE t (a INTEGER, b TEXT, c INTEGER)');
		const put = database.prepare('INSERT INTO t VALUES (?, ?, ?)');
		assert.equal(put.run(Number.MAX_SAFE_INTEGER, 'größer 🐌', null), 1);
		assert.equal(put.run(-5, '', 0), 1);
		assert.deepEqual(database.prepare('SELECT a, b, c FROM t ORDER BY a DESC').all(), [
			[Number.MAX_SAFE_INTEGER, 'größer 🐌', null],
			[-5, '', 0],
		]);
		assert.deepEqual([...database.prepare('SELECT a FROM t ORDER BY a').iterate()], [[-5], [Number.MAX_SAFE_INTEGER]]);
		assert.deepEqual(database.prepare('SELECT b FROM t WHERE a = ? LIMIT ?').get(-5, 1), ['']);
		assert.equal(database.prepare('SELECT b FROM t WHERE a = ?').get(7), undefined);
		assert.equal(database.prepare('SELECT typeof(a) FROM t WHERE a > ?').get(0)?.[0], 'integer');
		assert.equal(database.prepare('UPDATE t SET c = 1').run(), 2);
		assert.deepEqual(database.prepare('INSERT INTO t VALUES (1, ?, 2) RETURNING a').get('x'), [1]);
		database.close();
	});

	test(`${name}: a rolled back transaction leaves nothing, a failed statement throws`, (context) => {
		const database = open(join(temporaryFolder(context), 'a.db'));
		database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER PRIMARY KEY)');
		database.exec('BEGIN IMMEDIATE');
		database.prepare('INSERT INTO t VALUES (?)').run(1);
		assert.throws(() => database.prepare('INSERT INTO t VALUES (?)').run(1));
		database.exec('ROLLBACK');
		assert.deepEqual(database.prepare('SELECT count(*) FROM t').get(), [0]);
		database.close();
	});

	test(`${name}: a reader sees what another connection committed; it cannot write, and needs a file`, (context) => {
		const path = join(temporaryFolder(context), 'a.db');
		assert.throws(() => open(path, { readOnly: true }));
		const writer = open(path);
		writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER)');
		const reader = open(path, { readOnly: true });
		writer.prepare('INSERT INTO t VALUES (?)').run(7);
		assert.deepEqual(reader.prepare('SELECT a FROM t').all(), [[7]]);
		assert.throws(() => reader.exec('INSERT INTO t VALUES (8)'));
		reader.close();
		writer.close();
	});

	test(`${name}: what was committed before a kill is there, also for a reader who comes first`, (context) => {
		const folder = temporaryFolder(context);
		const [path, copy] = [join(folder, 'a.db'), join(folder, 'b.db')];
		const writer = open(path);
		writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7)');
		for (const [index, file] of databaseFiles(path).slice(0, 2).entries())
			copyFileSync(file, databaseFiles(copy)[index] as string);
		writer.close();
		const reader = open(copy, { readOnly: true });
		assert.deepEqual(reader.prepare('SELECT a FROM t').all(), [[7]]);
		reader.close();
	});

	test(`${name}: a file that is no database is told apart from other failures`, (context) => {
		const folder = temporaryFolder(context);
		const path = join(folder, 'a.db');
		writeFileSync(path, 'this is not a database, and it is long enough to be looked at. '.repeat(100));
		const failureOn = (work: () => void): string => {
			try {
				work();
			} catch (error) {
				return failureOf(error);
			}
			return 'none';
		};
		const read = (): void => {
			const database = open(path);
			try {
				database.prepare('SELECT * FROM sqlite_schema').all();
			} finally {
				database.close();
			}
		};
		assert.equal(failureOn(read), 'corrupt');
		assert.equal(
			failureOn(() => open(join(folder, 'no', 'such', 'folder.db')).close()),
			'other',
		);
		removeDatabase(path);
		assert.equal(existsSync(path), false);
	});
}

conformance('better-sqlite3', openBetter);
conformance('node:sqlite', openNode);

test('a binding is chosen by itself', (context) => {
	const database = openDatabase(join(temporaryFolder(context), 'a.db'));
	assert.deepEqual(database.prepare('SELECT 1').get(), [1]);
	database.close();
});
