/** The MTA's queue and silence: mail that should pass and does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, type Given, groundWith } from './ground.fixture.ts';
import { queueFindings } from './queue.ts';

const hour = 3_600_000;
const now = Date.parse('2026-03-01T12:00:00Z');
const at = (ago: number) => new Date(now - ago).toISOString();
/** Mail came so long ago; undefined: never. */
const volume = (agoMs: number | undefined, before = 0) => ({
	stepSeconds: 3600,
	since: at(24 * hour),
	before: { accepted: before },
	items: [
		{ at: at(20 * hour), accepted: 0, refused: 0 },
		...(agoMs === undefined ? [] : [{ at: at(agoMs + hour), accepted: 3, refused: 0 }]),
		{ at: at(0), accepted: 0, refused: 0 },
	],
});
const exim = (count: number, frozen = 0) => ({
	'/usr/sbin/exim4 -bpc': `${count}\n`,
	'/usr/sbin/exim4 -bpr': ' 1h 2k 1abc-2def-3g <a@b.test> *** frozen ***\n'.repeat(frozen),
});

test('long queues, stopped mail, and mail that waits there while none comes here', async () => {
	const rows: readonly (readonly [string, Given, readonly string[]])[] = [
		['well', { answers: exim(3), volume: volume(0) }, []],
		['long', { answers: exim(900), volume: volume(0) }, ['queue.long']],
		['mostly frozen', { answers: exim(900, 890), volume: volume(0) }, ['queue.stopped']],
		['stuck', { answers: exim(30), volume: volume(3 * hour) }, ['queue.none-comes']],
		['frozen only', { answers: exim(30, 30), volume: volume(undefined) }, []],
		['quiet server', { answers: exim(0), volume: volume(undefined) }, []],
		['quieter than before', { answers: exim(0), volume: volume(5 * hour) }, ['queue.none-comes']],
		['quiet since yesterday', { answers: exim(0), volume: volume(undefined, 9) }, ['queue.none-comes']],
		[
			'not told',
			{ answers: { '/usr/sbin/exim4 -bpc': { exitCode: 1, output: '' } }, volume: volume(0) },
			['queue.unknown'],
		],
	];
	for (const [what, given, wanted] of rows) {
		const found = await queueFindings(groundWith(given));
		assert.deepEqual(codes(found), wanted, what);
		if (what === 'stuck') assert.equal(found[0]?.level, 'wrong');
	}
});

test('Postfix tells its own way', async () => {
	const list = 'ABC123! 512 Mon a@b.test\nDEF456* 512 Mon a@b.test\n';
	for (const [output, wanted] of [
		['Mail queue is empty\n', []],
		[`${list}-- 12 Kbytes in 1 Request.\n`, []],
		[`${list.repeat(60)}-- 12 Kbytes in 620 Requests.\n`, ['queue.long', 'queue.stopped']],
		['postqueue: fatal: no\n', ['queue.unknown']],
	] as const) {
		const ground = groundWith({ answers: { postqueue: output }, volume: volume(0) });
		assert.ok(ground.site.ok);
		Object.assign(ground.site.value, { mta: 'postfix' });
		assert.deepEqual(codes(await queueFindings(ground)), wanted, output);
	}
});
