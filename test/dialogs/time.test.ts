/**
 * Clients that take their time. The clock stands still until the test moves it.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SmtpInSettings } from '@sluice/agent/io/smtp-in/settings.ts';
import { Client } from './client.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { type Recorder, startRecorder } from './recorder.ts';

type Bench = { clock: ManualClock; recorder: Recorder; client: Client };

async function bench(context: TestContext, settings: Partial<SmtpInSettings> = {}): Promise<Bench> {
	const clock = manualClock();
	const recorder = await startRecorder({ clock, settings });
	context.after(async () => {
		client.drop();
		const stopped = recorder.listener.stop(0);
		clock.advance(0);
		await stopped;
	});
	const client = await Client.open(recorder.address);
	await client.reply();
	await client.say('EHLO client.test');
	return { clock, recorder, client };
}

async function startData(client: Client): Promise<void> {
	await client.say('MAIL FROM:<a@one.test>');
	await client.say('RCPT TO:<b@two.test>');
	await client.say('DATA');
}

/** Sends bytes and waits until the listener has them, so that moving the clock comes after. */
async function arrive(client: Client, text: string): Promise<void> {
	await client.push(Buffer.from(text));
	for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a silent client is told and let go', async (context) => {
	const { clock, client, recorder } = await bench(context);
	clock.advance(299_000);
	assert.match(await client.say('NOOP'), /^250 /);
	clock.advance(299_000);
	assert.equal(client.unread, '');
	clock.advance(2_000);
	assert.match((await client.reply())[0]!, /^421 4\.4\.2 /);
	await client.closed();
	assert.deepEqual(
		recorder.faults.map(({ fault }) => fault),
		['idle'],
	);
});

test('a command that drips in does not count as speaking', async (context) => {
	const { clock, client } = await bench(context);
	for (const byte of 'NOOP') {
		await arrive(client, byte);
		clock.advance(90_000);
	}
	assert.match((await client.reply())[0]!, /^421 4\.4\.2 /);
});

test('content that drips in is cut off, and nothing is handed on', async (context) => {
	const { clock, client, recorder } = await bench(context);
	await startData(client);
	for (let second = 0; second < 310; second += 10) {
		await arrive(client, 'x');
		clock.advance(10_000);
	}
	assert.match((await client.reply())[0]!, /^421 4\.4\.2 /);
	await client.closed();
	assert.equal(recorder.messages.length, 0);
	assert.deepEqual(
		recorder.faults.map(({ fault }) => fault),
		['tooSlow'],
	);
});

test('content that comes slowly but steadily is taken, however long it takes', async (context) => {
	const { clock, client, recorder } = await bench(context);
	await startData(client);
	for (let span = 0; span < 20; span++) {
		await arrive(client, `${'x'.repeat(998)}\r\n`.repeat(70));
		clock.advance(290_000);
	}
	client.send('.\r\n');
	assert.match((await client.reply())[0]!, /^250 /);
	assert.equal(recorder.messages[0]!.content.bytes, 20 * 70_000);
});

test('a fast beginning does not pay for a drip at the end', async (context) => {
	const { clock, client } = await bench(context);
	await startData(client);
	await arrive(client, `${'x'.repeat(998)}\r\n`.repeat(1_000));
	clock.advance(301_000);
	assert.equal(client.unread, '');
	await arrive(client, 'x');
	clock.advance(301_000);
	assert.match((await client.reply())[0]!, /^421 4\.4\.2 /);
});

test('no time runs while flow makes a message durable', async (context) => {
	const { clock, client, recorder } = await bench(context);
	await client.say('MAIL FROM:<a@one.test>');
	await client.say('RCPT TO:<late@two.test>');
	await client.say('DATA');
	client.send('x\r\n.\r\n');
	await client.until(() => recorder.late === 1, 'the message to be with flow');
	clock.advance(3_600_000);
	recorder.releaseLate();
	assert.match((await client.reply())[0]!, /^250 /);
	assert.match(await client.say('NOOP'), /^250 /);
});

test('a message that waits too long for memory is answered 451, and the connection stays', async (context) => {
	const { clock, client: first, recorder } = await bench(context, { bodyMemoryBytesMax: 100_000 });
	await startData(first);
	await arrive(first, `${'x'.repeat(998)}\r\n`.repeat(150));
	const second = await Client.open(recorder.address);
	context.after(() => second.drop());
	await second.reply();
	await second.say('EHLO client.test');
	await startData(second);
	await arrive(second, 'waits\r\n');
	// On loopback a pause may come one read late; the second piece finds the socket paused.
	await second.push(Buffer.from('.\r\n'));
	clock.advance(59_000);
	assert.equal(second.unread, '');
	clock.advance(2_000);
	assert.match((await second.reply())[0]!, /^451 4\.3\.2 /);
	assert.match(await second.say('NOOP'), /^250 /);
	first.send('.\r\n');
	assert.match((await first.reply())[0]!, /^250 /);
	assert.equal(recorder.messages.length, 1);
});
