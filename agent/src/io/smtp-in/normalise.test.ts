import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndOfData } from './end-of-data.ts';
import { Normaliser } from './normalise.ts';

type Normalised = { output: string; bare: number; headerBytes: number; has8bit: boolean; longestLine: number };

/** Through the end-of-data finder, as in life: it promises that no piece ends between CR and LF. */
function normalise(chunks: readonly string[], alignment = 0): Normalised {
	const finder = new EndOfData();
	const normaliser = new Normaliser();
	let output = '';
	for (const chunk of chunks) {
		const buffer = Buffer.alloc(chunk.length + alignment).subarray(alignment);
		buffer.write(chunk, 'latin1');
		const piece = finder.feed(buffer, 0);
		output += normaliser.feed(piece.content).toString('latin1');
		if (piece.end >= 0) break;
	}
	const { newlinesNormalised: bare, headerBytes, has8bit, longestLine } = normaliser;
	return { output, bare, headerBytes, has8bit, longestLine };
}

/** The same, line by line and without cleverness. `content` ends in CRLF or is empty. */
function reference(content: string): Normalised {
	let output = '';
	let bare = 0;
	let headerBytes = -1;
	let longestLine = 0;
	let isAfterBare = false;
	for (const [, line = '', newline] of content.matchAll(/([^\r\n]*)(\r\n|\r|\n)/g)) {
		let text = isAfterBare && line.startsWith('.') ? `.${line}` : line;
		longestLine = Math.max(longestLine, text.length);
		const isBare = newline !== '\r\n';
		if (text.replaceAll('\0', '') === '.' && (isBare || text.length > 1)) text += '.';
		output += `${text}\r\n`;
		if (text === '' && headerBytes < 0) headerBytes = output.length;
		if (isBare) bare++;
		isAfterBare = isBare;
	}
	return { output, bare, headerBytes, has8bit: /[\x80-\xff]/.test(content), longestLine };
}

/** Content up to the end of the message, as the RFC has it. */
const contentOf = (raw: string): string => {
	const stream = `\r\n${raw}\r\n.\r\n`;
	return stream.slice(2, stream.indexOf('\r\n.\r\n') + 2);
};

const rawChunks = fc.array(
	fc.string({
		unit: fc.constantFrom(
			'\r',
			'\n',
			'.',
			'\0',
			'a',
			'\xe9',
			'\t',
			'\r\n',
			'\n.',
			'\r\n.',
			'long enough for a word or two',
		),
		maxLength: 30,
	}),
	{ maxLength: 6 },
);

test('agrees with the slow reference on random bytes in random chunks', () => {
	fc.assert(
		fc.property(rawChunks, fc.integer({ min: 0, max: 3 }), (chunks, alignment) => {
			assert.deepEqual(normalise([...chunks, '\r\n.\r\n'], alignment), reference(contentOf(chunks.join(''))));
		}),
		{ numRuns: 10_000 },
	);
});

test('what comes out can be passed on: no bare newline, no end of data inside, even without NULs', () => {
	fc.assert(
		fc.property(rawChunks, (chunks) => {
			const { output } = normalise([...chunks, '\r\n.\r\n']);
			assert.doesNotMatch(output, /\r(?!\n)|(?<!\r)\n/);
			const wire = `\r\n${output}.\r\n`;
			assert.equal(wire.indexOf('\r\n.\r\n'), wire.length - 5);
			const stripped = wire.replaceAll('\0', '');
			assert.equal(stripped.indexOf('\r\n.\r\n'), stripped.length - 5);
		}),
		{ numRuns: 5_000 },
	);
});

test('is idempotent', () => {
	fc.assert(
		fc.property(rawChunks, (chunks) => {
			const once = normalise([...chunks, '\r\n.\r\n']).output;
			const twice = normalise([`${once}.\r\n`]);
			assert.equal(twice.output, once);
			assert.equal(twice.bare, 0);
		}),
		{ numRuns: 5_000 },
	);
});

test('a piece with nothing to change is returned itself', () => {
	const piece = Buffer.from('Subject: x\r\n\r\n..dots\r\n.y\r\n\0NUL \xff\r\n', 'latin1');
	assert.equal(new Normaliser().feed(piece), piece);
});

test('a dot behind a bare newline is stuffed, a dot cut off by one does not become an end', () => {
	const cases: readonly (readonly [string, string])[] = [
		['a\n.\nb\r\n', 'a\r\n..\r\nb\r\n'],
		['a\r.b\r\n', 'a\r\n..b\r\n'],
		['a\r\n.\nb\r\n', 'a\r\n..\r\nb\r\n'],
		['a\r\n.\rb\r\n', 'a\r\n..\r\nb\r\n'],
		['a\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n'],
		['a\r\r\nb\r\n', 'a\r\n\r\nb\r\n'],
		['a\r\n.\0\r\nb\r\n', 'a\r\n.\0.\r\nb\r\n'],
		['a\r\n\0.\r\nb\r\n', 'a\r\n\0..\r\nb\r\n'],
	];
	for (const [raw, expected] of cases) {
		assert.equal(normalise([`${raw}.\r\n`]).output, expected, JSON.stringify(raw));
		assert.equal(normalise([...`${raw}.\r\n`]).output, expected, `${JSON.stringify(raw)} byte by byte`);
	}
});

test('8-bit bytes are seen at every place of a word', () => {
	for (let at = 0; at < 16; at++) {
		const bytes = Buffer.alloc(16, 'a');
		bytes[at] = 0x80;
		const normaliser = new Normaliser();
		normaliser.feed(bytes);
		assert.ok(normaliser.has8bit, `at ${at}`);
	}
	const plain = new Normaliser();
	plain.feed(Buffer.alloc(16, 0x7f));
	assert.ok(!plain.has8bit);
});
