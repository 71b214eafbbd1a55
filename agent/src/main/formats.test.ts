/** Data of a later version: known by its bytes, refused at start, and nothing of it touched. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeSegmentHeader, segmentName } from '../core/log/format.ts';
import { crc } from '../io/spool/record.ts';
import { markOfFile } from '../io/store/file-version.ts';
import { openDatabase } from '../io/store/sqlite.ts';
import { openState } from '../io/store/state.ts';
import { formats, NewerDataError, refuseNewerData, storedTruth, tooNewFor } from './formats.ts';

function dataFolder(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-formats-'));
	context.after(() => rmSync(folder, { recursive: true }));
	mkdirSync(join(folder, 'spool'));
	const state = openState({ path: join(folder, 'state.db'), now: () => 0, report: () => {} });
	state.set('key', 'one');
	state.close();
	return folder;
}

function putSegment(folder: string, segment: number, version: number): void {
	const about = { segment, salt: 1, previous: 0, previousEnd: 0, createdMs: 0 };
	const block = Buffer.from(encodeSegmentHeader({ ...about, isRecycled: false, isPreviousAcknowledged: false }, crc));
	block.writeUInt16LE(version, 8);
	block.writeUInt32LE(crc(block.subarray(0, 36)), 36);
	// The first copy is lost to a bad sector: the second one counts.
	block.copy(block, 2048, 0, 40);
	block.fill(0, 0, 512);
	writeFileSync(join(folder, 'spool', segmentName(segment, 'log')), block);
}

/** Every file with its bytes and times. */
const treeOf = (folder: string): readonly string[] =>
	readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.filter((name) => statSync(join(folder, name)).isFile())
		.map((name) => {
			const path = join(folder, name);
			return `${name} ${statSync(path).mtimeMs} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
		})
		.sort();

test('what this version wrote is no reason to refuse, nor is an empty folder', (context) => {
	const folder = dataFolder(context);
	putSegment(folder, 1, formats.log);
	assert.deepEqual(storedTruth(folder), { log: formats.log, state: formats.state });
	refuseNewerData(folder);
	refuseNewerData(join(folder, 'nothing'));
});

test('a later log or state.db is refused by name and version, and nothing is touched', (context) => {
	const folder = dataFolder(context);
	putSegment(folder, 1, formats.log);
	putSegment(folder, 2, formats.log + 1);
	const database = openDatabase(join(folder, 'state.db'));
	database.exec('PRAGMA user_version = 99');
	database.close();
	const before = treeOf(folder);
	assert.throws(
		() => refuseNewerData(folder),
		(error) =>
			error instanceof NewerDataError &&
			error.message.includes(`the spool log has version ${formats.log + 1}, this program reads up to ${formats.log}`) &&
			/state\.db .* has version 99/.test(error.message),
	);
	assert.deepEqual(treeOf(folder), before);
});

test('a version that was committed last stands in the write-ahead log alone, and counts', (context) => {
	const folder = dataFolder(context);
	const path = join(folder, 'state.db');
	const open = openDatabase(path);
	open.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 98');
	open.exec('PRAGMA user_version = 99');
	assert.equal(readFileSync(path).readUInt32BE(60), formats.state, 'not in the file itself yet');
	assert.equal(markOfFile(path)?.version, 99);
	// Begun and never committed.
	open.exec('BEGIN; PRAGMA user_version = 100; PRAGMA cache_spill = ON');
	assert.equal(markOfFile(path)?.version, 99);
	open.exec('ROLLBACK');
	open.close();
});

test('a program is asked about versions that it is not: an older release about what a later one wrote', () => {
	assert.deepEqual(tooNewFor({ log: 1, state: 3 }, { log: 2, state: 3 }), [{ name: 'log', found: 2, known: 1 }]);
	assert.deepEqual(tooNewFor({ log: 2, state: 4 }, { log: 1 }), []);
});
