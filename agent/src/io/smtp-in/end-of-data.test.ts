import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndOfData } from './end-of-data.ts';

/** What the finder makes of these chunks: content before the end, and how many bytes came behind it. */
function read(chunks: readonly string[]): { content: string; behind: number | undefined } {
	const finder = new EndOfData();
	let content = '';
	for (const [index, text] of chunks.entries()) {
		const piece = finder.feed(Buffer.from(text, 'latin1'), 0);
		content += piece.content.toString('latin1');
		if (piece.end >= 0) {
			const later = chunks.slice(index + 1).join('').length;
			return { content, behind: text.length - piece.end + later };
		}
	}
	return { content, behind: undefined };
}

/** RFC 5321 §4.1.1.4 word by word. */
function reference(raw: string): { content: string; behind: number } | undefined {
	const stream = `\r\n${raw}`;
	const at = stream.indexOf('\r\n.\r\n');
	return at < 0 ? undefined : { content: stream.slice(2, at + 2), behind: stream.length - at - 5 };
}

const message = 'a: b\r\n\r\n..x\r\n.y\r\n.\r\nMAIL FROM:<a@b>\r\n.\r\n';

test('the end is found wherever one or two chunk borders fall', () => {
	const expected = reference(message);
	for (let first = 0; first <= message.length; first++) {
		for (let second = first; second <= message.length; second++) {
			const chunks = [message.slice(0, first), message.slice(first, second), message.slice(second)];
			assert.deepEqual(read(chunks), expected, `borders ${first}, ${second}`);
		}
	}
});

test('byte by byte, and with an offset into the chunk', () => {
	assert.deepEqual(read([...message]), reference(message));
	const finder = new EndOfData();
	const piece = finder.feed(Buffer.from('DATA\r\nx\r\n.\r\nQUIT'), 6);
	assert.equal(piece.content.toString(), 'x\r\n');
	assert.equal(piece.end, 12);
});

test('an empty message is a dot alone', () => {
	assert.deepEqual(read(['.\r\n']), { content: '', behind: 0 });
	assert.deepEqual(read(['.', '\r', '\nQUIT\r\n']), { content: '', behind: 6 });
});

test('nothing that only looks alike ends a message', () => {
	for (const fake of [
		'\n.\n',
		'\r\n.\n',
		'\n.\r\n',
		'\r.\r\n',
		'\r.\r',
		'\r\n.\r',
		'\r\n.\0\r\n',
		'\r\n\0.\r\n',
		'\n\n.\r\n',
		'\r\r.\r\r',
	]) {
		const raw = `x${fake}y\r\n.\r\n`;
		assert.deepEqual(read([raw]), { content: `x${fake}y\r\n`, behind: 0 }, JSON.stringify(fake));
	}
});

test('random CR, LF, dot, NUL in random chunks agree with the RFC', () => {
	const bytes = fc.string({ unit: fc.constantFrom('\r', '\n', '.', '\0', 'a', '\r\n', '\r\n.'), maxLength: 24 });
	fc.assert(
		fc.property(fc.array(bytes, { maxLength: 8 }), (chunks) => {
			const got = read(chunks);
			const expected = reference(chunks.join(''));
			if (expected !== undefined) assert.deepEqual(got, expected);
			else assert.equal(got.behind, undefined);
		}),
		{ numRuns: 5_000 },
	);
});
