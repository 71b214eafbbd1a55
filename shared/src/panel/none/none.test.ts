/** The password's file, the brake on guessing, and sessions. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAttempts } from './attempts.ts';
import { openPassword } from './password.ts';
import { createSessions } from './sessions.ts';

test('a password is told once, kept as a hash in a file of its owner, and right however it is typed', async (t) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-password-'));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const file = join(folder, 'deep', 'panel-password');
	const first = await openPassword(file, () => 0);
	const told = first.told as string;
	assert.match(told, /^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){3}$/);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.ok(!readFileSync(file, 'utf8').includes(told));
	const second = await openPassword(file, () => 1);
	assert.deepEqual([second.told, second.secret, second.made], [undefined, first.secret, '1970-01-01T00:00:00.000Z']);
	assert.equal(await second.isRight(told), true);
	assert.equal(await second.isRight(told.replaceAll('-', '').toUpperCase()), true);
	assert.equal(await second.isRight(told.slice(0, -1)), false);
	assert.equal(await second.isRight(''), false);
});

test('five wrong ones are free, then each costs twice the wait, a minute at most; silence forgives', () => {
	let now = 1_000_000;
	const attempts = createAttempts(() => now);
	const wrong = (): number => {
		const wait = attempts.begin();
		if (wait === 0) attempts.end(false);
		return wait;
	};
	const waits: number[] = [];
	for (let attempt = 0; attempt < 14; attempt++) {
		let wait = wrong();
		waits.push(wait);
		while (wait > 0) {
			now += wait;
			wait = wrong();
		}
	}
	assert.deepEqual(waits, [0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
	now += 16 * 60_000;
	assert.equal(attempts.begin(), 0);
	assert.ok(attempts.begin() > 0, 'one at a time');
	attempts.end(true);
	assert.equal(attempts.begin(), 0);
});

test('sessions are bounded: the oldest goes', () => {
	const sessions = createSessions(() => 0);
	const first = sessions.open();
	for (let n = 0; n < 999; n++) sessions.open();
	assert.equal(sessions.isOpen(first, false), true);
	const last = sessions.open();
	assert.deepEqual([sessions.isOpen(first, false), sessions.isOpen(last, false)], [false, true]);
});
