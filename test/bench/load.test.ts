/** What the benches stand on: the sink counts exactly what the source sent, however it was cut, and tells lost from repeated. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { loadProgram, runSource, type SourceOptions, startSink } from './load.ts';

test('the end of content is found wherever reads cut it', async () => {
	const said = JSON.parse(execFileSync(await loadProgram(), ['check'], { encoding: 'utf8' }));
	assert.equal(said.wrong, 0);
	assert.ok(said.texts > 80_000);
});

const shapes: readonly (Omit<SourceOptions, 'port' | 'firstSerial'> & { readonly name: string })[] = [
	{ name: 'one connection', connections: 1, messages: 300, messageBytes: 2000 },
	{ name: 'a connection for each few', connections: 8, messages: 333, messageBytes: 1003, messagesPerConnection: 5 },
	{ name: 'without pipelining', connections: 20, messages: 400, messageBytes: 20_000, pipelining: false },
	{ name: 'large, many senders, wired', connections: 20, messages: 60, messageBytes: 200_000, senders: 7, domains: 3 },
	{ name: 'more connections than messages', connections: 50, messages: 20, messageBytes: 2001 },
];

test('source to sink is exactly what was sent', async (context) => {
	const sink = await startSink({ secondsMax: 60 });
	context.after(() => sink.stop());
	let firstSerial = 0;
	for (const { name, ...shape } of shapes) {
		const before = await sink.counts();
		const report = await runSource({ ...shape, port: sink.port, firstSerial, wiringSecret: 'not-secret' });
		const after = await sink.counts();
		assert.equal(report.accepted, shape.messages, name);
		assert.deepEqual(report.errors, [], name);
		assert.equal(after.messages - before.messages, shape.messages, name);
		assert.equal(after.distinct - before.distinct, shape.messages, name);
		assert.equal(after.contentBytes - before.contentBytes, shape.messages * shape.messageBytes, name);
		assert.equal(after.wrong, 0, name);
		assert.ok(after.lastNs >= report.firstByteNs && after.lastNs <= report.lastReplyNs, name);
		firstSerial += shape.messages;
	}
});

test('a serial that comes again counts as a message and not as a distinct one', async (context) => {
	const sink = await startSink({ secondsMax: 60 });
	context.after(() => sink.stop());
	for (let round = 0; round < 2; round++)
		await runSource({ port: sink.port, connections: 2, messages: 10, messageBytes: 2000, firstSerial: 5 });
	const { messages, distinct } = await sink.counts();
	assert.deepEqual({ messages, distinct }, { messages: 20, distinct: 10 });
});

test('what a client sends while its answer waits is answered in order', async (context) => {
	const sink = await startSink({ delayMs: 30, secondsMax: 60 });
	context.after(() => sink.stop());
	const socket = connect(sink.port, '127.0.0.1').setEncoding('latin1');
	let said = '';
	socket.on('data', (text: string) => {
		said += text;
	});
	const content = (serial: number) => `MAIL FROM:<a@b.test>\r\nRCPT TO:<r${serial}@c.test>\r\nDATA\r\nx\r\n.\r\n`;
	socket.write(`EHLO x\r\n${content(1)}${content(2)}QUIT\r\n`);
	await once(socket, 'close');
	const codes = said.match(/^\d{3}(?= )/gm);
	assert.deepEqual(codes, ['220', '250', '250', '250', '354', '250', '250', '250', '354', '250', '221']);
	assert.equal((await sink.counts()).distinct, 2);
});

test('a wrong reply is an error of the source, with its text', async (context) => {
	const sink = await startSink({ secondsMax: 60 });
	context.after(() => sink.stop());
	for (const [mode, where] of [
		['refuseRcpt', 'RCPT: 451'],
		['refuseGreeting', 'greeting: 421'],
		['refuseContent', 'content: 451'],
	] as const) {
		await sink.setMode(mode);
		const report = await runSource({
			port: sink.port,
			connections: 2,
			messages: 20,
			messageBytes: 2000,
			firstSerial: 0,
			secondsMax: 10,
		});
		assert.equal(report.accepted, 0, mode);
		assert.match(report.errors[0] ?? '', new RegExp(where));
		assert.equal(report.isLate, false, mode);
	}
	assert.equal((await sink.counts()).messages, 0);
});
