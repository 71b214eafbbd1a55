/**
 * A log that was cut short, scribbled on, or recycled: what can be told is told, what cannot is counted, nothing is made up.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentHeaderBytes } from '../../core/log/format.ts';
import type { BodyRef } from '../../ports/spool.ts';
import { exampleBody, exampleRecord, exampleTransition, idsOf, openExample } from './example.ts';
import type { ModelDisk } from './model-disk.ts';
import { modelDisk } from './model-disk.ts';

const folder = '/spool';
const firstSegment = '0000000001.log';
const id = (sequence: number) => exampleRecord(sequence, 0).id;

/** A log of one segment with the messages 1, 2, …, each flushed by itself, and where they stand. */
async function logOf(bodies: readonly (readonly Uint8Array[])[]) {
	const disk = modelDisk();
	const { spool } = await openExample(folder, { files: disk.files });
	const refs: BodyRef[] = [];
	for (const [index, body] of bodies.entries()) {
		const bytes = body.reduce((sum, chunk) => sum + chunk.length, 0);
		refs.push(await spool.append(exampleRecord(index + 1, bytes), body));
	}
	await spool.stop();
	return { disk, refs };
}

const plainBodies = (count: number) => Array.from({ length: count }, (_, index) => exampleBody(index + 1, 300));

/** The same disk with another content of the first segment. */
const withBytes = (disk: ModelDisk, change: (bytes: Buffer) => Buffer): ModelDisk => {
	const names = new Map<string, Buffer>();
	for (const name of disk.files.list(folder)) names.set(name, contentOf(disk, name));
	names.set(firstSegment, change(contentOf(disk, firstSegment)));
	return modelDisk(
		undefined,
		new Map(
			[...names].map(([name, bytes]) => [
				name,
				{ current: bytes, durable: bytes, dirty: new Set(), isSizeDirty: false },
			]),
		),
	);
};

function contentOf(disk: ModelDisk, name: string): Buffer {
	const fd = disk.files.openForReading(`${folder}/${name}`);
	const bytes = Buffer.alloc(disk.files.sizeOf(fd));
	disk.files.readAt(fd, bytes, 0);
	disk.files.closeNow(fd);
	return bytes;
}

test('spool: the last record is cut short at any byte', async () => {
	const { disk, refs } = await logOf(plainBodies(3));
	const last = refs[2] as BodyRef;
	for (let length = last.offset; length < last.offset + last.bytes; length++) {
		const torn = withBytes(disk, (bytes) => bytes.subarray(0, length));
		const { spool, seen, recovery } = await openExample(folder, { files: torn.files });
		assert.deepEqual(idsOf(seen), [id(1), id(2)], `cut at ${length - last.offset}`);
		assert.equal(recovery.truncatedBytes, length - last.offset);
		assert.equal(recovery.corruptRecords, 0);
		assert.deepEqual(recovery.end, { segment: 1, offset: last.offset });
		if (length % 50 !== 0) continue;
		await spool.append(exampleRecord(9, 300), exampleBody(9, 300));
		await spool.stop();
		const again = await openExample(folder, { files: torn.files });
		assert.deepEqual(idsOf(again.seen), [id(1), id(2), id(9)], 'what follows stands behind the cut');
		assert.equal(again.recovery.truncatedBytes, 0);
		await again.spool.stop();
	}
});

test('spool: the last record is torn in a recycled segment, old records behind it', async () => {
	const { disk, refs } = await logOf(plainBodies(3));
	const last = refs[2] as BodyRef;
	const old = (await logOf(Array.from({ length: 20 }, (_, index) => exampleBody(index + 50, 317)))).disk;
	const stale = contentOf(old, firstSegment);
	for (let length = 0; length < last.bytes; length += 9) {
		const torn = withBytes(disk, (bytes) => {
			bytes.writeUInt16LE(1, 10);
			const recycled = Buffer.from(stale);
			bytes.copy(recycled, 0, 0, last.offset + length);
			return recycled;
		});
		const { seen, recovery } = await openExample(folder, { files: torn.files });
		assert.deepEqual(idsOf(seen), [id(1), id(2)], `torn at ${length}`);
		assert.equal(recovery.corruptRecords, 0);
	}
});

test('spool: one bit is wrong anywhere; all other records are told, and the damage is counted', async () => {
	const { disk, refs } = await logOf(plainBodies(6));
	const middle = refs.slice(0, 5);
	const end = (middle[4] as BodyRef).offset + (middle[4] as BodyRef).bytes;
	for (let at = segmentHeaderBytes; at < end; at += 3) {
		const flipped = withBytes(disk, (bytes) => {
			bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
			return bytes;
		});
		const { spool, seen, recovery } = await openExample(folder, { files: flipped.files });
		const struck = refs.findIndex(({ offset, bytes }) => at >= offset && at < offset + bytes) + 1;
		const others = [1, 2, 3, 4, 5, 6].filter((sequence) => sequence !== struck).map(id);
		const told = idsOf(seen);
		assert.deepEqual(
			told.filter((name) => name !== id(struck)),
			others,
			`bit at ${at}`,
		);
		if (told.length === 6) {
			// Header and meta are right, and later records vouch for it: the message is told, and reading it says what is wrong.
			const entry = seen[struck - 1]?.entry;
			assert.ok(entry?.kind === 'message');
			await assert.rejects(spool.read(entry.ref), { code: 'ESPOOLDAMAGED' });
		} else {
			assert.equal(recovery.corruptRecords, 1);
			assert.equal(recovery.corruptBytes, refs[struck - 1]?.bytes);
			assert.deepEqual(recovery.damagedSegments, [1]);
		}
		await spool.stop();
	}
});

test('spool: a bit of the segment header is wrong; its copy serves, and without both the first record', async () => {
	const { disk } = await logOf(plainBodies(3));
	for (let at = 0; at < 40; at++)
		for (const places of [[at], [2048 + at], [at, 2048 + at]]) {
			const flipped = withBytes(disk, (bytes) => {
				for (const place of places) bytes[place] = (bytes[place] as number) ^ 4;
				return bytes;
			});
			const { seen } = await openExample(folder, { files: flipped.files });
			assert.deepEqual(idsOf(seen), [id(1), id(2), id(3)]);
		}
});

test('spool: a segment that cannot be read at all is kept, and those after it are told', async () => {
	const { disk } = await logOf(plainBodies(3));
	const first = await openExample(folder, { files: disk.files });
	await first.spool.append(exampleRecord(7, 300), exampleBody(7, 300));
	await first.spool.stop();
	const ruined = withBytes(disk, (bytes) => bytes.fill(0xaa, 0, segmentHeaderBytes + 44));
	const { spool, seen, recovery } = await openExample(folder, { files: ruined.files });
	assert.deepEqual(idsOf(seen), [id(7)]);
	assert.deepEqual(recovery.damagedSegments, [1]);
	spool.kept();
	await spool.append(exampleRecord(8, 300), exampleBody(8, 300));
	for (const projection of ['index', 'history']) spool.projected(projection, spool.durable());
	const deadline = Date.now() + 5000;
	while (!ruined.files.list(folder).includes('0000000001.damaged')) {
		assert.ok(Date.now() < deadline);
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
	await spool.stop();
});

test('spool: a record inside a mail is never taken for one of the log', async () => {
	const { disk, refs } = await logOf(plainBodies(1));
	const stolen = contentOf(disk, firstSegment).subarray(segmentHeaderBytes);
	// The customer has a record of this very log, and knows where his mail will stand: the place is wrong, or the checksum.
	const there = segmentHeaderBytes + (refs[0] as BodyRef).bytes;
	const forged = Array.from({ length: 40 }, (_, index) => {
		const copy = Buffer.from(stolen);
		copy.writeUInt32LE(there + index * stolen.length, 16);
		return copy;
	});
	const { spool } = await openExample(folder, { files: disk.files });
	const carrier = await spool.append(exampleRecord(2, 0), [stolen, ...forged]);
	await spool.append(exampleRecord(3, 300), exampleBody(3, 300));
	await spool.stop();
	const second = `${folder}/0000000002.log`;
	const fd = await disk.files.open(second, 'existing');
	await disk.files.write(fd, [Buffer.from([0])], carrier.offset + 24);
	const { seen, recovery } = await openExample(folder, { files: disk.files });
	assert.deepEqual(idsOf(seen), [id(1), id(3)]);
	assert.equal(recovery.corruptRecords, 1);
});

test('spool: transitions keep their order with messages when a flush was interrupted', async () => {
	const disk = modelDisk();
	const { spool } = await openExample(folder, { files: disk.files });
	await Promise.all([
		spool.append(exampleRecord(1, 300), exampleBody(1, 300)),
		spool.record([exampleTransition(1)]),
		spool.append(exampleRecord(2, 300), exampleBody(2, 300)),
		spool.record([exampleTransition(2), exampleTransition(3)]),
	]);
	await spool.stop();
	const { seen } = await openExample(folder, { files: disk.files });
	assert.deepEqual(
		seen.map(({ entry }) => (entry.kind === 'message' ? entry.record.id : entry.transitions.map((one) => one.message))),
		[id(1), [id(1)], id(2), [id(2), id(3)]],
	);
});

test('spool: a log of a later version is refused, not taken for damage', async () => {
	const { disk } = await logOf(plainBodies(1));
	const { crc32 } = await import('node:zlib');
	const newer = withBytes(disk, (bytes) => {
		bytes.writeUInt16LE(2, 8);
		bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
		return bytes;
	});
	await assert.rejects(openExample(folder, { files: newer.files }), { code: 'ESPOOLNEWER' });
});
