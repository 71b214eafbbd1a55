/** When something is put right after an update of cPanel: once for each, again where it failed, never twice at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Mended, mendAfterUpgrade, noteUpgrade, type UpgradePorts } from './upgrade.ts';

const right: Mended = { outcome: 'right', text: 'right' };
const broken: Mended = { outcome: 'failed', text: 'no', hint: 'do' };

function start(context: TestContext, first: string | undefined = '11.1') {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-upgrade-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const world = { version: first, now: Date.now(), mended: 0, answer: [right] as readonly Mended[] };
	const look = (mend?: UpgradePorts['mend']) =>
		mendAfterUpgrade({
			folder,
			files: { version: async () => world.version },
			now: () => world.now,
			mend:
				mend ??
				(async () => {
					world.mended += 1;
					return world.answer;
				}),
		});
	return { folder, world, look };
}

test('another version, or a note: once; the first look and no change: nothing', async (context) => {
	const { folder, world, look } = start(context);
	assert.equal(await look(), undefined);
	assert.equal(await look(), undefined);
	world.version = '11.2';
	assert.deepEqual(await look(), [right]);
	assert.equal(await look(), undefined);
	await noteUpgrade(folder);
	assert.deepEqual(await look(), [right], 'an update that left the version as it was');
	assert.equal(await look(), undefined);
	assert.equal(world.mended, 2);
	assert.deepEqual(readdirSync(folder), ['panel-version']);
});

test('a failure is tried again later, until it is right; a new note does not wait', async (context) => {
	const { folder, world, look } = start(context);
	await look();
	world.version = '11.2';
	world.answer = [right, broken];
	assert.deepEqual(await look(), [right, broken]);
	assert.equal(await look(), undefined, 'not by the next event');
	await noteUpgrade(folder);
	assert.deepEqual(await look(), [right, broken]);
	world.now += 250_000;
	assert.deepEqual(await look(), [right, broken]);
	world.now += 250_000;
	world.answer = [right];
	assert.deepEqual(await look(), [right]);
	world.now += 250_000;
	assert.equal(await look(), undefined);
	// A bug is a failure in words.
	world.version = '11.3';
	const bug = await look(async () => {
		throw new Error('bug');
	});
	assert.match(bug?.[0]?.text ?? '', /This went wrong: bug/);
});

test('two at once, and an update that comes meanwhile', async (context) => {
	const { folder, world, look } = start(context);
	await look();
	world.version = '11.2';
	const begun = Promise.withResolvers<void>();
	const gate = Promise.withResolvers<void>();
	const slow = look(async () => {
		begun.resolve();
		await gate.promise;
		return [right];
	});
	await begun.promise;
	assert.equal(await look(), undefined);
	await noteUpgrade(folder);
	gate.resolve();
	assert.deepEqual(await slow, [right]);
	assert.deepEqual(await look(), [right], 'the later one is not lost');
	assert.equal(await look(), undefined);
});

test('no cPanel, no update', async (context) => {
	const { look, folder } = start(context, '');
	const nowhere = { folder, files: { version: async () => undefined }, now: Date.now, mend: async () => [right] };
	assert.equal(await mendAfterUpgrade(nowhere), undefined);
	assert.equal(await look(), undefined);
});
