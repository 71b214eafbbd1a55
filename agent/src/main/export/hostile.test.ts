/**
 * The data folder is the agent's user's, and root exports from it: what a broken-in agent has left there leads root nowhere.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exampleBody, exampleRecord, openExample } from '../../io/spool/example.ts';
import { exportQueue } from './queue-export.ts';
import { openExportFolder } from './written-mail.ts';

const uid = process.getuid?.() ?? 0;

function groundOf(context: TestContext) {
	const ground = mkdtempSync(join(tmpdir(), 'sluice-hostile-'));
	context.after(() => rmSync(ground, { recursive: true }));
	const dataDir = join(ground, 'data');
	mkdirSync(join(dataDir, 'spool'), { recursive: true });
	return { ground, dataDir, to: join(ground, 'a', 'b', 'mail') };
}

async function queued(dataDir: string, ids: readonly string[]): Promise<void> {
	const { spool } = await openExample(join(dataDir, 'spool'));
	for (const [at, id] of ids.entries()) await spool.append({ ...exampleRecord(at, 40), id }, exampleBody(at, 40));
	await spool.stop();
}

test('a message whose id leads out of the folder is named and not written', async (context) => {
	const { ground, dataDir, to } = groundOf(context);
	await queued(dataDir, [exampleRecord(7, 40).id, '../../evil']);
	const exported = await exportQueue({
		dataDir,
		to,
		uid,
		now: () => 0,
		ask: async () => undefined,
		progress: () => {},
	});
	assert.ok(exported.ok, JSON.stringify(exported));
	assert.deepEqual([exported.value.messages, exported.value.notExported.map(({ id }) => id)], [1, ['../../evil']]);
	assert.deepEqual(readdirSync(ground).toSorted(), ['a', 'data']);
});

for (const name of ['spool/0000000009.log', 'agent.pid', 'state.db', 'state.db-wal'])
	test(`a pipe in place of ${name} keeps nobody waiting, and is named`, (context) => {
		const { dataDir, to } = groundOf(context);
		execFileSync('mkfifo', [join(dataDir, name)]);
		const program = `const { exportQueue } = await import(${JSON.stringify(new URL('queue-export.ts', import.meta.url).href)});
			const parts = { dataDir: ${JSON.stringify(dataDir)}, to: ${JSON.stringify(to)}, uid: ${uid}, now: Date.now, ask: async () => undefined, progress() {} };
			await exportQueue(parts);`;
		const ran = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
			timeout: 15_000,
			encoding: 'utf8',
		});
		assert.ok(ran.stderr.includes(`${join(dataDir, name)} is no file`), `${ran.signal} ${ran.stderr}`);
	});

test('a folder is none to export into, when somebody else could put another in its place', (context) => {
	const { ground, to } = groundOf(context);
	assert.ok(openExportFolder(to, uid).ok);
	const open = join(ground, 'a');
	chmodSync(open, 0o777);
	const refused = openExportFolder(to, uid);
	assert.match(refused.ok ? '' : refused.error, new RegExp(`^${open} is somebody else's, or others may write there`));
	chmodSync(open, 0o1777);
	assert.ok(openExportFolder(to, uid).ok, 'as below /tmp');
	// By a link: the place that it is in counts as well.
	chmodSync(open, 0o755);
	renameSync(open, join(ground, 'moved'));
	mkdirSync(join(ground, 'open'));
	chmodSync(join(ground, 'open'), 0o777);
	symlinkSync(join(ground, 'moved'), join(ground, 'open', 'link'));
	assert.equal(openExportFolder(join(ground, 'open', 'link', 'b', 'mail'), uid).ok, false);
	assert.ok(existsSync(join(ground, 'moved', 'b', 'mail')));
	assert.equal(openExportFolder(join(ground, 'moved', 'b', 'mail'), uid + 1).ok, false);
});
