import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndOfDataFinder, unstuff } from './end-of-data.ts';

/** Where the message ends, by the book: the CRLF of the DATA command counts as the line end before. */
function expectedEnd(bytes: Buffer): number {
	const found = Buffer.concat([Buffer.from('\r\n'), bytes]).indexOf('\r\n.\r\n');
	return found < 0 ? -1 : found - 2 + 5;
}

/** Where the finder sees the end when the bytes come in these pieces. */
function foundEnd(bytes: Buffer, cuts: readonly number[]): number {
	const finder = new EndOfDataFinder();
	let start = 0;
	for (const end of [...cuts, bytes.length]) {
		const found = finder.feed(bytes.subarray(start, end));
		if (found >= 0) return start + found;
		start = end;
	}
	return -1;
}

test('the terminator is found wherever two cuts fall', () => {
	const bytes = Buffer.from('Subject: a\r\n\r\n..\r\n.b\r\r\n.\r\nMAIL FROM:<>\r\n');
	for (let first = 0; first <= bytes.length; first++) {
		for (let second = first; second <= bytes.length; second++) {
			assert.equal(foundEnd(bytes, [first, second]), expectedEnd(bytes), `cut at ${first} and ${second}`);
		}
	}
});

test('an empty message is a dot alone', () => {
	assert.equal(foundEnd(Buffer.from('.\r\n'), []), 3);
	assert.equal(foundEnd(Buffer.from('.\r\n'), [1, 2]), 3);
});

test('nothing but CRLF.CRLF ends a message', () => {
	for (const near of ['\n.\n', '\r.\r', '\r\n.\n', '\n.\r\n', '\r\n.\r', '\r\n..\r\n', '\r\n.\0\r\n', '\r.\r\n']) {
		const bytes = Buffer.from(`a${near}b\r\n`);
		for (let cut = 0; cut <= bytes.length; cut++) assert.equal(foundEnd(bytes, [cut]), -1, JSON.stringify(near));
	}
});

test('random bytes in random pieces end where the book says', () => {
	const byte = fc.constantFrom(13, 10, 46, 0, 97);
	fc.assert(
		fc.property(fc.array(byte, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 6 }), (codes, at) => {
			const bytes = Buffer.from(codes);
			const cuts = at.filter((cut) => cut <= bytes.length).sort((one, other) => one - other);
			assert.equal(foundEnd(bytes, cuts), expectedEnd(bytes));
		}),
		{ numRuns: 5000 },
	);
});

test('stuffing is taken off lines that begin with a dot, and nothing else', () => {
	const cases: readonly (readonly [string, string])[] = [
		['..\r\n', '.\r\n'],
		['a\r\n..b\r\n...\r\n', 'a\r\n.b\r\n..\r\n'],
		['a.\r\nb..c\r\n', 'a.\r\nb..c\r\n'],
		['a\n..b\r\n', 'a\n..b\r\n'],
		['a\r..b\r\n', 'a\r..b\r\n'],
		['..\r\na\n..b\r..c\r\n', '.\r\na\n..b\r..c\r\n'],
		['', ''],
	];
	for (const [raw, content] of cases) assert.equal(unstuff(Buffer.from(raw)).toString(), content);
});
