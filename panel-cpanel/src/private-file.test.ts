/** A file that cannot be written leaves what was there, and nothing beside it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writePrivateFile } from './private-file.ts';

test('written whole, for its owner only; where it cannot be, nothing is left behind', async (context) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-private-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const path = join(folder, 'new/state.json');
	await writePrivateFile(path, 'one');
	await writePrivateFile(path, 'two');
	assert.equal(readFileSync(path, 'utf8'), 'two');
	assert.deepEqual([statSync(path).mode & 0o777, statSync(join(folder, 'new')).mode & 0o777], [0o600, 0o700]);
	mkdirSync(join(folder, 'new/taken'));
	await assert.rejects(writePrivateFile(join(folder, 'new/taken'), 'three'), { code: 'EISDIR' });
	assert.deepEqual(readdirSync(join(folder, 'new')).toSorted(), ['state.json', 'taken']);
});
