import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContentBounds, ContentReader } from './reader.ts';

const bounds: ContentBounds = {
	messageBytesMax: 1_000_000,
	headerBytesMax: 100_000,
	lineBytesMax: 10_000,
	bareNewline: 'normalise',
};

function read(chunks: readonly (string | Buffer)[], changed: Partial<ContentBounds> = {}): ContentReader {
	const reader = new ContentReader({ ...bounds, ...changed });
	let hasEnded = false;
	for (const chunk of chunks) hasEnded = reader.feed(Buffer.from(chunk as string), 0) >= 0;
	assert.ok(hasEnded, 'the message has ended');
	return reader;
}

const textOf = (reader: ContentReader): string => Buffer.concat([...reader.content().chunks]).toString('latin1');

test('a whole message keeps its bytes, its header and its size', () => {
	const raw = 'Subject: x\r\nTo: y\r\n\r\n..body\r\n';
	const reader = read([`${raw}.\r\n`]);
	const content = reader.content();
	assert.equal(textOf(reader), raw);
	assert.equal(content.bytes, raw.length);
	assert.equal(content.headerText, 'Subject: x\r\nTo: y\r\n\r\n');
	assert.equal(content.newlinesNormalised, 0);
	assert.equal(content.has8bit, false);
});

test('the header ends at the blank line wherever the chunks are cut, and is all there is without one', () => {
	const raw = 'A: 1\r\nB: 2\r\n\r\nbody\r\n.\r\n';
	for (let cut = 0; cut < raw.length; cut++) {
		assert.equal(read([raw.slice(0, cut), raw.slice(cut)]).content().headerText, 'A: 1\r\nB: 2\r\n\r\n', `cut ${cut}`);
	}
	assert.equal(read(['A: 1\r\nB: 2\r\n.\r\n']).content().headerText, 'A: 1\r\nB: 2\r\n');
	assert.equal(read(['\r\nbody\r\n.\r\n']).content().headerText, '\r\n');
	assert.equal(read(['A: 1\n\nbody\n\r\n.\r\n']).content().headerText, 'A: 1\r\n\r\n');
	assert.equal(read(['.\r\n']).content().headerText, '');
});

test('each bound holds to the byte', () => {
	const line = (bytes: number): string => `${'x'.repeat(bytes)}\r\n`;
	const cases: readonly (readonly [Partial<ContentBounds>, (bytes: number) => string, number, string])[] = [
		[{ messageBytesMax: 502 }, (bytes) => `\r\n${line(bytes - 4)}`, 502, 'messageSize'],
		[{ headerBytesMax: 300 }, (bytes) => `${line(bytes - 4)}\r\nbody\r\n`, 300, 'headerSize'],
		[{ headerBytesMax: 300 }, (bytes) => line(bytes - 2), 300, 'headerSize'],
		[{ lineBytesMax: 200 }, (bytes) => `a: b\r\n\r\n${line(bytes)}`, 200, 'lineLength'],
	];
	for (const [changed, make, limit, fault] of cases) {
		assert.equal(read([`${make(limit)}.\r\n`], changed).fault, undefined, `${fault} at the limit`);
		assert.equal(read([`${make(limit + 1)}.\r\n`], changed).fault, fault, `${fault} over the limit`);
		assert.equal(read([...`${make(limit + 1)}.\r\n`], changed).fault, fault, `${fault} byte by byte`);
	}
});

test('a header of nothing but lines has a bound; the content has none', () => {
	const large = { messageBytesMax: 1_000_000, headerBytesMax: 1_000_000 };
	const lines = (count: number): string => 'a:\r\n'.repeat(count);
	assert.equal(read([`${lines(50_001)}\r\n.\r\n`], large).fault, 'headerSize');
	assert.equal(read([`${lines(40_000)}\r\n${lines(60_000)}.\r\n`], large).fault, undefined);
});

test('a line without end breaks its bound before it ends', () => {
	const reader = new ContentReader({ ...bounds, lineBytesMax: 1_000 });
	for (let chunk = 0; chunk < 3; chunk++) reader.feed(Buffer.alloc(400, 'x'), 0);
	assert.equal(reader.fault, 'lineLength');
});

test('a bare newline is a fault only where it is to be refused', () => {
	assert.equal(read(['a\nb\r\n.\r\n'], { bareNewline: 'reject' }).fault, 'bareNewline');
	assert.equal(read(['a\r\nb\r\n.\r\n'], { bareNewline: 'reject' }).fault, undefined);
	assert.equal(read(['a\nb\r\n.\r\n']).content().newlinesNormalised, 1);
});

test('a refused message holds nothing, and its end is still found', () => {
	const reader = new ContentReader({ ...bounds, messageBytesMax: 1_000 });
	for (let chunk = 0; chunk < 100; chunk++) reader.feed(Buffer.from(`${'x'.repeat(98)}\r\n`), 0);
	assert.equal(reader.heldBytes, 0);
	assert.equal(reader.receivedBytes, 10_000);
	assert.equal(reader.feed(Buffer.from('.\r\nQUIT\r\n'), 0), 3);
	assert.equal(reader.fault, 'messageSize');
});

/** Bytes of the distinct buffers that the content keeps alive. */
const pinnedBytes = (reader: ContentReader): number =>
	[...new Set(reader.content().chunks.map((chunk) => chunk.buffer))].reduce(
		(sum, buffer) => sum + buffer.byteLength,
		0,
	);

test('bytes that drip in do not cost a buffer each', () => {
	const reader = new ContentReader(bounds);
	for (let at = 0; at < 50_000; at++) {
		const byte = at % 50 < 48 ? 'x' : at % 50 === 48 ? '\r' : '\n';
		// A buffer of its own, as each read from the network has.
		reader.feed(Buffer.alloc(1, byte), 0);
	}
	reader.feed(Buffer.from('.\r\n'), 0);
	assert.ok(reader.content().chunks.length < 40, `${reader.content().chunks.length} chunks`);
	assert.equal(textOf(reader), `${'x'.repeat(48)}\r\n`.repeat(1_000));
	assert.ok(pinnedBytes(reader) < 3 * 50_000 + 8 * 8_192, `${pinnedBytes(reader)} bytes`);
});

test('tiny pieces between large ones neither get lost nor pin a block each', () => {
	const reader = new ContentReader({ ...bounds, headerBytesMax: 1_000_000, lineBytesMax: 1_000_000 });
	let expected = '';
	for (let round = 0; round < 40; round++) {
		for (const text of ['x'.repeat(5_000), 'y']) {
			reader.feed(Buffer.from(text), 0);
			expected += text;
		}
	}
	reader.feed(Buffer.from('\r\n.\r\n'), 0);
	assert.ok(textOf(reader) === `${expected}\r\n`, 'every byte in order');
	assert.ok(pinnedBytes(reader) < 2 * expected.length, `${pinnedBytes(reader)} bytes`);
});

test('a small message in a large read does not pin the read', () => {
	const read64k = Buffer.alloc(65_536, 'x');
	read64k.write('a: b\r\n\r\nshort\r\n.\r\n', 1_000);
	const reader = new ContentReader(bounds);
	assert.equal(reader.feed(read64k, 1_000), 1_018);
	assert.equal(textOf(reader), 'a: b\r\n\r\nshort\r\n');
	assert.ok(pinnedBytes(reader) < 10_000, `${pinnedBytes(reader)} bytes`);
});
