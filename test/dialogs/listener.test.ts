/**
 * The relay port as a listener: how it greets, who it takes the peer for, how it writes, how it stops.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPeerLookup } from '@sluice/agent/io/system/peers.ts';
import { reply } from '@sluice/shared/words/reply.ts';
import { type Address, Client } from './client.ts';
import { manualClock } from './manual-clock.ts';
import { type Recorder, type RecorderOptions, startRecorder } from './recorder.ts';

async function start(context: TestContext, options: RecorderOptions = {}): Promise<Recorder> {
	const recorder = await startRecorder(options);
	context.after(() => recorder.listener.stop(0));
	return recorder;
}

async function open(context: TestContext, address: Address): Promise<Client> {
	const client = await Client.open(address);
	context.after(() => client.drop());
	return client;
}

/** Greeted and said EHLO. */
async function greeted(context: TestContext, address: Address): Promise<Client> {
	const client = await open(context, address);
	await client.reply();
	await client.say('EHLO client.test');
	return client;
}

/** As far as 354. */
async function inData(context: TestContext, address: Address, to = 'b@two.test'): Promise<Client> {
	const client = await greeted(context, address);
	await client.say('MAIL FROM:<a@one.test>');
	await client.say(`RCPT TO:<${to}>`);
	assert.match(await client.say('DATA'), /^354 /);
	return client;
}

test('the banner comes at once', async (context) => {
	const { address } = await start(context);
	const waits: number[] = [];
	for (let round = 0; round < 20; round++) {
		const begun = performance.now();
		const client = await open(context, address);
		await client.reply();
		waits.push(performance.now() - begun);
	}
	// The median, since the machine may be busy; a pause before the banner would be in all of them.
	const median = waits.toSorted((a, b) => a - b)[10]!;
	assert.ok(median < 50, `median ${median.toFixed(1)} ms`);
});

test('the replies to one batch leave as one write', async (context) => {
	const { address } = await start(context);
	const client = await greeted(context, address);
	const readsBefore = client.reads;
	const recipients = Array.from({ length: 50 }, (_, index) => `RCPT TO:<${index}@two.test>\r\n`);
	client.send(`MAIL FROM:<a@one.test>\r\n${recipients.join('')}DATA\r\n`);
	for (let replies = 0; replies < 52; replies++) await client.reply();
	assert.equal(client.reads - readsBefore, 1);
});

test('it makes no difference where the bytes are cut', async (context) => {
	const recorder = await start(context);
	const client = await open(context, recorder.address);
	const text =
		'EHLO client.test\r\nMAIL FROM:<a@one.test> SIZE=10\r\nRCPT TO:<b@two.test>\r\nDATA\r\n' +
		'Subject: x\r\n\r\n..y\r\n.\n.\r\nz\r\n.\r\nNOOP\r\nQUIT\r\n';
	for (const byte of text) await client.push(Buffer.from(byte));
	await client.closed();
	assert.deepEqual(client.unread.match(/^\d{3} /gm), ['220 ', '250 ', '250 ', '250 ', '354 ', '250 ', '250 ', '221 ']);
	const content = Buffer.concat([...recorder.messages[0]!.content.chunks]).toString();
	assert.equal(content, 'Subject: x\r\n\r\n..y\r\n..\r\n..\r\nz\r\n');
});

test('flow may refuse a connection instead of the banner', async (context) => {
	const { address } = await start(context, {
		handlers: { connect: () => reply(554, '5.7.1', 'Access denied') },
	});
	const client = await open(context, address);
	assert.deepEqual(await client.reply(), ['554 5.7.1 Access denied']);
	await client.closed();
});

test('the kernel says who the peer is, and only a proved one may forward', async (context) => {
	const uid = process.getuid!();
	for (const provedUids of [[uid], [uid + 1]]) {
		const recorder = await start(context, { settings: { peerLookup: true }, peers: openPeerLookup(), provedUids });
		const client = await open(context, recorder.address);
		await client.reply();
		client.send('EHLO client.test\r\n');
		const offers = await client.reply();
		const isProved = provedUids[0] === uid;
		assert.equal(
			offers.some((offer) => offer.includes('XFORWARD')),
			isProved,
		);
		await client.say('MAIL FROM:<a@one.test>');
		await client.say('RCPT TO:<b@two.test>');
		await client.say('DATA');
		await client.say('.');
		const { peer } = recorder.messages[0]!.session;
		assert.equal(peer.uid, uid);
		assert.equal(peer.proved, isProved);
		assert.equal(peer.port, client.localPort);
	}
});

test('the banner does not wait for the kernel, the first command does, and flow may refuse then', async (context) => {
	const answer = Promise.withResolvers<number | undefined>();
	const { address } = await start(context, {
		settings: { peerLookup: true },
		peers: { uidOf: () => answer.promise },
		provedUids: [5],
		handlers: { identified: (peer) => (peer.proved ? undefined : reply(554, '5.7.1', `Not you, ${peer.uid}`)) },
	});
	const client = await open(context, address);
	assert.match((await client.reply())[0]!, /^220 /);
	await client.push(Buffer.from('EHLO client.test\r\nNOOP\r\n'));
	answer.resolve(7);
	assert.deepEqual(await client.reply(), ['554 5.7.1 Not you, 7']);
	await client.closed();
	assert.equal(client.unread, '');
});

test('a refused peer keeps no place, whether it speaks or not', async (context) => {
	const recorder = await start(context, {
		settings: { peerLookup: true, connectionsMax: 60 },
		peers: { uidOf: async () => 7 },
		provedUids: [5],
		handlers: { identified: (peer) => (peer.proved ? undefined : reply(554, '5.7.1', 'Access denied')) },
	});
	const silent = await open(context, recorder.address);
	assert.match((await silent.reply())[0]!, /^220 /);
	assert.deepEqual(await silent.reply(), ['554 5.7.1 Access denied']);
	await silent.closed();
	for (let count = 0; count < 200; count++) {
		const client = await open(context, recorder.address);
		await client.reply();
		await client.closed();
	}
	await silent.until(() => recorder.listener.connections <= 51, 'the places');
});

test('a peer that cannot be looked up is not proved', async (context) => {
	const recorder = await start(context, {
		settings: { peerLookup: true },
		isProved: true,
		peers: { uidOf: () => Promise.reject(new Error('no /proc')) },
	});
	const client = await greeted(context, recorder.address);
	assert.match(await client.say('XFORWARD NAME=x'), /^554 /);
});

test('over the number of connections a client is told to come again, and places become free', async (context) => {
	const recorder = await start(context, { settings: { connectionsMax: 2 } });
	const first = await greeted(context, recorder.address);
	await greeted(context, recorder.address);
	const third = await open(context, recorder.address);
	assert.match((await third.reply())[0]!, /^421 4\.3\.2 /);
	await third.closed();
	assert.equal(recorder.listener.connections, 2);
	await first.say('QUIT');
	await first.closed();
	first.drop();
	await first.until(() => recorder.listener.connections === 1, 'the place');
	await greeted(context, recorder.address);
});

test('stopping says 421 to the idle and lets a message in DATA end', async (context) => {
	const clock = manualClock();
	const recorder = await start(context, { clock });
	const idle = await greeted(context, recorder.address);
	clock.advance(2_000);
	const sending = await inData(context, recorder.address);
	const storing = await inData(context, recorder.address, 'late@two.test');
	storing.send('stored\r\n.\r\n');
	await storing.until(() => recorder.late === 1, 'the message to be with flow');
	const stopped = recorder.listener.stop(5_000);
	assert.match((await idle.reply())[0]!, /^421 4\.3\.2 /);
	await idle.closed();
	idle.drop();
	await assert.rejects(Client.open(recorder.address), /ECONNREFUSED/);
	sending.send('x\r\n.\r\nNOOP\r\n');
	assert.match((await sending.reply())[0]!, /^250 2\.0\.0 M2 /);
	assert.match((await sending.reply())[0]!, /^421 4\.3\.2 /);
	await sending.closed();
	sending.drop();
	recorder.releaseLate();
	assert.match((await storing.reply())[0]!, /^250 2\.0\.0 /);
	assert.match((await storing.reply())[0]!, /^421 4\.3\.2 /);
	storing.drop();
	await stopped;
	assert.equal(recorder.messages.length, 2);
	assert.equal(recorder.listener.connections, 0);
});

test('stopping lets who has just spoken hand over a message, and says 421 once he is silent', async (context) => {
	const clock = manualClock();
	const recorder = await start(context, { clock });
	const silent = await greeted(context, recorder.address);
	const speaking = await greeted(context, recorder.address);
	const stopped = recorder.listener.stop(20_000);
	assert.match(await speaking.say('MAIL FROM:<a@one.test>'), /^250 /);
	clock.advance(1_500);
	assert.match(await speaking.say('RCPT TO:<b@two.test>'), /^250 /);
	clock.advance(500);
	assert.match((await silent.reply())[0]!, /^421 4\.3\.2 /);
	silent.drop();
	assert.match(await speaking.say('DATA'), /^354 /);
	speaking.send('x\r\n.\r\n');
	assert.match((await speaking.reply())[0]!, /^250 2\.0\.0 M1 /);
	assert.match((await speaking.reply())[0]!, /^421 4\.3\.2 /);
	speaking.drop();
	await stopped;
	assert.equal(recorder.messages.length, 1);
});

test('stopping does not wait longer than it was told for a message that does not end', async (context) => {
	const clock = manualClock();
	const recorder = await start(context, { clock });
	const sending = await inData(context, recorder.address);
	await sending.push(Buffer.from('half'));
	const stopped = recorder.listener.stop(1_000);
	clock.advance(1_000);
	assert.match((await sending.reply())[0]!, /^421 4\.3\.2 /);
	sending.drop();
	await stopped;
	assert.equal(recorder.messages.length, 0);
});

test('a listening socket that was passed is taken over', async (context) => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as { port: number };
	const fd = (server as unknown as { _handle: { fd: number } })._handle.fd;
	const script = fileURLToPath(new URL('./passed-socket.ts', import.meta.url));
	const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit', fd] });
	context.after(() => child.kill());
	server.close();
	const [line] = await once(createInterface(child.stdout!), 'line');
	assert.equal(line, `127.0.0.1:${port}`);
	const client = await greeted(context, { host: '127.0.0.1', port });
	assert.match(await client.say('QUIT'), /^221 /);
	client.drop();
	child.stdin!.end();
	const [code] = await once(child, 'exit');
	assert.equal(code, 0);
});
