/**
 * Clients that want too much (invariant 9): recipients, bytes, lines, connections, replies that nobody reads.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SmtpInSettings } from '@sluice/agent/io/smtp-in/settings.ts';
import { type Address, Client } from './client.ts';
import { type Recorder, startRecorder } from './recorder.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Heap and buffers that are really in use: buffers are given back only some turns after they were collected. */
async function memoryBytes(): Promise<number> {
	let last = Number.POSITIVE_INFINITY;
	for (;;) {
		collectGarbage();
		await new Promise((resolve) => setTimeout(resolve, 20));
		const { heapUsed, arrayBuffers } = process.memoryUsage();
		if (heapUsed + arrayBuffers > last - MEGABYTE / 10) return heapUsed + arrayBuffers;
		last = heapUsed + arrayBuffers;
	}
}

const MEGABYTE = 1_000_000;
/** 3 to 10 as measured for the hardest lines, which grow while they are made proper. */
const TIMES_PLAIN_MAX = 25;

async function start(context: TestContext, settings: Partial<SmtpInSettings> = {}): Promise<Recorder> {
	const recorder = await startRecorder({ settings, dropsContent: true });
	context.after(() => recorder.listener.stop(0));
	return recorder;
}

async function greeted(context: TestContext, address: Address): Promise<Client> {
	const client = await Client.open(address);
	context.after(() => client.drop());
	await client.reply();
	await client.say('EHLO client.test');
	return client;
}

async function inData(context: TestContext, address: Address, to = 'b@two.test'): Promise<Client> {
	const client = await greeted(context, address);
	await startData(client, to);
	return client;
}

async function startData(client: Client, to = 'b@two.test'): Promise<void> {
	await client.say('MAIL FROM:<a@one.test>');
	await client.say(`RCPT TO:<${to}>`);
	assert.match(await client.say('DATA'), /^354 /);
}

test('100,000 recipients: the first thousand are taken, the rest told to come again', async (context) => {
	const recorder = await start(context);
	const client = await greeted(context, recorder.address);
	client.send('MAIL FROM:<a@one.test>\r\n');
	await client.reply();
	const codes = new Map<string, number>();
	let rest = '';
	let replies = 0;
	client.socket.removeAllListeners('data');
	client.socket.on('data', (chunk: Buffer) => {
		const lines = (rest + chunk.toString('latin1')).split('\r\n');
		rest = lines.pop()!;
		for (const line of lines) codes.set(line.slice(0, 9), (codes.get(line.slice(0, 9)) ?? 0) + 1);
		replies += lines.length;
	});
	for (let batch = 0; batch < 100; batch++) {
		const lines = Array.from({ length: 1_000 }, (_, index) => `RCPT TO:<user${batch * 1_000 + index}@two.test>\r\n`);
		await client.push(Buffer.from(lines.join('')));
	}
	const deadline = Date.now() + 10_000;
	while (replies < 100_000 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
	assert.deepEqual(Object.fromEntries(codes), { '250 2.1.5': 1_000, '452 4.5.3': 99_000 });
	assert.equal(recorder.faults.length, 1, 'said once to flow, not 99,000 times');
});

test('content over the bound is refused at its end, and the next message is taken', async (context) => {
	const recorder = await start(context, { messageBytesMax: MEGABYTE });
	const client = await inData(context, recorder.address);
	const block = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(1_000));
	for (let sent = 0; sent < 8; sent++) await client.push(block);
	client.send('.\r\n');
	assert.match((await client.reply())[0]!, /^552 5\.3\.4 /);
	await startData(client);
	assert.match(await client.say('small\r\n.'), /^250 /);
	assert.equal(recorder.messages.length, 1);
});

test('content that never ends is given up', async (context) => {
	const recorder = await start(context, { messageBytesMax: MEGABYTE });
	const client = await inData(context, recorder.address);
	const block = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(1_000));
	for (let sent = 0; sent < 20 && !client.hasEnded; sent++) await client.push(block);
	assert.match((await client.reply())[0]!, /^552 5\.3\.4 /);
	await client.closed();
});

/** CPU milliseconds from 354 to the reply for so many bytes of this line; the client's are in it, other processes' are not. */
async function timeOf(context: TestContext, recorder: Recorder, line: string, bytes: number): Promise<number> {
	const client = await inData(context, recorder.address);
	const block = Buffer.from(line.repeat(Math.floor(MEGABYTE / line.length)), 'latin1');
	const begun = process.cpuUsage();
	client.send('\r\n');
	for (let sent = 0; sent < bytes; sent += block.length) await client.push(block);
	client.send('\r\n.\r\n');
	assert.match((await client.reply(30_000))[0]!, /^250 /);
	client.drop();
	const { user, system } = process.cpuUsage(begun);
	return (user + system) / 1_000;
}

test('50 MB of lines that are hard to read take little longer than 50 MB of plain ones', async (context) => {
	const recorder = await start(context);
	const bytes = 50 * MEGABYTE;
	const plain = await timeOf(context, recorder, `${'x'.repeat(70)}\r\n`, bytes);
	// smtp-server splits its chunk at each stuffed dot: thousands of times the plain lines.
	// smtp-server splits its chunk at each stuffed dot and needs over a thousand times the plain lines.
	for (const line of ['..\r\n', '\r\n', '.\n', '\n', '.\0\r']) {
		const hard = await timeOf(context, recorder, line, bytes);
		const ratio = hard / plain;
		context.diagnostic(
			`${JSON.stringify(line)}: ${ratio.toFixed(1)} times the CPU of plain lines (${plain.toFixed(0)} ms)`,
		);
		assert.ok(ratio < TIMES_PLAIN_MAX, `${JSON.stringify(line)} took ${ratio.toFixed(1)} times as much`);
	}
});

test('a thousand idle connections are borne, and mail goes on', async (context) => {
	const recorder = await start(context, { connectionsMax: 1_001 });
	const before = await memoryBytes();
	const clients: Client[] = [];
	context.after(() => {
		for (const client of clients) client.drop();
	});
	for (let batch = 0; batch < 10; batch++) {
		const opened = await Promise.all(Array.from({ length: 100 }, () => Client.open(recorder.address)));
		clients.push(...opened);
		await Promise.all(opened.map((client) => client.reply()));
	}
	// A part of a command behind others: it must not pin the read that it came in.
	for (const client of clients) client.send(`${`NOOP ${'x'.repeat(3_993)}\r\n`.repeat(8)}NO`);
	for (const client of clients) for (let replies = 0; replies < 8; replies++) await client.reply();
	assert.equal(recorder.listener.connections, 1_000);
	const client = await inData(context, recorder.address);
	assert.match(await client.say('x\r\n.'), /^250 /);
	const bytesEach = ((await memoryBytes()) - before) / 1_000;
	context.diagnostic(`${Math.round(bytesEach)} bytes a connection, both ends`);
	assert.ok(bytesEach < 25_000, `${Math.round(bytesEach)} bytes a connection`);
});

test('a client that does not read its replies is not read either, and then dropped', async (context) => {
	const recorder = await start(context, { idleTimeoutSeconds: 0.2 });
	const client = await greeted(context, recorder.address);
	client.socket.pause();
	const block = Buffer.from('NOOP\r\n'.repeat(10_000));
	let sent = 0;
	const isDropped = new Promise<void>((resolve) => client.socket.once('close', resolve));
	while (!client.socket.destroyed && sent < 500 * MEGABYTE) {
		await Promise.race([client.push(block), isDropped]);
		sent += block.length;
	}
	assert.ok(sent < 100 * MEGABYTE, `${sent} bytes were read`);
	await client.until(() => recorder.listener.connections === 0, 'the connection to be dropped');
});

test('commands behind a message that is being stored are bounded, kept in order and answered', async (context) => {
	const recorder = await start(context);
	const client = await inData(context, recorder.address, 'late@two.test');
	client.send('x\r\n.\r\n');
	await client.until(() => recorder.late === 1, 'the message to be with flow');
	const block = Buffer.from(`NOOP ${'x'.repeat(3_993)}\r\n`.repeat(5_000));
	let isTaken = false;
	const pushed = client.push(block).then(() => {
		isTaken = true;
	});
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.ok(!isTaken, '20 MB were read while nothing could be answered');
	recorder.releaseLate();
	assert.match(await client.line(), /^250 2\.0\.0 M1 queued/);
	await pushed;
	for (let replies = 0; replies < 5_000; replies++) assert.equal(await client.line(), '250 2.0.0 Ok');
});

test('when memory for content is spent the client waits, is not refused, and goes on when there is room', async (context) => {
	const recorder = await start(context, { bodyMemoryBytesMax: 2 * MEGABYTE });
	const line = `${'x'.repeat(998)}\r\n`;
	const oldest = await inData(context, recorder.address);
	await oldest.push(Buffer.from(`\r\n${line.repeat(3_000)}`));
	const second = await inData(context, recorder.address);
	let isTaken = false;
	const pushed = second.push(Buffer.from(`\r\n${line.repeat(30_000)}.\r\n`)).then(() => {
		isTaken = true;
	});
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.ok(!isTaken, '30 MB were read over the bound');
	// The oldest is never kept waiting, or nobody could ever end.
	await oldest.push(Buffer.from(line.repeat(3_000)));
	assert.match(await oldest.say('.'), /^250 /);
	await pushed;
	assert.match((await second.reply())[0]!, /^250 /);
	assert.deepEqual(recorder.faults, []);
	assert.deepEqual(
		recorder.messages.map(({ content }) => content.bytes),
		[6_000_002, 30_000_002],
	);
});

test('a refused message does not keep the others from memory until its end', async (context) => {
	const recorder = await start(context, { bodyMemoryBytesMax: 2 * MEGABYTE, messageBytesMax: 4 * MEGABYTE });
	const line = `${'x'.repeat(998)}\r\n`;
	const oldest = await inData(context, recorder.address);
	await oldest.push(Buffer.from(`\r\n${line.repeat(3_000)}`));
	const second = await inData(context, recorder.address);
	second.send(`\r\n${line.repeat(3_000)}.\r\n`);
	await oldest.push(Buffer.from(line.repeat(2_000)));
	assert.match((await second.reply())[0]!, /^250 /);
	oldest.send('.\r\n');
	assert.match((await oldest.reply())[0]!, /^552 /);
});

test('memory for content is given back: after the reply, and when a client is lost', async (context) => {
	const recorder = await start(context, { bodyMemoryBytesMax: 100_000 });
	const text = `\r\n${'x'.repeat(998)}\r\n`.repeat(80);
	// In DATA and the oldest, so that nobody else is let through for being that.
	const oldest = await inData(context, recorder.address);
	for (let round = 0; round < 3; round++) {
		const lost = await inData(context, recorder.address);
		await lost.push(Buffer.from(text));
		lost.drop();
	}
	await oldest.until(() => recorder.listener.connections === 1, 'the lost to be gone');
	const client = await inData(context, recorder.address);
	for (let round = 0; round < 5; round++) {
		client.send(`${text}.\r\n`);
		assert.match((await client.reply())[0]!, /^250 /);
		await startData(client);
	}
});
