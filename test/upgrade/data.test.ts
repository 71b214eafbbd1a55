/**
 * Today's agent opens the data of every released version: nothing is lost, nothing is said otherwise, and the mail goes on.
 *
 * `data/VERSION.*` is made by make-data.ts with the release itself and never again. The clock stands where it stood then.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Formats, formats, isTruth } from '@sluice/agent/main/formats.ts';
import { version } from '@sluice/agent/main/version.ts';
import { given, patient } from '../scenarios/acts.ts';
import { type Rig, startRig } from '../scenarios/rig.ts';
import { steeredClock } from '../scenarios/steered-clock.ts';
import { type Inventory, inventoryOf } from './inventory.ts';
import { dataFolder } from './make-data.ts';

type Made = { readonly version: string; readonly formats: Formats; readonly atMs: number; readonly found: Inventory };

const made = readdirSync(dataFolder)
	.filter((name) => name.endsWith('.json'))
	.map((name) => JSON.parse(readFileSync(join(dataFolder, name), 'utf8')) as Made);

async function opened(
	context: TestContext,
	{ version: from, atMs }: Made,
): Promise<{ readonly rig: Rig; readonly folder: string }> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-data-'));
	const dataDir = join(folder, 'data');
	mkdirSync(dataDir);
	execFileSync('tar', ['-xJf', join(dataFolder, `${from}.tar.xz`), '-C', dataDir]);
	const clock = steeredClock();
	clock.step(atMs - Date.now());
	const rig = await startRig(context, { isWired: true, dataDir, delivery: patient, clock });
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return { rig, folder };
}

for (const one of made) {
	for (const projections of ['as they were', 'lost'] as const)
		test(`data of ${one.version}, queue index ${projections}: all that it told is told`, async (context) => {
			const { rig, folder } = await opened(context, one);
			if (projections === 'lost') {
				await rig.stopped();
				for (const name of ['queue.db', 'queue.db-wal', 'queue.db-shm'])
					rmSync(join(rig.dataDir, name), { force: true });
			}
			const here = projections === 'lost' ? await rig.restart() : rig;
			if (projections === 'lost') context.after(() => here.stop());
			const found = await inventoryOf(here, join(folder, 'export'));
			const { volume, messages, ...exact } = one.found;
			// Counts of a start: reports that were written since then are in none of them.
			assert.deepEqual(found.messages.length, messages.length);
			for (const [name, expected] of Object.entries({ ...exact, messages, volume }))
				assert.partialDeepStrictEqual({ [name]: found[name as keyof Inventory] }, { [name]: expected });
			for (const list of ['accounts', 'holds', 'limits', 'credentials', 'webhooks', 'audit', 'open'] as const)
				assert.equal(found[list].length, one.found[list].length, list);
			assert.deepEqual(
				found.open.map(({ id, sha256 }) => [id, sha256]),
				one.found.open.map(({ id, sha256 }) => [id, sha256]),
			);
		});

	test(`data of ${one.version}: held and waiting mail leaves when it may, as it was written`, async (context) => {
		const { rig } = await opened(context, one);
		const { items: holds } = given(await rig.client.call('listHolds', {}));
		for (const { id } of holds)
			given(await rig.client.call('deleteHold', { params: { id }, query: { release: 'true' } }));
		given(await rig.client.call('deleteLimits', { params: { level: 'accounts', id: 'acme' } }));
		const held = one.found.open.filter(({ recipients }) => recipients.some(({ state }) => state !== 'queued'));
		await rig.until(() => held.every(({ id }) => rig.count('recipient.delivered', { message: id }) > 0));
		assert.equal(held.length, 3);
	});
}

test('the data of this release is there, with its formats', () => {
	const own = made.find((one) => one.version === version);
	assert.ok(own !== undefined && existsSync(join(dataFolder, `${version}.tar.xz`)), `run make-data.ts for ${version}`);
	for (const [name, number] of Object.entries(own.formats))
		assert.ok(
			number === formats[name as keyof Formats] || !isTruth(name as keyof Formats),
			`${name} was ${number} in ${version} and is ${formats[name as keyof Formats]}: make its data anew as long as it is not released, else raise the version`,
		);
});
