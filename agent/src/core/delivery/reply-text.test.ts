import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReply, statusOf } from './reply-text.ts';

const table: readonly (readonly [string, ReturnType<typeof parseReply>])[] = [
	['550 5.1.1 no such user', { code: 550, status: '5.1.1', lines: ['no such user'] }],
	['550-5.1.1 no such\r\n550 5.1.1 user', { code: 550, status: '5.1.1', lines: ['no such', 'user'] }],
	['smtp; 450 4.2.2 full', { code: 450, status: '4.2.2', lines: ['full'] }],
	['421', { code: 421, lines: [''] }],
	['550 #5.1.0 Address rejected.', { code: 550, lines: ['#5.1.0 Address rejected.'] }],
	['554 5.7.1: denied', { code: 554, status: '5.7.1', lines: ['denied'] }],
	['250 1.2.3.4 is an address', { code: 250, lines: ['1.2.3.4 is an address'] }],
	['550-first\n550-\n550 last', { code: 550, lines: ['first', 'last'] }],
	['550-first\nsecond without its code', { code: 550, lines: ['first', 'second without its code'] }],
	['no code', undefined],
	['', undefined],
	['650 not a reply', undefined],
	['5501 not a reply', undefined],
];

for (const [text, expected] of table)
	test(`parseReply ${JSON.stringify(text)}`, () => assert.deepEqual(parseReply(text), expected));

test('a status may stand later in the text, an address or a version may not', () => {
	const at = (code: number, line: string) => statusOf({ code, lines: [line] });
	assert.equal(at(550, 'sorry (#5.7.1)'), '5.7.1');
	assert.equal(at(550, '#5.1.0 Address rejected.'), '5.1.0');
	assert.equal(at(550, 'see 5.7.1.2 for more'), undefined);
	assert.equal(at(450, 'sorry (#5.7.1)'), undefined);
	assert.equal(at(550, 'host 5.9.1.1'), undefined);
	assert.equal(statusOf({ code: 550, status: '5.0.0', lines: ['(#5.7.1)'] }), '5.0.0');
});
