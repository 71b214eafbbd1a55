import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsWithCrlf } from './content.ts';

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
