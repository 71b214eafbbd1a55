import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from '@sluice/shared/words/reply.ts';
import { createReplyReader, parseReply, REPLY_CHARS_KEPT_MAX } from './replies.ts';

function read(chunks: readonly (string | Buffer)[], bytesMax?: number): { replies: Reply[]; breaches: string[] } {
	const replies: Reply[] = [];
	const breaches: string[] = [];
	const feed = createReplyReader(
		{ onReply: (answer) => replies.push(answer), onBreach: (error) => breaches.push(error) },
		bytesMax,
	);
	for (const chunk of chunks) feed(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
	return { replies, breaches };
}

const stream =
	'250-2.1.0 first\r\n250-2.1.0 second\r\n250 2.1.0 third\r\n354 go\r\n550 no status\r\n250\r\n421 4.4.2\r\n';
const expected: Reply[] = [
	{ code: 250, status: '2.1.0', lines: ['first', 'second', 'third'] },
	{ code: 354, lines: ['go'] },
	{ code: 550, lines: ['no status'] },
	{ code: 250, lines: [''] },
	{ code: 421, status: '4.4.2', lines: [''] },
];

test('replies are the same however the bytes are cut', () => {
	assert.deepEqual(read([stream]), { replies: expected, breaches: [] });
	for (let at = 0; at <= stream.length; at++) {
		assert.deepEqual(read([stream.slice(0, at), stream.slice(at)]).replies, expected, `cut at ${at}`);
	}
	assert.deepEqual(read([...stream]), { replies: expected, breaches: [] });
	assert.deepEqual(read([stream.replaceAll('\r\n', '\n')]).replies, expected);
});

test('a status belongs to its line, and only a whole one counts', () => {
	const { replies } = read([
		'550-5.7.1 blocked\r\n550-see 5.7.1 here\r\n550-5.7.26 too\r\n550 http://x.test/5.7.1\r\n',
		'250 2.1.0x ok\r\n',
	]);
	assert.deepEqual(replies, [
		{ code: 550, status: '5.7.1', lines: ['blocked', 'see 5.7.1 here', 'too', 'http://x.test/5.7.1'] },
		{ code: 250, lines: ['2.1.0x ok'] },
	]);
});

test('any bytes make readable text', () => {
	const { replies } = read([
		Buffer.from('550 kein Zutritt für Müller\r\n', 'utf8'),
		Buffer.from('550 für Müller\r\n', 'latin1'),
		Buffer.from('550 a\0b\x1b[31mc\rd\te\x7f\r\n', 'latin1'),
	]);
	assert.deepEqual(
		replies.map((answer) => answer.lines[0]),
		['kein Zutritt für Müller', 'für Müller', 'a b [31mc d e '],
	);
});

test('what is no reply is a breach, and nothing is read after it', () => {
	for (const line of ['HTTP/1.1 400 Bad Request', '25', '', '099 low', '600 high', '250_x', '+OK']) {
		const { replies, breaches } = read([`${line}\r\n250 ok\r\n`, '250 ok\r\n']);
		assert.deepEqual(replies, [], line);
		assert.equal(breaches.length, 1, line);
	}
});

test('a reply has a bound: one long line, many lines, many small chunks', () => {
	const long = 'x'.repeat(2_000);
	for (const chunks of [
		[`250 ${long}\r\n`],
		[`250 ${long}`],
		Array.from({ length: 200 }, () => '250-0123456789\r\n'),
		[...`250 ${long}`],
	]) {
		const { replies, breaches } = read(chunks, 1_000);
		assert.deepEqual(replies, []);
		assert.deepEqual(breaches, ['reply over 1000 bytes']);
	}
	assert.equal(
		read(
			Array.from({ length: 200 }, () => '250 0123456789\r\n'),
			1_000,
		).replies.length,
		200,
	);
});

test('of a long reply the beginning goes on', () => {
	const { replies } = read([
		`450-4.2.2 ${'a'.repeat(1_500)}\r\n450-4.2.2 ${'b'.repeat(30_000)}\r\n450 c\r\n250 ok\r\n`,
	]);
	assert.deepEqual(
		replies.map(({ code, lines }) => [code, lines.map((line) => line.length)]),
		[
			[450, [1_500, 502]],
			[250, [2]],
		],
	);
	const manyLines = read([`${'250-\r\n'.repeat(9_000)}250 \r\n`]).replies[0];
	assert.equal(manyLines?.lines.length, REPLY_CHARS_KEPT_MAX + 1);
});

test('a reply of text that was decoded already', () => {
	assert.deepEqual(parseReply('550-5.1.1 Müller\n550 5.1.1 用户'), {
		code: 550,
		status: '5.1.1',
		lines: ['Müller', '用户'],
	});
	assert.equal(parseReply('hello'), undefined);
	assert.equal(parseReply(''), undefined);
});
