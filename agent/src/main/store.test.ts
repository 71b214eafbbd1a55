/**
 * Spool, projector and history together, each with its real thread.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { comparePositions } from '../core/log/position.ts';
import { type OpenSpoolInput, openSpool } from '../io/spool/spool.ts';
import { createHistory, type HistoryError } from '../io/store/history.ts';
import { createProjector } from '../io/store/projector.ts';
import { openQueueIndex } from '../io/store/queue-index.ts';
import { deferred, delivered, exampleMs, exampleRecord } from '../io/store/testing.ts';
import type { StoreTrouble } from '../io/store/trouble.ts';
import type { LogPosition } from '../ports/spool.ts';

async function eventually(what: string, isTrue: () => boolean): Promise<void> {
	const deadlineMs = performance.now() + 20_000;
	while (!isTrue()) {
		assert.ok(performance.now() < deadlineMs, `in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

async function start(context: TestContext, folder: string, settings: OpenSpoolInput['settings'] = {}) {
	const paths = {
		log: join(folder, 'spool'),
		queue: join(folder, 'queue.db'),
		history: join(folder, 'history'),
		usage: join(folder, 'usage.db'),
		stats: join(folder, 'stats.db'),
	};
	for (const path of [paths.log, paths.history]) mkdirSync(path, { recursive: true });
	const { spool, recovery } = await openSpool({ directory: paths.log, settings, visit: () => {} });
	spool.kept();
	const troubles: StoreTrouble[] = [];
	const projector = createProjector({
		worker: new URL('./projector-worker.ts', import.meta.url),
		logDirectory: paths.log,
		queuePath: paths.queue,
		historyDirectory: paths.history,
		usagePath: paths.usage,
		statsPath: paths.stats,
		logEnd: recovery.end,
		report: (trouble) => void troubles.push(trouble),
	});
	const history = createHistory({ worker: new URL('./history-worker.ts', import.meta.url), directory: paths.history });
	const projected: LogPosition[] = [];
	projector.onProjected((projection, position) => {
		spool.projected(projection, position);
		if (projection === 'history') projected.push(position);
	});
	spool.onDurable((position) => projector.advance(position));
	let isStopped = false;
	const stop = async (): Promise<void> => {
		if (isStopped) return;
		isStopped = true;
		await history.stop();
		await projector.stop();
		await spool.stop();
	};
	context.after(stop);
	return { paths, spool, projector, history, troubles, projected, stop };
}

function temporaryFolder(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-main-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

const body = [Buffer.from('Hello\r\n'.repeat(300))];

function openIds(path: string): string[] {
	const ids: string[] = [];
	const index = openQueueIndex(path, false);
	index.load(({ id }) => void ids.push(id));
	index.close();
	return ids;
}

test('what was accepted can be traced at once, and the index has what is open', async (context) => {
	const { paths, spool, projector, history, troubles, stop } = await start(context, temporaryFolder(context));
	const [one, two] = [exampleRecord(1), exampleRecord(2, { subject: 'Second' })];
	await spool.append(one, body);
	await spool.append(two, body);
	await spool.record([delivered(one), deferred(two)]);
	await projector.reached(spool.durable());
	const life = await history.life(two.id);
	assert.deepEqual(life, { record: two, steps: [deferred(two)], reports: [] });
	assert.equal(await history.life(exampleRecord(3).id), undefined);
	assert.equal(await history.life('no id of ours'), undefined);
	const page = await history.search({ state: 'queued', limit: 10 });
	assert.deepEqual(
		page.items.map(({ id, subject }) => [id, subject]),
		[[two.id, 'Second']],
	);
	assert.equal(page.next, undefined);
	assert.deepEqual(openIds(paths.queue), [two.id]);
	await assert.rejects(history.search({ limit: 1, cursor: '!' }), (error: HistoryError) => error.code === 'cursor');
	await stop();
	assert.deepEqual(troubles, []);
	await assert.rejects(projector.reached(spool.durable()));
	await assert.rejects(history.life(one.id), (error: HistoryError) => error.code === 'stopped');
});

test('segments go once both projections have them on the disk, and after a restart nothing is read twice', async (context) => {
	const folder = temporaryFolder(context);
	const settings = { segmentBytes: 64 * 1024, reserveBytes: 32 * 1024, sparesMax: 0 };
	const first = await start(context, folder, settings);
	const records = Array.from({ length: 300 }, (_, index) => exampleRecord(index));
	for (const record of records) {
		const ref = await first.spool.append(record, body);
		await first.spool.record([delivered(record)]);
		first.spool.release(record.id, ref);
	}
	await first.projector.reached(first.spool.durable());
	await eventually('old segments are gone', () => first.spool.stats().segments <= 2);
	await first.stop();
	assert.deepEqual(first.projected.at(-1), first.spool.durable(), 'stopping flushes');

	const second = await start(context, folder, settings);
	await second.projector.reached(second.spool.durable());
	let items = 0;
	let cursor: string | undefined;
	do {
		const page = await second.history.search({ limit: 70, ...(cursor === undefined ? {} : { cursor }) });
		items += page.items.length;
		cursor = page.next;
	} while (cursor !== undefined);
	assert.equal(items, records.length);
	assert.deepEqual(
		await second.history.retain({ days: 2, maxBytes: 1, nowMs: exampleMs + 3 * 24 * 3600 * 1000 }),
		readdirSync(second.paths.history).length === 0 ? ['2026-11-03'] : [],
	);
	await second.stop();
	assert.deepEqual(second.troubles, []);
});

test('a failing projector is told, holds back the segments, and catches up by itself', async (context) => {
	const folder = temporaryFolder(context);
	const { paths, spool, projector, history, troubles, projected, stop } = await start(context, folder);
	await projector.reached(spool.durable());
	const away = `${paths.history}.away`;
	renameSync(paths.history, away);
	writeFileSync(paths.history, 'in the way');
	const record = exampleRecord(1);
	await spool.append(record, body);
	const reached = projector.reached(spool.durable());
	await eventually('failure is told', () => projector.failure !== undefined);
	assert.ok(projected.every((position) => comparePositions(position, spool.durable()) < 0));
	rmSync(paths.history);
	renameSync(away, paths.history);
	await reached;
	assert.equal(projector.failure, undefined);
	assert.deepEqual(
		troubles.map(({ kind }) => kind),
		['projector-failed', 'projector-recovered'],
	);
	assert.notEqual(await history.life(record.id), undefined);
	await stop();
});
