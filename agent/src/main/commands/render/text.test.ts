import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, countText, cut, hanging, jsonText, padEnd, sizeText, widthOf, wrap } from './text.ts';

test('what a terminal obeys does not reach it', () => {
	assert.equal(clean('a\x1b[31mb\x07c\u009bd'), 'a\ufffd[31mb\ufffdc\ufffdd');
	assert.equal(clean('two\r\nlines\tand more'), 'two lines and more');
	assert.equal(clean('\u202egpj.exe\u2066'), '\ufffdgpj.exe\ufffd');
	assert.equal(clean('Grüße 中文 🎉'), 'Grüße 中文 🎉');
});

test('JSON stays the same value and is safe on a terminal', () => {
	const value = { subject: '\x1b]0;x\x07 \u009b31m \u202e \u2028' };
	// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
	assert.doesNotMatch(jsonText(value), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
	assert.deepEqual(JSON.parse(jsonText(value)), value);
});

test('widths: wide characters count two, a character with its accents one', () => {
	assert.deepEqual(['abc', '中文', 'e\u0301', '🎉', ''].map(widthOf), [3, 4, 1, 2, 0]);
	assert.equal(padEnd('中', 4), '中  ');
});

test('cut never goes beyond the room and never through a character', () => {
	assert.equal(cut('abcdef', 6), 'abcdef');
	assert.equal(cut('abcdef', 4), 'abc…');
	assert.equal(cut('中文字', 4), '中…');
	assert.equal(cut('👨‍👩‍👧 family', 3), '👨‍👩‍👧…');
});

test('wrapping keeps addresses and commands whole', () => {
	assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
	assert.deepEqual(wrap('see `a b c d e f` now', 8), ['see', '`a b c d e f`', 'now']);
	assert.deepEqual(wrap('an odd ` tick', 80), ['an odd ` tick']);
	assert.deepEqual(wrap('', 10), ['']);
	assert.deepEqual(hanging('- ', 'aaaa bbbb cccc dddd eeee', 22), ['- aaaa bbbb cccc dddd', '  eeee']);
});

test('numbers as people say them', () => {
	assert.deepEqual([countText(1, 'recipient'), countText(2000, 'recipient')], ['1 recipient', '2,000 recipients']);
	assert.deepEqual([0, 999, 1000, 99_949, 999_499, 999_950, 41_300_000_000].map(sizeText), [
		'0 bytes',
		'999 bytes',
		'1.0 kB',
		'99.9 kB',
		'999 kB',
		'1.0 MB',
		'41.3 GB',
	]);
});
