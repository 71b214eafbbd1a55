import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import {
	decodeRecordHeader,
	decodeSegmentHeader,
	describeRecord,
	encodeSegmentHeader,
	placeRecord,
	recordBytes,
	recordHeaderBytes,
	recordMagic,
	segmentHeaderBytes,
	segmentName,
	segmentOfName,
	standsAt,
} from './format.ts';
import { comparePositions, logStart } from './position.ts';

const crc = (bytes: Uint8Array): number => crc32(bytes);

const header = {
	segment: 7,
	salt: 0xfffffffe,
	isRecycled: true,
	isPreviousAcknowledged: false,
	previous: 5,
	previousEnd: 67_108_863,
	createdMs: 1_790_000_000_123,
};

test('log format: these bytes never change, or the version does', () => {
	const block = encodeSegmentHeader(header, crc);
	assert.equal(
		Buffer.from(block.subarray(0, 40)).toString('hex'),
		'536c75696365536701000100feffffff0700000005000000ffffff0300b0c706450c7a42d8c02792',
	);
	const record = new Uint8Array(recordHeaderBytes + 2 + 3);
	record.set([0x7b, 0x7d, 0x61, 0x0d, 0x0a], recordHeaderBytes);
	describeRecord(record, 'message', 2, crc);
	placeRecord(record, { segment: 7, salt: 0xfffffffe, offset: 4096, durable: 4096 }, crc);
	assert.equal(
		Buffer.from(record).toString('hex'),
		'd3ff4cfe01010000feffffff070000000010000000100000020000000300000043bfa6a356ef2fe3dec420477b7d610d0a',
	);
});

test('log format: a segment header is read from either copy', () => {
	const block = encodeSegmentHeader(header, crc);
	assert.equal(block.length, segmentHeaderBytes);
	assert.deepEqual(decodeSegmentHeader(block, crc), header);
	block.fill(0, 0, 40);
	assert.deepEqual(decodeSegmentHeader(block, crc), header);
	block.fill(0, 2048, 2088);
	assert.equal(decodeSegmentHeader(block, crc), 'damaged');
	assert.equal(decodeSegmentHeader(block.subarray(0, 10), crc), 'damaged');
});

test('log format: a record header is read back, and any changed bit of it is noticed', () => {
	const record = new Uint8Array(recordHeaderBytes + 10 + 90);
	describeRecord(record, 'transitions', 10, crc);
	const place = { segment: 3, salt: 99, offset: 5000, durable: 4500 };
	placeRecord(record, place, crc);
	const read = decodeRecordHeader(record, crc);
	assert.ok(read !== undefined);
	assert.equal(recordBytes(read), 144);
	assert.equal(read.kind, 'transitions');
	assert.ok(standsAt(read, place));
	for (const other of [{ segment: 4 }, { salt: 98 }, { offset: 5001 }])
		assert.ok(!standsAt(read, { ...place, ...other }));
	for (let bit = 0; bit < recordHeaderBytes * 8; bit++) {
		const changed = Uint8Array.from(record);
		changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
		assert.equal(decodeRecordHeader(changed, crc), undefined, `bit ${bit}`);
	}
	assert.equal(decodeRecordHeader(record.subarray(0, recordHeaderBytes - 1), crc), undefined);
});

test('log format: no text holds the bytes that a record begins with', () => {
	assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(recordMagic)));
});

test('log format: names and positions order as the log does', () => {
	assert.equal(segmentName(7, 'log'), '0000000007.log');
	assert.equal(segmentOfName('0000000007.log', 'log'), 7);
	assert.equal(segmentOfName('0000000007.log', 'spare'), undefined);
	for (const name of ['7.log', '0000000007.log.bak', 'reserve', '00000000071.log'])
		assert.equal(segmentOfName(name, 'log'), undefined);
	assert.ok(comparePositions({ segment: 2, offset: 4096 }, { segment: 1, offset: 9000 }) > 0);
	assert.ok(comparePositions({ segment: 2, offset: 4096 }, { segment: 2, offset: 4097 }) < 0);
	assert.equal(comparePositions(logStart, { segment: 0, offset: 0 }), 0);
});
