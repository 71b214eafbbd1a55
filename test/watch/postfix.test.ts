/**
 * The watch of a real Postfix: what waits is let out past the agent and counted, and the queue is kicked when the agent is back.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { boxesUnavailable } from '../mta/box.ts';
import { until } from '../mta/until.ts';
import { mtaLog, outageTicks, startWatched, type WatchedServer } from './watched-server.ts';

const skip = (await boxesUnavailable()) ?? false;
const isLong = process.env.SLUICE_LONG === '1';

suite('the watch of a Postfix', { skip, concurrency: false }, () => {
	let watched: WatchedServer;
	before(async () => {
		watched = await startWatched('postfix');
	});
	after(() => watched?.stop());

	if (isLong) {
		const waiting = async (count: number): Promise<void> => {
			const deferred = async () =>
				(await mtaLog(watched.server)).split('\n').filter((line) => /@ok\.test.*status=deferred/.test(line));
			const before = (await deferred()).length;
			await until(async () => (await deferred()).length >= Math.max(before, count), {
				waitMs: 10_000,
				otherwise: () => mtaLog(watched.server),
			});
		};

		test('keep: mail waits and nothing is changed; when the agent is back it leaves before its time', async () => {
			watched.policy('keep');
			await watched.ticks(1);
			const sum = await watched.server.treeSum();
			await watched.killAgent();
			const sent = await watched.send('kept', 3);
			await waiting(3);
			assert.equal((await watched.ticks(outageTicks)).phase.kind, 'outage');
			assert.equal(await watched.server.treeSum(), sum);
			await watched.startAgent();
			assert.equal((await watched.ticks(2)).phase.kind, 'healthy');
			await watched.allArrived();
			assert.equal(await watched.byAgent(sent), 3);
			assert.deepEqual(watched.asked, []);
		});

		test('bypass: what waits and what comes goes directly, and by the agent again when it is well', async () => {
			watched.policy('bypass');
			await watched.killAgent();
			const waited = await watched.send('waited', 3);
			await waiting(6);
			const state = await watched.ticks(outageTicks);
			assert.deepEqual([state.phase.kind, watched.asked], ['outage', ['mta bypass']], watched.journal.join('\n'));
			const passed = await watched.send('passed', 2);
			await watched.allArrived();
			await watched.startAgent();
			assert.equal(await watched.byAgent([...waited, ...passed]), 0);
			assert.equal((await watched.ticks(3)).phase.kind, 'healthy', watched.journal.join('\n'));
			const again = await watched.send('again');
			await watched.allArrived();
			assert.equal(await watched.byAgent(again), 1);
		});
	}

	test('a configuration that is broken: the command fails, the watch leads mail past the agent by hand, and back', async () => {
		const { server } = watched;
		watched.policy('bypass');
		assert.equal((await watched.ticks(1)).phase.kind, 'healthy');
		const text = readFileSync(server.config, 'utf8');
		await watched.killAgent();
		writeFileSync(server.config, 'smtp: [\n\t{');
		const waited = await watched.send('broken');
		await watched.ticks(outageTicks);
		assert.ok(
			watched.journal.some((line) => line.startsWith('error The relay agent takes no mail: it is led past the agent')),
			watched.journal.join('\n'),
		);
		await watched.allArrived();
		writeFileSync(server.config, text);
		await watched.startAgent();
		assert.equal(await watched.byAgent(waited), 0);
		assert.equal((await watched.ticks(3)).phase.kind, 'healthy', watched.journal.join('\n'));
		const again = await watched.send('mended');
		await watched.allArrived();
		assert.equal(await watched.byAgent(again), 1);
	});
});
