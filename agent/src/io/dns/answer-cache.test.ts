import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsAnswer } from '../../ports/dns.ts';
import { createAnswerCache, type Kept } from './answer-cache.ts';

const found = (...value: string[]): DnsAnswer<string> => ({ ok: true, value });
const none: DnsAnswer<string> = { ok: false, error: { kind: 'none', detail: 'NXDOMAIN' } };
const temporary: DnsAnswer<string> = { ok: false, error: { kind: 'temporary', detail: 'SERVFAIL' } };

/** A cache on a clock of its own, and a name server that says what it is told. */
function lab(entriesMax = 10) {
	let now = 1_000;
	let asked = 0;
	let says: Kept<string> = { answer: found('192.0.2.1'), forMs: 100 };
	const cache = createAnswerCache<string>({ entriesMax, staleMs: 1_000, temporaryMs: 5, now: () => now });
	return {
		cache,
		ask: (name = 'a.test') =>
			cache.answerOf(name, async () => {
				asked++;
				return says;
			}),
		pass: (milliseconds: number) => {
			now += milliseconds;
		},
		say: (answer: DnsAnswer<string>, forMs: number) => {
			says = { answer, forMs };
		},
		get asked() {
			return asked;
		},
	};
}

test('an answer holds for its time, found or none', async () => {
	for (const answer of [found('192.0.2.1'), none]) {
		const names = lab();
		names.say(answer, 100);
		assert.deepEqual(await names.ask(), answer);
		names.pass(99);
		assert.deepEqual(await names.ask(), answer);
		assert.equal(names.asked, 1);
		names.pass(1);
		assert.deepEqual(await names.ask(), answer);
		assert.equal(names.asked, 2);
	}
});

test('questions of one name at the same time are one question', async () => {
	const names = lab();
	const answers = await Promise.all([names.ask(), names.ask(), names.ask('b.test'), names.ask()]);
	assert.equal(names.asked, 2);
	assert.equal(answers[0], answers[3]);
});

test('a failure is believed for a moment only', async () => {
	const names = lab();
	names.say(temporary, 60_000);
	assert.deepEqual(await names.ask(), temporary);
	assert.deepEqual(await names.ask(), temporary);
	assert.equal(names.asked, 1);
	names.pass(5);
	names.say(found('192.0.2.9'), 100);
	assert.deepEqual(await names.ask(), found('192.0.2.9'));
});

test('while the name server fails a stale answer serves, for a bounded time', async () => {
	const names = lab();
	await names.ask();
	names.say(temporary, 60_000);
	names.pass(100);
	assert.deepEqual(await names.ask(), found('192.0.2.1'));
	assert.equal(names.asked, 2);
	// Not asked again with every message.
	assert.deepEqual(await names.ask(), found('192.0.2.1'));
	assert.equal(names.asked, 2);
	names.pass(999);
	assert.deepEqual(await names.ask(), found('192.0.2.1'));
	names.pass(5);
	assert.deepEqual(await names.ask(), temporary);
});

test('"there is none" replaces a found answer at once, and is never stale', async () => {
	const names = lab();
	await names.ask();
	names.pass(100);
	names.say(none, 100);
	assert.deepEqual(await names.ask(), none);
	names.pass(100);
	names.say(temporary, 100);
	assert.deepEqual(await names.ask(), temporary);
});

test('the name not asked for longest goes first', async () => {
	const names = lab(2);
	await names.ask('a.test');
	await names.ask('b.test');
	await names.ask('a.test');
	await names.ask('c.test');
	assert.equal(names.cache.size, 2);
	assert.equal(names.asked, 3);
	await names.ask('a.test');
	assert.equal(names.asked, 3);
	await names.ask('b.test');
	assert.equal(names.asked, 4);
});
