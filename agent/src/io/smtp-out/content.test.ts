import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsWithCrlf, outgoingChunks } from './content.ts';

const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('latin1');
const body = 'A: 1\r\nB: 2\r\nC: 3\r\n\r\n..dots\r\n';

/** All ways to part the body in up to three chunks. */
function* partitions(): Generator<Buffer[]> {
	const bytes = Buffer.from(body);
	for (let one = 0; one <= bytes.length; one += 3) {
		for (let two = one; two <= bytes.length; two++) {
			yield [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)];
		}
	}
}

test('the prefix comes first and cuts are left out, however the body is chunked', () => {
	const cuts = [
		{ start: 12, end: 18 },
		{ start: 0, end: 6 },
	];
	for (const chunks of partitions()) {
		const content = outgoingChunks('R: x\r\n', chunks, cuts);
		assert.equal(text(content.chunks), 'R: x\r\nB: 2\r\n\r\n..dots\r\n');
		assert.equal(content.bytes, 22);
	}
});

test('cuts that overlap, touch, or take everything', () => {
	for (const chunks of partitions()) {
		const overlapping = outgoingChunks('', chunks, [
			{ start: 0, end: 12 },
			{ start: 6, end: 12 },
			{ start: 12, end: 18 },
		]);
		assert.equal(text(overlapping.chunks), '\r\n..dots\r\n');
		assert.equal(outgoingChunks('', chunks, [{ start: 0, end: body.length }]).bytes, 0);
		assert.equal(text(outgoingChunks('', chunks).chunks), body);
	}
});

test('a cut outside the body, an inverted one and a prefix without its end are bugs', () => {
	const bytes = Buffer.from(body);
	assert.throws(() => outgoingChunks('', bytes, [{ start: 10, end: body.length + 1 }]), RangeError);
	assert.throws(() => outgoingChunks('', bytes, [{ start: body.length + 5, end: body.length + 6 }]), RangeError);
	assert.throws(() => outgoingChunks('', bytes, [{ start: 5, end: 4 }]), RangeError);
	assert.throws(() => outgoingChunks('', bytes, [{ start: -1, end: 4 }]), RangeError);
	assert.throws(() => outgoingChunks('R: x\n', bytes), RangeError);
});

test('CRLF at the end is found across chunks', () => {
	const chunks = (...parts: string[]): Uint8Array[] => parts.map((part) => Buffer.from(part));
	assert.equal(endsWithCrlf(chunks('a\r\n')), true);
	assert.equal(endsWithCrlf(chunks('a\r', '\n')), true);
	assert.equal(endsWithCrlf(chunks('a\r', '', '\n', '')), true);
	assert.equal(endsWithCrlf(chunks('a\n')), false);
	assert.equal(endsWithCrlf(chunks('a\r\n', '\n')), false);
	assert.equal(endsWithCrlf(chunks('a\r')), false);
	assert.equal(endsWithCrlf(chunks('\n')), false);
	assert.equal(endsWithCrlf([]), false);
});
