import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { stateOfVersion, stateUseFile } from '@sluice/shared/words/state-files.ts';
import { markOfFile } from './file-version.ts';
import { openDatabase } from './sqlite.ts';
import { auditAgeMsMax, auditRowsMax, openState } from './state.ts';
import { useAskedState } from './state-versions.ts';
import { exampleMs, temporaryFolder } from './testing.ts';
import type { StoreTrouble } from './trouble.ts';

function open(path: string, nowMs = exampleMs) {
	const troubles: StoreTrouble[] = [];
	const state = openState({ path, now: () => nowMs, report: (trouble) => void troubles.push(trouble) });
	return { state, troubles };
}

const hold: StandingHold = {
	id: 'h1',
	selector: { kind: 'account', id: 'shop' },
	reason: 'looks hijacked',
	author: 'admin root',
	sinceMs: exampleMs,
	untilMs: exampleMs + 3_600_000,
};

const entry = { atMs: exampleMs, actor: 'admin root', act: 'hold.set', subject: 'account shop', detail: 'h1: why' };

test('holds, audit and values outlive the process', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	const first = open(path).state;
	first.putHold({ ...hold, reason: 'first' });
	first.putHold(hold);
	const other = { ...hold, id: 'h2', selector: { kind: 'identity', id: 'unix:7001' }, sinceMs: exampleMs - 1 } as const;
	first.putHold({ ...other, ownerMayRelease: true, account: 'shop' });
	first.putHold({ ...hold, id: 'h3' });
	first.deleteHold('h3');
	first.deleteHold('no such hold');
	first.audit(entry);
	first.set('key', 'one');
	first.set('key', 'two');
	first.close();
	const { state, troubles } = open(path);
	assert.deepEqual(troubles, []);
	assert.deepEqual(state.holds(), [{ ...other, ownerMayRelease: true, account: 'shop' }, hold]);
	assert.deepEqual(state.auditLog(10), [{ id: 1, ...entry }]);
	assert.equal(state.get('key'), 'two');
	assert.equal(state.get('other'), undefined);
	state.close();
});

test('the audit is asked for who, what and to what', (context) => {
	const { state } = open(join(temporaryFolder(context), 'state.db'));
	state.audit(entry);
	state.audit({ ...entry, actor: 'reseller bob as root', act: 'queue.release', subject: 'message 1' });
	state.audit({ ...entry, actor: 'reseller bob', act: 'limit.set', subject: 'account Shop' });
	const found = (filter: Parameters<typeof state.auditLog>[2]) =>
		state.auditLog(10, undefined, filter).map(({ id }) => id);
	assert.deepEqual(found({}), [3, 2, 1]);
	assert.deepEqual(found({ actor: 'BOB' }), [3, 2]);
	assert.deepEqual(found({ actor: 'root' }), [2, 1]);
	assert.deepEqual(found({ subject: 'shop' }), [3, 1]);
	assert.deepEqual(found({ act: 'queue' }), [2]);
	assert.deepEqual(found({ act: 'set' }), [], 'from its begin');
	assert.deepEqual(found({ actor: 'bob', act: 'limit' }), [3]);
	assert.deepEqual(found({ subject: '%' }), [], 'no wildcards');
	state.close();
});

test('the audit is read newest first, page by page', (context) => {
	const { state } = open(join(temporaryFolder(context), 'state.db'));
	for (let index = 0; index < 5; index++) state.audit({ ...entry, subject: `${index}` });
	const page = state.auditLog(2);
	assert.deepEqual(
		page.map(({ subject }) => subject),
		['4', '3'],
	);
	assert.deepEqual(
		state.auditLog(10, page.at(-1)?.id).map(({ subject }) => subject),
		['2', '1', '0'],
	);
	state.close();
});

/** So many entries more. */
function fill(path: string, count: number, actor: string, subject: string): void {
	const database = openDatabase(path);
	database.exec(
		`WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${count})
		INSERT INTO audit (at, actor, act, subject, detail) SELECT ${exampleMs}, '${actor}', 'queue.hold', '${subject}', '' FROM n`,
	);
	database.close();
}

test('a tenant who acts without end does not push what others did out of the audit', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	open(path).state.close();
	fill(path, 30, 'admin root', 'before');
	fill(path, auditRowsMax + 500, 'reseller bob as root', 'flood');
	const { state } = open(path);
	state.audit({ ...entry, subject: 'last' });
	assert.equal(state.auditLog(1000, undefined, { subject: 'before' }).length, 30);
	assert.equal(state.auditLog(200_000).length, auditRowsMax);
	assert.equal(state.auditLog(1)[0]?.subject, 'last');
	state.close();
	// What tenants did is not all there is to give way.
	fill(path, auditRowsMax, 'admin root', 'much');
	const again = open(path).state;
	again.audit(entry);
	assert.equal(again.auditLog(200_000).length, auditRowsMax);
	again.close();
});

test('the audit is bounded by age and by rows', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	const { state } = open(path);
	state.audit({ ...entry, atMs: exampleMs - auditAgeMsMax - 1, subject: 'old' });
	for (let index = 0; index < 250; index++) state.audit(entry);
	assert.equal(state.auditLog(1000).length, 250);
	state.close();
	fill(path, auditRowsMax, 'admin root', 'old');
	const again = open(path).state;
	again.audit(entry);
	assert.equal(again.auditLog(200_000).length, auditRowsMax);
	again.close();
});

for (const [name, damage] of [
	['is no database', (path: string) => writeFileSync(path, 'something else '.repeat(1000))],
	['is cut', (path: string) => truncateSync(path, 5000)],
	['belongs to something else', (path: string) => edit(path, 'PRAGMA application_id = 7')],
] as const)
	test(`state.db that ${name} is set aside, told, and begun anew`, (context) => {
		const folder = temporaryFolder(context);
		const path = join(folder, 'state.db');
		const first = open(path).state;
		first.putHold(hold);
		first.close();
		damage(path);
		const bytes = readFileSync(path);
		const { state, troubles } = open(path);
		const [trouble] = troubles;
		assert.ok(trouble?.kind === 'state-set-aside');
		assert.ok(existsSync(trouble.path));
		if (name === 'is no database') assert.deepEqual(readFileSync(trouble.path), bytes);
		assert.deepEqual(state.holds(), []);
		state.putHold(hold);
		state.close();
		const again = open(path);
		assert.deepEqual(again.troubles, []);
		assert.deepEqual(again.state.holds(), [hold]);
		again.state.close();
		assert.equal(readdirSync(folder).filter((file) => file.includes('damaged') && !file.includes('-wal')).length, 1);
	});

function edit(path: string, sql: string): void {
	const database = openDatabase(path);
	database.exec(sql);
	database.close();
}

/** As holds were before version 3. */
const withoutHoldColumns = 'ALTER TABLE holds DROP COLUMN owner; ALTER TABLE holds DROP COLUMN account;';

test('a later version is not touched', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	open(path).state.close();
	edit(path, 'PRAGMA user_version = 99');
	assert.throws(() => open(path), /later version/);
	edit(path, `${withoutHoldColumns} PRAGMA user_version = 2`);
	open(path).state.close();
});

test('a file of version 1 gets its table of documents and keeps what it has', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	const before = open(path).state;
	before.putHold(hold);
	before.close();
	edit(path, `DROP TABLE documents; ${withoutHoldColumns} PRAGMA user_version = 1`);
	const { state, troubles } = open(path);
	assert.deepEqual([state.holds(), state.documents('account'), troubles], [[hold], [], []]);
	state.putDocuments('account', [{ id: 'acme', value: { key: 'acme' } }]);
	state.close();
	const after = open(path).state;
	assert.deepEqual(after.documents('account'), [{ id: 'acme', value: { key: 'acme' } }]);
	after.close();
});

test('a copy is kept before the step forward, and leads back and forward again', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	const before = open(path).state;
	before.putHold(hold);
	before.set('key', 'one');
	before.close();
	edit(path, `${withoutHoldColumns} PRAGMA user_version = 2`);
	const forward = open(path).state;
	forward.putHold({ ...hold, id: 'h2', ownerMayRelease: true });
	forward.close();
	assert.deepEqual(markOfFile(stateOfVersion(path, 2))?.version, 2);

	writeFileSync(stateUseFile(path), '2\n');
	assert.match(useAskedState(path) ?? '', /from version 3 to 2 .*state\.db\.version-3/);
	assert.deepEqual([markOfFile(path)?.version, existsSync(stateUseFile(path))], [2, false]);
	const holdsIn = (file: string): unknown => {
		const database = openDatabase(file, { readOnly: true });
		const ids = database.prepare('SELECT id FROM holds ORDER BY id').all();
		database.close();
		return ids.flat();
	};
	assert.deepEqual([holdsIn(path), holdsIn(stateOfVersion(path, 3))], [['h1'], ['h1', 'h2']]);

	writeFileSync(stateUseFile(path), '3\n');
	useAskedState(path);
	const again = open(path).state;
	assert.deepEqual(
		again.holds().map(({ id }) => id),
		['h1', 'h2'],
	);
	assert.equal(again.get('key'), 'one');
	again.close();
});

test('an exchange that was interrupted is gone on with; one that is not ours to do is left', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	const before = open(path).state;
	before.putHold(hold);
	before.close();
	// Killed between the two renames.
	edit(path, `${withoutHoldColumns} PRAGMA user_version = 2; PRAGMA journal_mode = DELETE`);
	renameSync(path, stateOfVersion(path, 2));
	writeFileSync(stateUseFile(path), '2');
	assert.match(useAskedState(path) ?? '', /went back to version 2/);
	// Killed before the last act.
	writeFileSync(stateUseFile(path), '2');
	assert.equal(useAskedState(path), undefined);
	assert.equal(existsSync(stateUseFile(path)), false);
	writeFileSync(stateUseFile(path), '4');
	writeFileSync(stateOfVersion(path, 4), 'a later version');
	assert.equal(useAskedState(path), undefined);
	assert.equal(markOfFile(path)?.version, 2);
	assert.equal(existsSync(stateUseFile(path)), true);
	open(path).state.close();
});

test('documents: all of a portion or none, by kind, and a damaged one is left out and told', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	const { state } = open(path);
	state.putDocuments('account', [
		{ id: 'b', value: { n: 2 } },
		{ id: 'a', value: { n: 1 } },
	]);
	state.putDocuments('limits', [{ id: 'a', value: 'other' }]);
	const circular: { self?: unknown } = {};
	circular.self = circular;
	assert.throws(() =>
		state.putDocuments('account', [
			{ id: 'a', value: undefined },
			{ id: 'c', value: circular },
		]),
	);
	assert.deepEqual(state.documents('account'), [
		{ id: 'a', value: { n: 1 } },
		{ id: 'b', value: { n: 2 } },
	]);
	state.putDocuments('account', [{ id: 'a', value: undefined }]);
	state.close();
	edit(path, "INSERT INTO documents VALUES ('account', 'x', '{')");
	const { state: next, troubles } = open(path);
	assert.deepEqual(next.documents('account'), [{ id: 'b', value: { n: 2 } }]);
	assert.deepEqual(next.documents('limits'), [{ id: 'a', value: 'other' }]);
	assert.deepEqual(
		troubles.map(({ kind }) => kind),
		['document-damaged'],
	);
	next.close();
});

test('a kill while the file was being made does no harm', (context) => {
	const path = join(temporaryFolder(context), 'state.db');
	writeFileSync(path, '');
	const { state, troubles } = open(path);
	assert.deepEqual(troubles, []);
	state.putHold(hold);
	state.close();
});
