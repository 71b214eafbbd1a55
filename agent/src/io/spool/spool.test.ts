import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	exampleBody,
	exampleRecord,
	exampleTransition,
	idsOf,
	openExample,
	temporaryFolder,
	watchedFiles,
} from './example.ts';
import { readEntries } from './reader.ts';

test('what was appended and recorded comes back in order, after a stop', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder);
	const refs = [];
	for (let sequence = 0; sequence < 100; sequence++) {
		const bytes = sequence * 37;
		refs.push(spool.append(exampleRecord(sequence, bytes), exampleBody(sequence, bytes)));
		if (sequence % 3 === 0) refs.push(spool.record([exampleTransition(sequence)]));
	}
	await Promise.all(refs);
	assert.ok(spool.stats().segments > 2, 'it spans segments');
	await spool.stop();

	const { spool: again, seen, recovery } = await openExample(folder);
	const expected = Array.from({ length: 100 }, (_, sequence) => exampleRecord(sequence, 0).id);
	assert.deepEqual(idsOf(seen), expected);
	assert.equal(seen.length, 134);
	assert.equal(recovery.corruptRecords, 0);
	assert.equal(recovery.truncatedBytes, 0);
	const transitions = seen[1]?.entry;
	assert.deepEqual(transitions, { kind: 'transitions', transitions: [exampleTransition(0)] });
	for (const [sequence, { entry }] of seen.filter(({ entry }) => entry.kind === 'message').entries()) {
		assert.ok(entry.kind === 'message');
		const message = await again.read(entry.ref);
		assert.deepEqual(message.record, exampleRecord(sequence, sequence * 37));
		assert.deepEqual(Buffer.from(message.body), Buffer.concat(exampleBody(sequence, sequence * 37)));
	}
	await again.stop();
});

test('a log of which nothing is needed any more still knows where it ends', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder);
	spool.kept();
	const ref = await spool.append(exampleRecord(1, 10), exampleBody(1, 10));
	spool.release(exampleRecord(1, 10).id, ref);
	const end = spool.durable();
	for (const projection of ['index', 'history']) spool.projected(projection, end);
	await spool.stop();
	const again = await openExample(folder, { from: end });
	assert.equal(again.recovery.isFromBeyondEnd, false);
	assert.deepEqual(again.spool.durable(), end);
	again.spool.kept();
	const next = await again.spool.append(exampleRecord(2, 10), exampleBody(2, 10));
	assert.equal(next.segment, 2);
	await again.spool.stop();
});

test('appends of one turn share one flush', async (context) => {
	let flushes = 0;
	const files = watchedFiles((call) => {
		if (call === 'fdatasync') flushes++;
	});
	const { spool } = await openExample(temporaryFolder(context), { files });
	await spool.append(exampleRecord(0, 10), exampleBody(0, 10));
	flushes = 0;
	let told = 0;
	spool.onDurable(() => told++);
	await Promise.all(Array.from({ length: 20 }, (_, n) => spool.append(exampleRecord(n, 100), exampleBody(n, 100))));
	assert.equal(flushes, 1);
	assert.equal(told, 1);
	await spool.stop();
});

test('a follower reads from position to position, and sees each entry once', async (context) => {
	const folder = temporaryFolder(context);
	const { spool } = await openExample(folder);
	let position = spool.durable();
	const followed: string[] = [];
	spool.onDurable((durable) => {
		position = readEntries(folder, position, durable, (entry, next) => {
			if (entry.kind === 'message') followed.push(entry.record.id);
			assert.ok(next.segment <= durable.segment);
		}).end;
		assert.deepEqual(position, durable);
	});
	const expected = [];
	for (let sequence = 0; sequence < 60; sequence++) {
		const record = exampleRecord(sequence, 3000);
		expected.push(record.id);
		await spool.append(record, exampleBody(sequence, 3000));
	}
	assert.deepEqual(followed, expected);
	await spool.stop();
});
