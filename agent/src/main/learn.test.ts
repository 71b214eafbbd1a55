/** From files as logrotate leaves them to rows: packed, damaged, foreign. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { learnedOperations } from '@sluice/shared/contract/learned-operations.ts';
import type { LearnedRow } from '../core/mail-log/learned.ts';
import { learnedLines } from './commands/render/learned.ts';
import { plain } from './commands/render/view.ts';
import { type LearnAnswer, LearnError, learn } from './learn.ts';
import { learnedBody } from './learned-body.ts';

const nowMs = new Date(2026, 10, 24, 12, 0, 0).getTime();
const two = (number: number): string => String(number).padStart(2, '0');

/** `count` messages of a day to one recipient each, ten seconds apart. */
function eximDay(day: number, login: string, count: number): string {
	let text = '';
	for (let index = 0; index < count; index++) {
		const id = `1ab${two(day)}E-${String(index).padStart(6, '0')}-Ab`;
		const stamp = `2026-11-${two(day)} 08:${two(Math.floor(index / 6))}:${two((index % 6) * 10)}`;
		text += `${stamp} ${id} <= ${login} H=pc [203.0.113.9] P=esmtpsa A=dovecot_login:${login} S=400 id=${index}@pc\n`;
		text += `${stamp} ${id} => r${index}@far.test R=dnslookup T=remote_smtp H=mx [203.0.113.7]\n${stamp} ${id} Completed\n`;
	}
	return text;
}

test('a log with its rotated and packed files, one damaged, one foreign line: all that can be read is used', async (context) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-learn-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const log = join(folder, 'exim_mainlog');
	const file = (suffix: string, bytes: string | Uint8Array, day: number): string => {
		writeFileSync(`${log}${suffix}`, bytes);
		const end = new Date(2026, 10, day, 23, 59, 0);
		utimesSync(`${log}${suffix}`, end, end);
		return `${log}${suffix}`;
	};
	file('', `${eximDay(23, 'info@site1.test', 30)}what is this\n\u0000\n`, 23);
	file('.1', eximDay(22, 'info@site1.test', 20), 22);
	file('.2.gz', gzipSync(eximDay(21, 'bob@site2.test', 10)), 21);
	file('-20261120.zst', zstdCompressSync(eximDay(20, 'bob@site2.test', 5)), 20);
	const packed = file('-20261119', eximDay(19, 'bob@site2.test', 7), 19);
	execFileSync('gzip', ['-f', packed]);
	const end = new Date(2026, 10, 19, 23, 59, 0);
	// Cut off in the middle, as a full disk leaves it.
	truncateSync(`${packed}.gz`, 200);
	utimesSync(`${packed}.gz`, end, end);
	file('-20260101.gz', gzipSync(eximDay(1, 'old@site3.test', 9)), 1);
	file('.bak', eximDay(23, 'other@site4.test', 9), 23);

	const reads: number[] = [];
	const answer = await learn({
		logs: [log],
		days: 14,
		nowMs,
		etc: folder,
		progress: (read, all) => reads.push(read / all),
	});
	const rows = answer.accounts.map(({ account, messages, recipients }) => [account, messages, recipients]);
	assert.equal(answer.mta, 'exim');
	assert.deepEqual(rows[0], ['domain:site1.test', 50, 50]);
	assert.equal(rows[1]?.[0], 'domain:site2.test');
	assert.ok((rows[1]?.[1] as number) >= 15, 'what stands before the damage is used');
	assert.equal(rows.length, 2, 'neither what is too old nor what is no rotated file');
	assert.equal(answer.accounts[0]?.peakHour, 30);
	assert.equal(answer.accounts[0]?.peakMinute, 6);
	const { files, notUnderstood, samples } = answer.reading;
	assert.deepEqual(
		files.filter(({ error }) => error !== undefined).map(({ path }) => path),
		[`${packed}.gz`],
	);
	assert.ok(notUnderstood >= 2 && samples.includes('what is this'));
	assert.equal(reads.at(-1), 1);
	const lines = learnedLines(
		answer,
		{ by: 'account', top: 1, days: 14 },
		{ nowMs, zone: 'UTC', width: 120, paint: plain },
	);
	assert.match(lines.join('\n'), /domain:site1\.test +50 +50 +6 +30 +30 +30 +0 /);
	assert.match(lines.join('\n'), /1 account more: --top 2/);
	assert.match(lines.join('\n'), /0 of 2 accounts would have been over/);
	assert.match(lines.join('\n'), /unexpected end of file; what stands before was used/);
});

test('no log there: the places are named, and what to do', async () => {
	await assert.rejects(learn({ logs: ['/nowhere/mainlog'], days: 1, nowMs }), LearnError);
	const folder = mkdtempSync(join(tmpdir(), 'sluice-learn-'));
	try {
		await assert.rejects(learn({ logs: [join(folder, 'mainlog')], days: 1, nowMs }), /no such log/);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test('what the agent is told: no reports, no names it would refuse, from the first message on, at most so many', () => {
	const row = (account: string, recipients: number, more: Partial<LearnedRow> = {}): LearnedRow => ({
		account,
		messages: 1,
		recipients,
		failed: 0,
		peakMinute: 1,
		peakHour: recipients,
		peakDay: recipients,
		peakHourDifferent: 1,
		mostRecipientsOfMessage: 1,
		firstMs: nowMs - 3_600_000,
		lastMs: nowMs,
		directories: [],
		...more,
	});
	const accounts = [
		row('(reports of the MTA)', 9000),
		row('alice', 70, { directories: ['/home/alice/www', '/home/alice'] }),
		row(`login:${'x'.repeat(200)}`, 60),
		row('login:\u001b[31m', 50),
		...Array.from({ length: 5000 }, (_, at) => row(`a${at}`, 1)),
	];
	const senders = [row('alice', 70, { sender: 'unix:alice' })];
	const answer = { accounts, senders, mta: 'exim', fromMs: nowMs - 7 * 86_400_000 } as unknown as LearnAnswer;
	const body = learnedBody(answer, nowMs);
	assert.deepEqual(learnedOperations.putLearned.body.parse(body), body);
	assert.deepEqual([body.from, body.until], [new Date(nowMs - 3_600_000).toISOString(), new Date(nowMs).toISOString()]);
	assert.deepEqual(body.items[0], { account: 'alice', messages: 1, recipients: 70, peakHour: 70, directories: 2 });
	assert.equal(body.items[1]?.account, 'a0');
	assert.deepEqual([body.items.length, body.items.at(-1)?.sender], [5001, 'unix:alice']);
	assert.deepEqual(learnedBody({ ...answer, accounts: [], senders: [] }, nowMs).items, []);
});
