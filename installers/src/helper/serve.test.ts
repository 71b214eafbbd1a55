/** The helper's socket in a folder that others may write to: whoever puts something in its place gets nothing of root's; the rate. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rateOf, serveHelper } from './serve.ts';

test('a link in the socket’s place does not give away the file that it leads to', async (context) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-serve-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const [path, shadow] = [join(folder, 'helper.sock'), join(folder, 'shadow')];
	writeFileSync(shadow, 'root:secret', { mode: 0o600 });
	const gid = process.getuid?.() === 0 ? 65_534 : (process.getgid?.() ?? 0);
	const serving = serveHelper({
		at: { path, mode: 0o660, gid },
		answer: async () => ({ ok: true, result: {} }),
		now: () => 0,
	});
	// As soon as it is there, before anything else can happen.
	for (let turn = 0; turn < 100 && !existsSync(path); turn++) await Promise.resolve();
	const { mode, gid: group } = statSync(path);
	unlinkSync(path);
	symlinkSync(shadow, path);
	await (await serving).stop();
	assert.deepEqual([(mode & 0o777).toString(8), group], ['660', gid], 'it has mode and group from the beginning');
	const kept = statSync(shadow);
	assert.deepEqual([(kept.mode & 0o777).toString(8), kept.gid], ['600', process.getgid?.()]);
});

test('as many lines as the rate allows', () => {
	let now = 0;
	const mayGo = rateOf({ perMinute: 60, burst: 2 }, () => now);
	assert.deepEqual([mayGo(), mayGo(), mayGo()], [true, true, false]);
	now = 1000;
	assert.deepEqual([mayGo(), mayGo()], [true, false]);
	now = 500;
	assert.equal(mayGo(), false, 'a clock that goes back gives nothing');
});
