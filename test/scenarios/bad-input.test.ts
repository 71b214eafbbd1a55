/**
 * The nastiest input end to end: what a sloppy or hostile client sends, and that exactly its message arrives and nothing else.
 *
 * The dialog itself is test/dialogs' business; here the bytes are followed through log and delivery to the receiver.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Internet, startInternet } from '../internet/internet.ts';
import { contentFlaws, headerValues, type ReceivedMessage } from '../internet/message.ts';
import { RawClient } from '../internet/raw-client.ts';
import { patient } from './acts.ts';
import { type Rig, startRig } from './rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Says one transaction; `wire` is what stands between 354 and the end, the end included. */
async function say(client: RawClient, to: string, wire: Buffer, mailParameters = ''): Promise<string> {
	await client.sayAll(`MAIL FROM:<raw@one.test>${mailParameters}`, `RCPT TO:<${to}>`, 'DATA');
	client.write(wire);
	return client.reply(60_000);
}

async function clientOf(rig: Rig, release: (done: () => void) => void): Promise<RawClient> {
	const client = await RawClient.connect(rig.port);
	release(() => client.stop());
	await client.reply();
	await client.say('EHLO client.example.test');
	return client;
}

const receivedBy = (address: string): readonly ReceivedMessage[] =>
	internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(address));

/** Content without the one field that we put on top. */
function withoutReceived({ content }: ReceivedMessage): Buffer {
	const text = content.toString('latin1');
	const end = /^Received: [^\r]*(?:\r\n\t[^\r]*)*\r\n/.exec(text)?.[0].length ?? assert.fail('no Received on top');
	return content.subarray(end);
}

test('smuggling: every look-alike of the end stays text of the one message', async (context) => {
	const rig = await startRig(context, { internet });
	const client = await clientOf(rig, (done) => context.after(done));
	const ends = [
		'\n.\n',
		'\r\n.\n',
		'\n.\r\n',
		'\r.\r\n',
		'\r.\r',
		'\r\n.\r',
		'\r\r\n.\r\r\n',
		'\r\n\0.\r\n',
		'\r\n.\0\r\n',
		'\n.\r',
		'\r\n..\r\n.\n',
	];
	const forged = 'MAIL FROM:<ceo@one.test>\r\nRCPT TO:<victim@ok.test>\r\nDATA\r\nSubject: forged\r\n\r\npay\r\n';
	const body = ends.map((end) => `a${end}${forged}`).join('');
	assert.match(await say(client, 'smuggled@ok.test', latin1(`Subject: outer\r\n\r\n${body}.\r\n`)), /^250 /);
	assert.match(await client.say('NOOP'), /^250 /, 'the session is in step');
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(receivedBy('smuggled@ok.test').length, 1);
	assert.equal(rig.count('message.accepted'), 1);
	assert.equal(rig.count('recipient.delivered'), 1);
	assert.equal(receivedBy('victim@ok.test').length, 0);
	const [message] = receivedBy('smuggled@ok.test');
	assert.ok(message !== undefined && !contentFlaws(message.content).hasBareNewline);
	assert.equal(
		message.content.toString('latin1').split('Subject: forged').length - 1,
		ends.length,
		'nothing is lost either',
	);
	// What the next server is shown holds no end in any reading: no lone dot, with or without NUL.
	assert.ok(!/[\r\n]\0*\.\0*[\r\n]/.test(message.raw.toString('latin1')));
});

const bodies: readonly [what: string, body: Buffer][] = [
	[
		'every byte there is but newlines',
		Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 13 && byte !== 10)),
	],
	['NUL', latin1('a\0b\0\0c\r\n\0\r\n')],
	['eight bits, no charset', Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xa0, 0x80])],
	['dots on every line', latin1('.\r\n..\r\n...\r\n. \r\n.a\r\n\r\n.')],
	['empty lines', latin1('\r\n'.repeat(50))],
	['white space at the ends of lines', latin1('a \r\n\t\r\n b\t \r\n \r\n')],
	['a line of 900,000', latin1('x'.repeat(900_000))],
	['From at the beginning of a line', latin1('From me\r\nFrom: me\r\n')],
	['nothing', Buffer.alloc(0)],
];

/** RFC 5321 §4.5.2. */
const stuffed = (content: Buffer): Buffer => latin1(content.toString('latin1').replace(/(^|\r\n)\./g, '$1..'));

test('what may not change does not: mail arrives byte for byte, in the clear and over TLS (invariant 11)', async (context) => {
	const rig = await startRig(context, { internet });
	const client = await clientOf(rig, (done) => context.after(done));
	for (const domain of ['notls.test', 'ok.test']) {
		for (const [number, [what, body]] of bodies.entries()) {
			const to = `body-${number}@${domain}`;
			const header = `Subject: ${what}\r\nX-Odd:\ta \r\n  folded\r\n\tmore\r\nx-ODD: again\r\n\r\n`;
			const content = Buffer.concat([
				latin1(header),
				body,
				latin1(body.length === 0 || body.subarray(-2).equals(latin1('\r\n')) ? '' : '\r\n'),
			]);
			assert.match(await say(client, to, Buffer.concat([stuffed(content), latin1('.\r\n')])), /^250 /, what);
			await rig.until(() => receivedBy(to).length === 1);
			const [message] = receivedBy(to);
			assert.ok(message !== undefined);
			assert.equal(message.isTls, domain === 'ok.test');
			const blank = content.indexOf('\r\n\r\n') + 4;
			assert.equal(message.bodySha256, sha256(content.subarray(blank)), what);
			assert.equal(sha256(withoutReceived(message)), sha256(content), `${what}: the header too`);
			assert.equal(message.mailParameters.BODY, body.some((byte) => byte > 127) ? '8BITMIME' : undefined, what);
		}
	}
});

test('5 MB of dotted lines in one breath: taken, sent on, the same, and the agent answers meanwhile', async (context) => {
	const rig = await startRig(context, { internet });
	const client = await clientOf(rig, (done) => context.after(done));
	const body = latin1('.\r\n'.repeat(200_000) + '..x\r\n'.repeat(900_000));
	const content = Buffer.concat([latin1('Subject: dots\r\n\r\n'), body]);
	const wire = Buffer.concat([stuffed(content), latin1('.\r\n')]);
	const beganMs = performance.now();
	const accepted = say(client, 'dots@ok.test', wire);
	let answers = 0;
	let isAccepted = false;
	void accepted.then(() => {
		isAccepted = true;
	});
	while (!isAccepted && answers < 1000) {
		await rig.client.call('health');
		answers++;
	}
	assert.match(await accepted, /^250 /);
	const acceptedMs = performance.now() - beganMs;
	await rig.until(() => receivedBy('dots@ok.test').length === 1);
	context.diagnostic(
		`${wire.length} bytes accepted in ${Math.round(acceptedMs)} ms, delivered after ${Math.round(performance.now() - beganMs)} ms, ${answers} answers of the API meanwhile`,
	);
	const [message] = receivedBy('dots@ok.test');
	assert.equal(message?.bodySha256, sha256(body));
});

test('messages that are hardly messages', async (context) => {
	const rig = await startRig(context, { internet });
	const client = await clientOf(rig, (done) => context.after(done));
	const odd: readonly [what: string, wire: string, content: string][] = [
		['no bytes at all', '.\r\n', ''],
		['a header without body', 'Subject: only\r\n.\r\n', 'Subject: only\r\n'],
		['a body without header', '\r\nonly body\r\n.\r\n', '\r\nonly body\r\n'],
		['text that is no header', 'hello there\r\nhow are you\r\n.\r\n', 'hello there\r\nhow are you\r\n'],
		['a first line that is folded', ' folded: nothing\r\nA: b\r\n\r\n.\r\n', ' folded: nothing\r\nA: b\r\n\r\n'],
		['a dot for a header', '..\r\n\r\nx\r\n.\r\n', '.\r\n\r\nx\r\n'],
		[
			'our own field, folded and in capitals',
			'X-SLUICE-Sender: v=1;\r\n s=x\r\nA: b\r\n\r\nx\r\n.\r\n',
			'A: b\r\n\r\nx\r\n',
		],
		['our own field as the last line', 'A: b\r\nx-sluice-any: 1\r\n.\r\n', 'A: b\r\n'],
		[
			'our own field in the body',
			'A: b\r\n\r\nX-Sluice-Sender: text\r\n.\r\n',
			'A: b\r\n\r\nX-Sluice-Sender: text\r\n',
		],
		[
			'bare newlines for all',
			'A: b\n\nfirst\n.second\n\nthird\r\n.\r\n',
			'A: b\r\n\r\nfirst\r\n.second\r\n\r\nthird\r\n',
		],
	];
	for (const [number, [what, wire, content]] of odd.entries()) {
		const to = `odd-${number}@ok.test`;
		assert.match(await say(client, to, latin1(wire)), /^250 /, what);
		await rig.until(() => receivedBy(to).length === 1);
		const [message] = receivedBy(to);
		assert.equal(message === undefined ? '' : withoutReceived(message).toString('latin1'), content, what);
	}
});

test('what is refused leaves nothing behind, and the session goes on', async (context) => {
	const rig = await startRig(context, {
		internet,
		delivery: patient,
		config: { smtp: { messageBytesMax: 200_000, headerBytesMax: 10_000, lineBytesMax: 2000, bareNewline: 'reject' } },
	});
	const client = await clientOf(rig, (done) => context.after(done));
	const cases: readonly [what: string, wire: string, reply: RegExp][] = [
		['too many bytes', `A: b\r\n\r\n${'x\r\n'.repeat(70_000)}.\r\n`, /^552 5\.3\.4 /],
		['too much header', `${'A: b\r\n'.repeat(2000)}\r\nx\r\n.\r\n`, /^552 5\.3\.4 /],
		['a line too long', `A: b\r\n\r\n${'x'.repeat(3000)}\r\n.\r\n`, /^554 5\.6\.0 /],
		['a bare newline', 'A: b\r\n\r\none\ntwo\r\n.\r\n', /^550 5\.6\.11 /],
	];
	for (const [what, wire, reply] of cases)
		assert.match(await say(client, 'refused@ok.test', latin1(wire)), reply, what);
	const cut = await clientOf(rig, (done) => context.after(done));
	await cut.sayAll('MAIL FROM:<raw@one.test>', 'RCPT TO:<cut@ok.test>', 'DATA');
	cut.write('Subject: cut\r\n\r\nhalf a mess');
	cut.stop();
	assert.match(await say(client, 'after@ok.test', latin1('A: b\r\n\r\nx\r\n.\r\n')), /^250 /);
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(receivedBy('after@ok.test').length, 1);
	assert.equal(rig.count('message.accepted'), 1);
	assert.deepEqual([...receivedBy('refused@ok.test'), ...receivedBy('cut@ok.test')], []);
	assert.equal(rig.agent.flow.scheduler.messages, 0);
});

test('eight bits for a receiver without 8BITMIME go as they are, and its no becomes a report', async (context) => {
	const rig = await startRig(context, { internet });
	const client = await clientOf(rig, (done) => context.after(done));
	assert.match(
		await say(client, 'x@no8bit.test', Buffer.from('A: b\r\n\r\n\xe4\r\n.\r\n', 'latin1'), ' BODY=8BITMIME'),
		/^250 /,
	);
	await rig.until(() => rig.count('message.finished') === 2);
	assert.equal(rig.count('recipient.bounced'), 1);
	const [report] = receivedBy('raw@one.test');
	assert.match(headerValues(report?.content ?? Buffer.alloc(0), 'Content-Type')[0] ?? '', /^multipart\/report/);
});
