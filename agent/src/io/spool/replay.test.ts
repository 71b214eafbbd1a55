/**
 * Replay is fast enough to start with, and begins where it is told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogPosition } from '../../ports/spool.ts';
import { exampleBody, exampleRecord, exampleTransition, idsOf, openExample, temporaryFolder } from './example.ts';
import { openSpool } from './spool.ts';

const count = process.env.SLUICE_LONG === '1' ? 1_000_000 : 100_000;

test('spool: transitions are replayed by the hundred thousand a second', async (context) => {
	const directory = temporaryFolder(context);
	const { spool } = await openSpool({ directory, visit: () => {} });
	for (let written = 0; written < count; written += 10_000)
		await Promise.all(Array.from({ length: 10_000 }, (_, n) => spool.record([exampleTransition(written + n)])));
	await spool.stop();
	let told = 0;
	const opened = await openSpool({ directory, visit: () => told++ });
	await opened.spool.stop();
	assert.equal(told, count);
	const perSecond = count / (opened.recovery.tookMs / 1000);
	context.diagnostic(`${count} records in ${opened.recovery.tookMs.toFixed(0)} ms: ${perSecond.toFixed(0)} a second`);
	assert.ok(perSecond > 20_000, `${perSecond.toFixed(0)} records a second`);
});

test('spool: replay from a position tells what stands behind it, once', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder);
	const positions: LogPosition[] = [spool.durable()];
	for (let sequence = 0; sequence < 50; sequence++) {
		await spool.append(exampleRecord(sequence, 2500), exampleBody(sequence, 2500));
		positions.push(spool.durable());
	}
	await spool.stop();
	for (const [index, from] of positions.entries()) {
		const opened = await openExample(folder, { from });
		assert.equal(idsOf(opened.seen)[0], index < 50 ? exampleRecord(index, 0).id : undefined);
		assert.equal(opened.seen.length, 50 - index);
		assert.equal(opened.recovery.isFromBeyondEnd, false);
		await opened.spool.stop();
	}
	const beyond = await openExample(folder, { from: { segment: 99, offset: 5000 } });
	assert.equal(beyond.recovery.isFromBeyondEnd, true);
	await beyond.spool.stop();
});
