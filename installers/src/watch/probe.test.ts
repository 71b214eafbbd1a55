/** The probe against servers that go wrong at each place: every one has its own outcome, and none holds it up. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { isOutOfRoom, outcomeText } from './outcome.ts';
import { probe } from './probe.ts';

const servers: { close(): void }[] = [];
after(() => {
	for (const server of servers) server.close();
});

const good: { readonly [verb: string]: string } = {
	greeting: '220 agent ESMTP',
	EHLO: '250-agent\r\n250-SIZE 1000\r\n250 PIPELINING',
	MAIL: '250 2.1.0 ok',
	RCPT: '250 2.1.5 ok',
	DATA: '354 go on',
	message: '250 2.0.0 stored',
};

/** Answers as told; an empty answer is none at all, `cut` closes. */
async function serverOf(answers: {
	readonly [verb: string]: string;
}): Promise<{ port: number; received: () => string }> {
	const said = { ...good, ...answers };
	let received = '';
	const server = createServer((socket: Socket) => {
		let isData = false;
		let rest = '';
		const answer = (verb: string): void => {
			const text = said[verb] ?? '';
			if (text === 'cut') socket.destroy();
			else if (text !== '') socket.write(`${text}\r\n`);
		};
		socket.on('error', () => {});
		answer('greeting');
		socket.on('data', (part) => {
			received += part.toString('latin1');
			rest += part.toString('latin1');
			for (;;) {
				const end = isData ? rest.indexOf('\r\n.\r\n') : rest.indexOf('\r\n');
				if (end < 0) return;
				const line = rest.slice(0, end);
				rest = rest.slice(end + (isData ? 5 : 2));
				answer(isData ? 'message' : line.slice(0, 4));
				isData = !isData && line.startsWith('DATA');
			}
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	servers.push(server);
	const address = server.address();
	assert.ok(typeof address === 'object' && address !== null);
	return { port: address.port, received: () => received };
}

const ask = (port: number, more: object = {}) =>
	probe({ port, token: 'abc123', nowMs: Date.parse('2026-11-24T12:00:00Z'), answerMsMax: 150, ...more });

test('a whole message, to an address of its own, with the null reverse-path', async () => {
	const { port, received } = await serverOf({});
	const outcome = await ask(port);
	assert.equal(outcome.kind, 'accepted');
	assert.match(received(), /^MAIL FROM:<>\r\nRCPT TO:<abc123@watch\.probe\.sluice\.invalid>\r\nDATA\r\n/m);
	assert.match(received(), /^Auto-Submitted: auto-generated\r\n/m);
});

test('each place at which it can go wrong is told by its name', async () => {
	for (const [verb, phase] of [
		['greeting', 'greeting'],
		['EHLO', 'EHLO'],
		['MAIL', 'MAIL'],
		['RCPT', 'RCPT'],
		['DATA', 'DATA'],
		['message', 'message'],
	] as const) {
		const refused = await ask((await serverOf({ [verb]: '451 4.3.0 not now' })).port);
		assert.deepEqual(refused, { kind: 'refused', phase, reply: '451 4.3.0 not now' });
		assert.deepEqual(await ask((await serverOf({ [verb]: '' })).port), { kind: 'silent', phase });
		assert.deepEqual(await ask((await serverOf({ [verb]: 'cut' })).port), { kind: 'cut', phase });
	}
});

test('no room is told apart', async () => {
	const outcome = await ask((await serverOf({ MAIL: '452 4.3.1 Insufficient storage' })).port);
	assert.ok(isOutOfRoom(outcome));
	assert.match(outcomeText(outcome), /no room: it answered "452 4\.3\.1 Insufficient storage" at MAIL/);
});

test('another program on the port, and one that floods', async () => {
	const web = await ask((await serverOf({ greeting: 'HTTP/1.1 400 Bad\u001b[31m Request' })).port);
	assert.deepEqual(web, { kind: 'refused', phase: 'greeting', reply: 'HTTP/1.1 400 Bad?[31m Request' });
	const flood = await ask((await serverOf({ greeting: `220-${'x'.repeat(200_000)}` })).port);
	assert.deepEqual(flood, { kind: 'cut', phase: 'greeting' });
	const endless = await ask((await serverOf({ greeting: '220-a\r\n220-b' })).port);
	assert.deepEqual(endless, { kind: 'silent', phase: 'greeting' });
});

test('nobody there, and a whole that takes too long', async () => {
	const { port } = await serverOf({});
	servers.pop()?.close();
	assert.deepEqual(await ask(port), { kind: 'unreachable', code: 'ECONNREFUSED' });
	const slow = await serverOf({ message: '' });
	const beganMs = performance.now();
	assert.equal((await ask(slow.port, { answerMsMax: 10_000, wholeMsMax: 250 })).kind, 'silent');
	assert.ok(performance.now() - beganMs < 5_000, 'the whole has a deadline of its own');
});
