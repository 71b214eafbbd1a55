/**
 * Logging in, on a clock that a test moves: who is blocked and for how long, what it costs, what nobody can learn.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCostlyTurns } from '@sluice/agent/flow/costly-turns.ts';
import type { Credentials } from '@sluice/agent/flow/credentials.ts';
import { createLogins, type Logins } from '@sluice/agent/flow/login.ts';
import { openPasswords } from '@sluice/agent/io/system/passwords.ts';
import type { Passwords } from '@sluice/agent/ports/passwords.ts';
import type { LoginAnswer, SmtpSession } from '@sluice/agent/ports/smtp-in.ts';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { type ManualClock, manualClock } from '../dialogs/manual-clock.ts';

const spanMs = 900_000;
const failuresMax = 5;

type Ground = {
	readonly logins: Logins;
	readonly clock: ManualClock;
	readonly events: SluiceEvent[];
	/** Passwords that were really checked, as `user` known or not. */
	readonly checks: boolean[];
	readonly atOnce: { most: number };
	readonly revoked: Set<string>;
};

/** Users u0 to u99 with the password `right`; a check takes some turns of the loop. */
function ground(): Ground {
	const clock = manualClock();
	const events: SluiceEvent[] = [];
	const checks: boolean[] = [];
	const atOnce = { most: 0 };
	const revoked = new Set<string>();
	let running = 0;
	const isKnown = (id: string): boolean => /^u\d{1,2}$/.test(id) && !revoked.has(id);
	const passwords: Passwords = {
		random: (bytes) => new Uint8Array(bytes),
		hash: async (password) => `hash of ${password}`,
		async matches(password, hash) {
			checks.push(hash !== undefined);
			running++;
			atOnce.most = Math.max(atOnce.most, running);
			await turns(3);
			running--;
			return hash === `hash of ${password}`;
		},
		fingerprint: (...texts) => texts.join('\0'),
	};
	const credentials = {
		find: (id: string) => (isKnown(id) ? { id, account: 'shop', hash: 'hash of right' } : undefined),
		isValid: isKnown,
		used: () => {},
	} as unknown as Credentials;
	const logins = createLogins({
		clock,
		events: { emit: (event) => void events.push(event) },
		credentials,
		passwords,
		bounds: () => ({ failuresMax, spanMs }),
	});
	return { logins, clock, events, checks, atOnce, revoked };
}

const turns = async (count = 20): Promise<void> => {
	for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

const session = (address: string): SmtpSession => ({
	id: 's',
	peer: { address, port: 1, localAddress: '192.0.2.1', localPort: 2587, proved: false },
	helo: 'client.test',
	protocol: 'ESMTPS',
	xforward: {},
});

const begin = ({ logins }: Ground, address: string, user: string, password: string): Promise<LoginAnswer> =>
	logins.login(session(address), { mechanism: 'PLAIN', user, password });

/** Lets the attempt end, delay included: 0 when let in, else the code. */
async function attempt(at: Ground, address: string, user: string, password: string): Promise<number> {
	const begun = begin(at, address, user, password);
	await turns();
	at.clock.advance(8_000);
	const answer = await begun;
	return answer.ok ? 0 : answer.reply.code;
}

test('an address that fails too often is turned away for a while, others are not', async () => {
	const at = ground();
	for (let count = 0; count < failuresMax - 1; count++)
		assert.equal(await attempt(at, '192.0.2.7', `guess${count}`, 'x'), 535);
	assert.equal(at.logins.isRefused('192.0.2.7'), false);
	assert.equal(await attempt(at, '192.0.2.7', 'guess', 'x'), 421);
	assert.equal(at.logins.isRefused('192.0.2.7'), true);
	assert.equal(at.logins.isRefused('192.0.2.8'), false);
	assert.equal(await attempt(at, '192.0.2.8', 'u1', 'right'), 0);
	// The right password is no use there, and is not even checked.
	const before = at.checks.length;
	assert.equal(await attempt(at, '192.0.2.7', 'u2', 'right'), 421);
	assert.equal(at.checks.length, before);
	assert.equal(at.events.filter(({ event }) => event === 'submission.blocked').length, 1);
	at.clock.advance(spanMs);
	assert.equal(at.logins.isRefused('192.0.2.7'), false);
	assert.equal(await attempt(at, '192.0.2.7', 'u2', 'right'), 0);
});

test('failures that are old count no longer', async () => {
	const at = ground();
	for (let count = 0; count < 3 * failuresMax; count++) {
		assert.equal(await attempt(at, '192.0.2.7', `guess${count}`, 'x'), 535);
		at.clock.advance(spanMs / (failuresMax - 1));
	}
	assert.equal(at.logins.isRefused('192.0.2.7'), false);
});

test('all addresses of one /64 are one client, another /64 is another', async () => {
	const at = ground();
	for (let count = 0; count < failuresMax; count++) await attempt(at, `2001:db8:1:2::${count}`, `guess${count}`, 'x');
	assert.equal(at.logins.isRefused('2001:db8:1:2:ffff::9'), true);
	assert.equal(at.logins.isRefused('2001:db8:1:3::1'), false);
});

test('a user tried from everywhere is blocked in the same words, whether there is one or not', async () => {
	const at = ground();
	for (const user of ['u1', 'nobody']) {
		const answers: number[] = [];
		for (let count = 0; count < failuresMax + 2; count++)
			answers.push(await attempt(at, `192.0.2.${count + 1}`, user, `x${count}`));
		assert.deepEqual(answers, Array(failuresMax + 2).fill(535), user);
	}
	// Each was checked as often as the other.
	assert.equal(at.checks.filter((isKnown) => isKnown).length, failuresMax);
	assert.equal(at.checks.filter((isKnown) => !isKnown).length, failuresMax);
	assert.equal(await attempt(at, '198.51.100.1', 'u1', 'right'), 535);
});

test('an application that has logged in from its address before is not locked out by others', async () => {
	const at = ground();
	assert.equal(await attempt(at, '203.0.113.5', 'u1', 'right'), 0);
	for (let count = 0; count < failuresMax; count++) await attempt(at, `192.0.2.${count + 1}`, 'u1', `x${count}`);
	// Beyond what is remembered of the password.
	at.clock.advance(400_000);
	assert.equal(await attempt(at, '192.0.2.200', 'u1', 'right'), 535);
	assert.equal(await attempt(at, '203.0.113.5', 'u1', 'right'), 0);
	// But whoever guesses from there loses that.
	for (let count = 0; count < failuresMax; count++) await attempt(at, '203.0.113.5', 'u1', `y${count}`);
	assert.equal(await attempt(at, '203.0.113.5', 'u1', 'other'), 421);
});

test('each failure is answered later than the one before, at most 8 s, and nobody else waits', async () => {
	const at = ground();
	const waited: number[] = [];
	for (let count = 0; count < failuresMax; count++) {
		const begun = begin(at, '192.0.2.7', `guess${count}`, 'x');
		let isOver = false;
		void begun.then(() => {
			isOver = true;
		});
		await turns();
		if (count === 2) {
			const other = await begin(at, '192.0.2.9', 'u3', 'right');
			assert.ok(other.ok);
		}
		let ms = 0;
		for (; !isOver && ms < 20_000; ms += 250) {
			at.clock.advance(250);
			await turns();
		}
		waited.push(ms);
	}
	assert.deepEqual(waited, [250, 500, 1_000, 2_000, 4_000]);
});

test('parallel guesses of one address are no more than so many', async () => {
	const at = ground();
	const begun = Array.from({ length: 60 }, (_, count) => begin(at, '192.0.2.7', `guess${count}`, 'x'));
	for (let round = 0; round < 60; round++) {
		await turns();
		at.clock.advance(1_000);
	}
	const answers = await Promise.all(begun);
	assert.ok(answers.every(({ ok }) => !ok));
	assert.ok(at.checks.length <= failuresMax + 2, `${at.checks.length} checked`);
	assert.ok(at.atOnce.most <= 2);
});

test('a right password is checked once for all who come together, and not again for some minutes', async () => {
	const at = ground();
	const answers = await Promise.all(Array.from({ length: 100 }, () => begin(at, '192.0.2.7', 'u1', 'right')));
	assert.ok(answers.every(({ ok }) => ok));
	assert.equal(at.checks.length, 1);
	assert.equal(await attempt(at, '192.0.2.8', 'u1', 'right'), 0);
	assert.equal(at.checks.length, 1);
	assert.equal(await attempt(at, '192.0.2.8', 'u1', 'wrong'), 535);
	at.clock.advance(300_000);
	assert.equal(await attempt(at, '192.0.2.8', 'u1', 'right'), 0);
	assert.equal(at.checks.length, 3);
});

test('a password that is remembered opens nothing once its credential is revoked', async () => {
	const at = ground();
	assert.equal(await attempt(at, '192.0.2.7', 'u1', 'right'), 0);
	at.revoked.add('u1');
	assert.equal(await attempt(at, '192.0.2.7', 'u1', 'right'), 535);
});

test('who comes with a hundred waits behind himself; when too many wait, the rest is told to come again', async () => {
	const turnsOf = createCostlyTurns({ atOnceMax: 1, waitingMax: 6 });
	const order: string[] = [];
	const take = (asker: string): Promise<boolean> =>
		turnsOf.take(asker).then((isTurn) => {
			order.push(isTurn ? asker : `${asker} refused`);
			return isTurn;
		});
	void take('a');
	for (let count = 0; count < 4; count++) void take('a');
	void take('b');
	void take('c');
	void take('d');
	await turns();
	for (let count = 0; count < 7; count++) {
		turnsOf.done();
		await turns();
	}
	assert.deepEqual(order, ['a', 'd refused', 'a', 'b', 'c', 'a', 'a', 'a']);
});

test('no event has a password, and a failed login says who and from where', async () => {
	const at = ground();
	await attempt(at, '192.0.2.7', 'u1', 'hunter2');
	assert.ok(!JSON.stringify(at.events).includes('hunter2'));
	const { event, outcome, user, client } = at.events[0] as SluiceEvent;
	assert.deepEqual(
		{ event, outcome, user, client },
		{ event: 'submission.login', outcome: 'failed', user: 'u1', client: '192.0.2.7' },
	);
});

test('scrypt: the right password alone, also of an older cost; nonsense costs what a user costs', async () => {
	const passwords = openPasswords();
	const hash = await passwords.hash('right');
	assert.match(hash, /^scrypt\$15\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
	assert.notEqual(hash, await passwords.hash('right'));
	assert.equal(await passwords.matches('right', hash), true);
	assert.equal(await passwords.matches('righ', hash), false);
	assert.equal(await passwords.matches('right', undefined), false);
	for (const broken of ['', 'right', hash.replace('$15$', '$30$'), hash.slice(0, -1)])
		assert.equal(await passwords.matches('right', broken), false);
	// RFC 7914 §12, the second vector: N 1024, r 8, p 16 is beyond what we take; the shape of ours with less cost is not.
	const { scryptSync } = await import('node:crypto');
	const salt = Buffer.alloc(16, 7);
	const older = `scrypt$10$8$1$${salt.toString('base64url')}$${scryptSync('right', salt, 32, { N: 1024, r: 8, p: 1 }).toString('base64url')}`;
	assert.equal(await passwords.matches('right', older), true);
	const took = async (stored: string | undefined): Promise<number> => {
		const times: number[] = [];
		for (let round = 0; round < 3; round++) {
			const begun = performance.now();
			await passwords.matches('wrong', stored);
			times.push(performance.now() - begun);
		}
		// The least: the machine may be busy.
		return Math.min(...times);
	};
	const [known, unknown] = [await took(hash), await took(undefined)];
	assert.ok(unknown > known / 3 && unknown < known * 3, `${known.toFixed(0)} and ${unknown.toFixed(0)} ms`);
	assert.notEqual(passwords.fingerprint('ab', 'c'), passwords.fingerprint('a', 'bc'));
});
