/**
 * A disk that fills up: new mail is refused at MAIL and stays with the MTA, outcomes are still recorded, all of it clears by itself.
 *
 * On a small tmpfs of its own, so that "full" is real. Needs root for the mount; without it the tests are skipped and say so.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Rig, startRig } from '../scenarios/rig.ts';

const MiB = 1024 * 1024;
const diskBytes = 48 * MiB;

/** A file system of its own for the time of `use`; skips with the reason where none can be had. */
async function onSmallDisk(
	context: TestContext,
	use: (dir: string, start: typeof startRig) => Promise<void>,
): Promise<void> {
	const dir = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', dir], { stdio: 'pipe' });
	} catch (error) {
		rmSync(dir, { recursive: true, force: true });
		context.skip(`no tmpfs can be mounted here: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`);
		return;
	}
	const rigs: Rig[] = [];
	try {
		await use(dir, async (_, options) => {
			const rig = await startRig(undefined, options);
			rigs.push(rig);
			return rig;
		});
	} finally {
		// The agent first: it must not meet a folder that is gone.
		for (const rig of rigs) await rig.stop();
		execFileSync('umount', ['-l', dir]);
		rmSync(dir, { recursive: true, force: true });
	}
}

/** Fills the disk but for so much. The agent writes meanwhile: no room before the end is the end. */
async function fillAllBut(dir: string, leaveBytes: number): Promise<string> {
	const file = join(dir, 'filler');
	const chunk = Buffer.alloc(64 * 1024);
	for (;;) {
		const { bavail, bsize } = await statfs(dir);
		const more = bavail * bsize - leaveBytes;
		if (more <= 0) return file;
		try {
			appendFileSync(file, chunk.subarray(0, Math.min(chunk.length, more)));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return file;
			throw error;
		}
	}
}

test('below the bound: 452 at MAIL, deliveries go on, and it clears by itself', async (context) => {
	await onSmallDisk(context, async (dir, start) => {
		const rig = await start(context, {
			dataDir: join(dir, 'data'),
			config: { spool: { minFreeBytes: 8 * MiB, minFreeRatio: 0, segmentBytes: MiB, reserveBytes: MiB } },
		});
		const waiting = await rig.send({ to: ['greylist-2-x@ok.test'] });
		const filler = await fillAllBut(dir, 4 * MiB);
		await rig.until(() => rig.count('health.degraded', { code: 'disk-low' }) === 1);
		const refused = await rig.submit({ to: ['y@ok.test'] });
		assert.equal(refused.mail?.code, 452);
		assert.match(refused.mail?.text ?? '', /4\.3\.1/);
		const health = await rig.client.call('health');
		assert.ok(health.ok && !health.value.ready && health.value.delivering);
		await rig.until(() => rig.count('recipient.delivered', { message: waiting }) === 1);
		rmSync(filler);
		await rig.until(() => rig.count('health.recovered', { code: 'disk-low' }) === 1);
		await rig.send({ to: ['y@ok.test'] });
	});
});

test('no room at all: nothing half stored, outcomes go into the reserve, and it clears by itself', async (context) => {
	await onSmallDisk(context, async (dir, start) => {
		const rig = await start(context, {
			dataDir: join(dir, 'data'),
			config: { spool: { minFreeBytes: 0, minFreeRatio: 0, segmentBytes: MiB, reserveBytes: MiB } },
		});
		const before = await rig.send({ to: ['slow-end-3000-x@ok.test'] });
		const filler = await fillAllBut(dir, 0);
		const body = `Subject: big\r\n\r\n${'x'.repeat(70)}\r\n`.padEnd(2 * MiB, `${'x'.repeat(70)}\r\n`);
		const refused = await rig.submit({ to: ['y@ok.test'], message: `${body}\r\n` });
		const code = refused.end?.code ?? refused.mail?.code;
		assert.ok(code === 451 || code === 452, JSON.stringify(refused));
		// The answer of the receiver comes while the disk is full, and is recorded all the same.
		await rig.until(() => rig.count('recipient.delivered', { message: before }) === 1);
		rmSync(filler);
		await rig.until(() => rig.agent.flow.health.can('accepting'));
		const after = await rig.send({ to: ['z@ok.test'] });
		await rig.until(() => rig.count('recipient.delivered', { message: after }) === 1);
		assert.equal(rig.internet.accepted().filter((message) => message.content.includes('Subject: big')).length, 0);
		await rig.stop();
		const again = await start(context, { dataDir: join(dir, 'data') });
		assert.equal(again.agent.flow.scheduler.messages, 0, 'nothing half stored comes back');
		assert.equal(again.count('recipient.delivered'), 0);
	});
});
