/**
 * Which segments go, which stay, and what becomes of their files.
 */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BodyRef, Spool } from '../../ports/spool.ts';
import { exampleBody, exampleRecord, exampleTransition, idsOf, openExample, temporaryFolder } from './example.ts';
import { seeded } from './model-disk.ts';

const settings = { segmentBytes: 16 * 1024, reserveBytes: 4096 };
const bodyBytes = 3000;

async function until(isTrue: () => boolean, what: string): Promise<void> {
	const deadline = Date.now() + 5000;
	while (!isTrue()) {
		assert.ok(Date.now() < deadline, what);
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

const logs = (folder: string) =>
	readdirSync(folder)
		.filter((name) => name.endsWith('.log'))
		.sort();

async function fill(spool: Spool, from: number, count: number): Promise<Map<string, BodyRef>> {
	const refs = new Map<string, BodyRef>();
	for (let sequence = from; sequence < from + count; sequence++) {
		const record = exampleRecord(sequence, bodyBytes);
		refs.set(record.id, await spool.append(record, exampleBody(sequence, bodyBytes)));
	}
	return refs;
}

function project(spool: Spool): void {
	for (const projection of ['index', 'history']) spool.projected(projection, spool.durable());
}

test('spool: a segment goes when no message in it is open and all projections have passed it', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder, { settings });
	spool.kept();
	const refs = await fill(spool, 0, 12);
	assert.equal(spool.stats().openMessages, 12);
	assert.equal(logs(folder).length, 4);
	const [kept] = refs.keys();
	for (const [id, ref] of refs) if (id !== kept) spool.release(id, ref);
	spool.projected('index', spool.durable());
	await new Promise(setImmediate);
	assert.equal(logs(folder).length, 4, 'the history has not read it');
	project(spool);
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.equal(logs(folder).length, 4, 'steps of the kept message may stand in any later segment');
	spool.release(kept as string, refs.get(kept as string) as BodyRef);
	await until(() => logs(folder).length === 1, 'all but the segment being written are gone');
	assert.deepEqual(logs(folder), ['0000000004.log']);
	assert.equal(readdirSync(folder).filter((name) => name.endsWith('.spare')).length, 2);
	await spool.stop();
});

test('spool: nothing goes before every open message has been named', async (context) => {
	const folder = temporaryFolder(context);
	const first = await openExample(folder, { settings });
	const refs = await fill(first.spool, 0, 12);
	await first.spool.stop();
	const { spool, seen } = await openExample(folder, { settings });
	assert.equal(seen.length, 12);
	await fill(spool, 12, 1);
	project(spool);
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.equal(logs(folder).length, 5);
	const seventh = [...refs.keys()][6] as string;
	spool.keep(seventh, refs.get(seventh) as BodyRef);
	spool.kept();
	await until(() => logs(folder).length === 4 - 1, 'the segments before the open message are gone');
	assert.equal(logs(folder)[0], `000000000${refs.get(seventh)?.segment}.log`);
	await spool.stop();
});

test('spool: an old held message is sparse; written anew, it sets its segment free', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder, { settings });
	spool.kept();
	const refs = await fill(spool, 0, 12);
	assert.deepEqual(spool.sparse(), [], 'all of it is open');
	const [held] = refs.keys();
	const old = refs.get(held as string) as BodyRef;
	for (const [id, ref] of refs) if (id !== held) spool.release(id, ref);
	project(spool);
	assert.deepEqual(spool.sparse(), [{ segment: 1, openBytes: old.bytes, bytes: spool.sparse()[0]?.bytes }]);
	const { record, body } = await spool.read(old);
	const statuses = [
		{
			state: 'held',
			attempts: 2,
			dueMs: 5,
			delayNoticed: false,
			reported: false,
			standing: { rule: 'hold.act', text: 'first of its kind' },
		},
	] as const;
	const moved = await spool.append(record, [body], { statuses });
	spool.release(record.id, old);
	project(spool);
	await until(() => logs(folder).length === 1, 'only the segment being written is left');
	assert.deepEqual(spool.sparse(), []);
	await spool.stop();

	const again = await openExample(folder, { settings });
	const entry = again.seen.find((one) => one.entry.kind === 'message' && one.entry.record.id === held)?.entry;
	assert.ok(entry?.kind === 'message');
	assert.deepEqual(entry.statuses, statuses);
	assert.deepEqual(entry.ref, moved);
	assert.deepEqual(Buffer.from((await again.spool.read(moved)).body), Buffer.concat(exampleBody(0, bodyBytes)));
	await again.spool.stop();
});

test('spool: a finished segment is written over, and its old records never come back', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder, { settings });
	spool.kept();
	const inodes = new Set([statSync(join(folder, '0000000001.log'), { throwIfNoEntry: false })?.ino]);
	let expected: string[] = [];
	for (let round = 0; round < 6; round++) {
		const refs = await fill(spool, round * 10, 7);
		expected = [...refs.keys()];
		for (const name of logs(folder)) inodes.add(statSync(join(folder, name)).ino);
		for (const [id, ref] of refs) spool.release(id, ref);
		project(spool);
		await until(() => logs(folder).length === 1, 'finished segments are gone');
	}
	assert.ok(inodes.size <= 6, `${inodes.size} files for 14 segments`);
	await spool.stop();
	const { seen, recovery } = await openExample(folder, { settings });
	const told = idsOf(seen);
	assert.ok(told.length > 0 && told.every((id) => expected.includes(id)), 'only records of the last round');
	assert.equal(recovery.corruptRecords, 0);
	assert.equal(recovery.truncatedBytes, 0);
});

test('spool: a record larger than a segment has one to itself', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder, { settings });
	const small = await spool.append(exampleRecord(1, 100), exampleBody(1, 100));
	const large = await spool.append(exampleRecord(2, 100_000), exampleBody(2, 100_000));
	const after = await spool.append(exampleRecord(3, 100), exampleBody(3, 100));
	assert.deepEqual([small.segment, large.segment, after.segment], [1, 2, 3]);
	await spool.stop();
	const { spool: again, seen } = await openExample(folder, { settings });
	assert.equal(seen.length, 3);
	assert.equal((await again.read(large)).body.length, 100_000);
	await again.stop();
});

test('spool: a full memory bound refuses instead of growing', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder, { settings: { ...settings, pendingBytesMax: 10_000 } });
	const appending = Array.from({ length: 10 }, (_, n) =>
		spool.append(exampleRecord(n, bodyBytes), exampleBody(n, bodyBytes)),
	);
	const recorded = spool.record([]);
	const results = await Promise.allSettled(appending);
	await recorded; // what receivers answered is never refused for it
	const refused = results.filter((result) => result.status === 'rejected');
	assert.ok(refused.length > 0 && refused.length < 10);
	assert.equal(refused[0]?.reason.code, 'ESPOOLBUSY');
	await spool.append(exampleRecord(20, bodyBytes), exampleBody(20, bodyBytes));
	await spool.stop();
	await assert.rejects(spool.record([]), { code: 'ESPOOLSTOPPED' });
});

test('spool: whatever segments are left, a replay without an index finds every step of the messages in them', async (context) => {
	const folder = temporaryFolder(context);
	const first = await openExample(folder, { settings });
	first.spool.kept();
	const random = seeded(7);
	const open = new Map<number, BodyRef>();
	const settled = new Set<string>();
	for (let sequence = 0; sequence < 300; sequence++) {
		open.set(sequence, await first.spool.append(exampleRecord(sequence, 1000), exampleBody(sequence, 1000)));
		for (const [old, ref] of open) {
			if (random() < 0.8 || old % 50 === 0) continue;
			const transition = exampleTransition(old);
			await first.spool.record([transition]);
			settled.add(transition.message);
			first.spool.release(transition.message, ref);
			open.delete(old);
		}
		project(first.spool);
		for (const { segment } of sequence % 20 === 0 ? first.spool.sparse() : [])
			for (const [old, ref] of open) {
				if (ref.segment !== segment) continue;
				const { record, body } = await first.spool.read(ref);
				open.set(old, await first.spool.append(record, [body], { statuses: [] }));
				first.spool.release(record.id, ref);
			}
	}
	await first.spool.stop();
	const left = logs(folder).length;
	const { spool, seen } = await openExample(folder, { settings });
	const told = new Set(idsOf(seen));
	for (const { entry } of seen)
		if (entry.kind === 'transitions') for (const { message } of entry.transitions) told.delete(message);
	assert.deepEqual([...told].sort(), [...open.keys()].map((sequence) => exampleRecord(sequence, 0).id).sort());
	assert.ok(settled.size > 200 && left < 20, `${settled.size} settled, ${left} segments left`);
	await spool.stop();
});
