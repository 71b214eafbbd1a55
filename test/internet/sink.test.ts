import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { testAuthorityFile } from './certificates.ts';
import { contentFlaws, headerValues } from './message.ts';
import { RawClient } from './raw-client.ts';
import { type Sink, type SinkOptions, startSink } from './sink.ts';

/** A sink and a client that has been greeted and has said EHLO; both end with the test. */
async function open(
	t: TestContext,
	options: SinkOptions = {},
): Promise<{ sink: Sink; client: RawClient; ehlo: string }> {
	const sink = await startSink(options);
	t.after(() => sink.stop());
	const client = await greeted(t, sink);
	return { sink, client, ehlo: await client.say('EHLO client.test') };
}

async function greeted(t: TestContext, sink: Sink): Promise<RawClient> {
	const client = await RawClient.connect(sink.port, sink.address);
	t.after(() => client.stop());
	await client.reply();
	return client;
}

/** Says MAIL, RCPT…, DATA; the replies. */
const envelope = (client: RawClient, from: string, ...to: readonly string[]): Promise<readonly string[]> =>
	client.sayAll(`MAIL FROM:<${from}>`, ...to.map((one) => `RCPT TO:<${one}>`), 'DATA');

const codes = (replies: readonly string[]): string => replies.map((reply) => reply.slice(0, 3)).join(' ');

test('a message is recorded with its envelope and its bytes', async (t) => {
	const { sink, client } = await open(t);
	const replies = await client.sayAll(
		'MAIL FROM:<a@one.test> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=e1',
		'RCPT TO:<B@two.test> NOTIFY=FAILURE ORCPT=rfc822;b@two.test',
		'RCPT TO:<550-x@two.test>',
		'DATA',
		'Subject: one\r\n two\r\nSubject: three\r\n\r\n..dot\r\ntext\r\n.',
	);
	assert.equal(codes(replies), '250 250 550 354 250');
	const [message] = sink.messages;
	assert.equal(message?.outcome, 'accepted');
	assert.equal(message.reversePath, 'a@one.test');
	assert.deepEqual(message.mailParameters, { SIZE: '100', BODY: '8BITMIME', RET: 'HDRS', ENVID: 'e1' });
	assert.deepEqual(message.acceptedRecipients, ['B@two.test']);
	assert.deepEqual(message.recipients[0]?.parameters, { NOTIFY: 'FAILURE', ORCPT: 'rfc822;b@two.test' });
	assert.match(message.recipients[1]!.reply, /^550 5\.1\.1 /);
	assert.equal(message.ehloName, 'client.test');
	assert.equal(message.peerAddress, '127.0.0.1');
	assert.equal(message.peerPort, client.socket.localPort);
	assert.equal(message.raw.toString(), 'Subject: one\r\n two\r\nSubject: three\r\n\r\n..dot\r\ntext\r\n');
	assert.equal(message.content.toString(), 'Subject: one\r\n two\r\nSubject: three\r\n\r\n.dot\r\ntext\r\n');
	assert.equal(message.bodySha256, createHash('sha256').update('.dot\r\ntext\r\n').digest('hex'));
	assert.deepEqual(headerValues(message.content, 'subject'), ['one two', 'three']);
	const { messages, recipients, rejected, transactions } = sink.counts();
	assert.deepEqual(
		{ messages, recipients, rejected, transactions },
		{ messages: 1, recipients: 1, rejected: { 550: 1 }, transactions: 1 },
	);
});

test('the final dot is seen with the network cutting at every byte', async (t) => {
	const { sink, client } = await open(t);
	const bytes = 'A: b\r\n\r\n..\r\nx\r\n.\r\n';
	for (let cut = 1; cut < bytes.length; cut++) {
		await envelope(client, 'a@one.test', 'b@two.test');
		client.write(bytes.slice(0, cut));
		// A whole turn of the event loop, in which the sink, being in this process, reads what is there.
		for (let phase = 0; phase < 2; phase++) await new Promise(setImmediate);
		client.write(bytes.slice(cut));
		assert.match(await client.reply(), /^250 /);
	}
	assert.equal(sink.messages.length, bytes.length - 1);
	for (const { content } of sink.messages) assert.equal(content.toString(), 'A: b\r\n\r\n.\r\nx\r\n');
});

test('a whole pipelined session in one write is answered in order', async (t) => {
	const { sink, client } = await open(t);
	client.write('MAIL FROM:<>\r\nRCPT TO:<a@two.test>\r\nRCPT TO:<451-b@two.test>\r\nDATA\r\n');
	const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
	assert.equal(codes(replies), '250 250 451 354');
	client.write('x\r\n.\r\nMAIL FROM:<c@one.test>\r\nRSET\r\nNOOP\r\nQUIT\r\n');
	const rest = [
		await client.reply(),
		await client.reply(),
		await client.reply(),
		await client.reply(),
		await client.reply(),
	];
	assert.equal(codes(rest), '250 250 250 250 221');
	assert.equal(await client.closed(), '');
	await sink.waitFor(({ counts }) => counts().connectionsOpen === 0);
	assert.deepEqual(sink.counts().violations, { 'sent-ahead-of-last-in-group': 1 });
	assert.deepEqual(sink.counts().transactionsPerConnection, { 2: 1 });
});

test('magic recipients are refused at the stage they ask for', async (t) => {
	const cases: readonly (readonly [localPart: string, codes: string, text: RegExp])[] = [
		['450-x', '250 450 554', /450 4\.2\.1 /],
		['451-x', '250 451 554', /451 4\.3\.0 /],
		['550-x', '250 550 554', /550 5\.1\.1 .*unknown/i],
		['554-X', '250 554 554', /554 5\.7\.1 /],
		['577-x', '250 577 554', /577 5\.0\.0 /],
		['full-x', '250 452 554', /452 4\.2\.2 /],
		['rate-x', '250 450 554', /450 4\.7\.28 /],
		['blocked-x', '250 554 554', /blocked using/],
		['multi-550-x', '250 550 554', /^550-5\.1\.1 .*\n550-5\.1\.1 .*\n550 5\.1\.1 /m],
		['data-451-x', '250 250 451', /451 4\.3\.0 /],
		['data-554-x', '250 250 554', /554 5\.7\.1 /],
	];
	const { client, sink } = await open(t);
	for (const [localPart, expected, text] of cases) {
		const replies = await envelope(client, 'a@one.test', `${localPart}@two.test`);
		assert.equal(codes(replies), expected, localPart);
		assert.match(replies.join('\n'), text, localPart);
		await client.say('RSET');
	}
	for (const localPart of ['end-451-x', 'end-554-x', 'spam-x', 'dmarc-x']) {
		assert.equal(codes(await envelope(client, 'a@one.test', 'b@two.test', `${localPart}@two.test`)), '250 250 250 354');
		assert.match(await client.say('x\r\n.'), /^(?:451 4|554 5|550 5\.7)/, localPart);
	}
	assert.deepEqual(
		sink.messages.map(({ outcome }) => outcome),
		['refused', 'refused', 'refused', 'refused'],
	);
	assert.equal(sink.counts().messages, 0);
});

test('a magic sender is refused at MAIL, the same word in a recipient is not', async (t) => {
	const { client } = await open(t);
	assert.match(await client.say('MAIL FROM:<mail-451-x@one.test>'), /^451 /);
	assert.match(await client.say('MAIL FROM:<mail-554-x@one.test>'), /^554 /);
	assert.match(await client.say('MAIL FROM:<451-x@one.test>'), /^250 /);
	assert.match(await client.say('RCPT TO:<mail-451-x@two.test>'), /^250 /);
});

test('greylisting counts tries by sender and recipient, tempfirst by recipient alone', async (t) => {
	const { client } = await open(t);
	const attempt = async (from: string, to: string): Promise<string> => {
		const [, reply] = await client.sayAll(`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'RSET');
		return reply!.slice(0, 9);
	};
	const answers: string[] = [];
	for (const from of ['a@one.test', 'A@one.test', 'b@one.test', 'a@one.test', 'b@one.test']) {
		answers.push(await attempt(from, 'greylist-2-x@two.test'));
	}
	assert.deepEqual(answers, ['451 4.7.1', '451 4.7.1', '451 4.7.1', '250 2.1.5', '451 4.7.1']);
	assert.equal(await attempt('a@one.test', 'tempfirst-x@two.test'), '450 4.2.1');
	assert.equal(await attempt('b@one.test', 'tempfirst-x@two.test'), '250 2.1.5');
});

test('drops cut the connection at their stage; only drop-end has read the message', async (t) => {
	const { sink, client } = await open(t);
	client.write('MAIL FROM:<a@one.test>\r\nRCPT TO:<drop-x@two.test>\r\n');
	assert.equal(await client.closed(), '250 2.1.0 Ok\r\n');

	const inData = await greeted(t, sink);
	await inData.say('EHLO client.test');
	assert.equal(codes(await envelope(inData, 'a@one.test', 'drop-data-x@two.test')), '250 250 354');
	inData.write('half a li');
	assert.equal(await inData.closed(), '');
	assert.equal(sink.messages.length, 0);

	const atEnd = await greeted(t, sink);
	await atEnd.say('EHLO client.test');
	await envelope(atEnd, 'a@one.test', 'drop-end-x@two.test');
	atEnd.write('whole\r\n.\r\n');
	assert.equal(await atEnd.closed(), '');
	assert.deepEqual(
		sink.messages.map(({ outcome, content }) => [outcome, content.toString()]),
		[['swallowed', 'whole\r\n']],
	);
	const { messages, swallowed, dropped } = sink.counts();
	assert.deepEqual({ messages, swallowed, dropped }, { messages: 0, swallowed: 1, dropped: 3 });
});

test('421 is said, then the connection is closed', async (t) => {
	const { client } = await open(t);
	assert.match((await client.sayAll('MAIL FROM:<a@one.test>', 'RCPT TO:<421-x@two.test>'))[1]!, /^421 4\.3\.2 /);
	assert.equal(await client.closed(), '');
});

test('slow answers come late and in order; what was pipelined behind them waits', async (t) => {
	const { client, sink } = await open(t);
	const start = performance.now();
	client.write('MAIL FROM:<a@one.test>\r\nRCPT TO:<slow-400-x@two.test>\r\nRCPT TO:<550-y@two.test>\r\nDATA\r\n');
	assert.match(await client.reply(), /^250 2\.1\.0/);
	await assert.rejects(client.reply(50), /no answer in time/, 'the reply before the slow one is not held back');
	assert.equal(codes([await client.reply(), await client.reply(), await client.reply()]), '250 550 354');
	assert.ok(performance.now() - start >= 399);
	assert.match(await client.say('x\r\n.'), /^250 /);

	await envelope(client, 'a@one.test', 'slow-end-60000-x@two.test');
	client.write('x\r\n.\r\n');
	client.stop();
	await sink.waitFor(({ messages }) => messages.length === 2);
	assert.equal(sink.messages[1]!.outcome, 'swallowed', 'nobody was there to hear 250');
});

test('timeouts never answer, and the sink can be stopped meanwhile', async (t) => {
	const { client, sink } = await open(t);
	client.write('MAIL FROM:<a@one.test>\r\nRCPT TO:<timeout-x@two.test>\r\nNOOP\r\n');
	assert.match(await client.reply(), /^250 /);
	await assert.rejects(client.reply(50), /no answer in time/);
	await sink.stop();
	assert.equal(await client.closed(), '');
});

test('STARTTLS with a good certificate satisfies a client that trusts the test authority', async (t) => {
	const { client, sink, ehlo } = await open(t, { tls: 'good' });
	assert.match(ehlo, /250[ -]STARTTLS/);
	assert.match(await client.say('STARTTLS'), /^220 /);
	const secured = await client.upgrade({ ca: readFileSync(testAuthorityFile), servername: 'ordinary.sink.test' });
	assert.equal(secured.authorized, true);
	assert.match(await client.say('MAIL FROM:<a@one.test>'), /^503 /, 'EHLO is to be said again');
	assert.doesNotMatch(await client.say('EHLO client.test'), /STARTTLS/);
	assert.equal(codes(await envelope(client, 'a@one.test', 'b@two.test')), '250 250 354');
	assert.match(await client.say('x\r\n.'), /^250 /);
	assert.equal(sink.messages[0]!.isTls, true);
	assert.equal(sink.counts().tlsHandshakes, 1);
	client.stop();
	await sink.waitFor(({ counts }) => counts().connectionsOpen === 0);
});

test('a bad certificate fails verification, and works for who does not look', async (t) => {
	const { client, sink } = await open(t, { tls: 'bad' });
	await client.say('STARTTLS');
	await assert.rejects(client.upgrade({ ca: readFileSync(testAuthorityFile), servername: 'badcert.sink.test' }));
	const other = await greeted(t, sink);
	await other.sayAll('EHLO client.test', 'STARTTLS');
	await other.upgrade({ rejectUnauthorized: false });
	assert.match(await other.say('EHLO client.test'), /^250/);
});

test('broken TLS: cut after 220, refused with 454, not offered', async (t) => {
	const { client, sink } = await open(t, { tls: 'fail' });
	await client.say('STARTTLS');
	await assert.rejects(client.upgrade({ rejectUnauthorized: false }));
	await sink.waitFor(({ counts }) => counts().connectionsOpen === 0);
	assert.equal(sink.counts().tlsFailures, 1);
	assert.match(await (await open(t, { tls: 'refuse' })).client.say('STARTTLS'), /^454 4\.7\.0/);
	const none = await open(t);
	assert.doesNotMatch(none.ehlo, /STARTTLS/);
	assert.match(await none.client.say('STARTTLS'), /^503 /);
});

test('commands sent in the clear behind STARTTLS are not obeyed', async (t) => {
	const { client, sink } = await open(t, { tls: 'good' });
	client.write('STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<evil@one.test>\r\n');
	assert.match(await client.reply(), /^220 /);
	await client.upgrade({ rejectUnauthorized: false });
	assert.match(await client.say('RCPT TO:<b@two.test>'), /^503 /);
	assert.equal(sink.counts().transactions, 0);
	assert.deepEqual(sink.counts().violations, { 'sent-ahead-of-last-in-group': 1 });
});

test('extensions that are not offered are refused', async (t) => {
	const lacking = await open(t, { without: ['8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES'] });
	assert.doesNotMatch(lacking.ehlo, /8BITMIME|SMTPUTF8|DSN|ENHANCED/);
	for (const parameter of ['BODY=8BITMIME', 'SMTPUTF8', 'RET=FULL', 'NONSENSE']) {
		assert.equal(
			await lacking.client.say(`MAIL FROM:<a@one.test> ${parameter}`),
			`555 Unsupported option: ${parameter.split('=')[0]}`,
		);
	}
	assert.match(await lacking.client.say('MAIL FROM:<ä@one.test>'), /^553 /);
	await envelope(lacking.client, 'a@one.test', 'b@two.test');
	lacking.client.write(Buffer.from('\xe4\r\n.\r\n', 'latin1'));
	assert.match(await lacking.client.reply(), /^554 /);

	const full = await open(t);
	assert.match(await full.client.say('MAIL FROM:<ä@one.test> SMTPUTF8 BODY=8BITMIME'), /^250 /);
	assert.match(await full.client.say('RCPT TO:<ö@bücher.test>'), /^250 /);
});

test('without PIPELINING, who sends ahead is told 503', async (t) => {
	const { client, sink } = await open(t, { without: ['PIPELINING'] });
	client.write('MAIL FROM:<a@one.test>\r\nRCPT TO:<b@two.test>\r\n');
	assert.equal(codes([await client.reply(), await client.reply()]), '503 503');
	assert.deepEqual(sink.counts().violations, { 'pipelining-not-offered': 1 });
	assert.equal(codes(await envelope(client, 'a@one.test', 'b@two.test')), '250 250 354');
});

test('too big is refused by SIZE and by content, and the session lives on', async (t) => {
	const { client, sink, ehlo } = await open(t, { messageBytesMax: 1000 });
	assert.match(ehlo, /SIZE 1000/);
	assert.match(await client.say('MAIL FROM:<a@one.test> SIZE=1001'), /^552 5\.3\.4/);
	for (const [bytes, expected] of [
		[1000, /^250 /],
		[1001, /^552 5\.3\.4/],
	] as const) {
		await envelope(client, 'a@one.test', 'b@two.test');
		assert.match(await client.say(`${'x'.repeat(bytes - 2)}\r\n.`), expected);
	}
	assert.equal(sink.counts().bytes, 1000);
});

test('limits: recipients of a transaction, transactions of a connection, connections', async (t) => {
	const { client, sink } = await open(t, {
		recipientsPerTransactionMax: 1,
		transactionsPerConnectionMax: 1,
		connectionsMax: 2,
	});
	assert.equal(
		codes(await envelope(client, 'a@one.test', '550-x@two.test', 'b@two.test', 'c@two.test')),
		'250 550 250 452 354',
	);
	await client.say('x\r\n.');
	await greeted(t, sink);
	const third = await RawClient.connect(sink.port);
	assert.match(await third.reply(), /^421 4\.7\.0 /);
	await third.closed();
	assert.match(await client.say('MAIL FROM:<a@one.test>'), /^421 /);
	await client.closed();
	await sink.waitFor(({ counts }) => counts().connectionsOpen === 1);
	await greeted(t, sink);
	const { connections, connectionsOpenMax } = sink.counts();
	assert.deepEqual({ connections, connectionsOpenMax }, { connections: 3, connectionsOpenMax: 2 });
});

test('AUTH PLAIN and LOGIN, with and without a first answer', async (t) => {
	const { client, sink, ehlo } = await open(t, { credentials: { user: 'u', password: 'p' } });
	assert.match(ehlo, /AUTH PLAIN LOGIN/);
	const plain = Buffer.from('\0u\0p').toString('base64');
	assert.match(await client.say('MAIL FROM:<a@one.test>'), /^530 /);
	assert.match(await client.say(`AUTH PLAIN ${Buffer.from('\0u\0wrong').toString('base64')}`), /^535 /);
	assert.match(await client.say('AUTH CRAM-MD5'), /^504 /);
	assert.equal(codes(await client.sayAll('AUTH LOGIN', 'dQ==', 'cA==')), '334 334 235');
	await envelope(client, 'a@one.test', 'b@two.test');
	await client.say('x\r\n.');
	assert.equal(sink.messages[0]!.user, 'u');
	for (const lines of [[`AUTH PLAIN ${plain}`], ['AUTH PLAIN', plain], ['AUTH LOGIN dQ==', 'cA==']]) {
		const other = await greeted(t, sink);
		await other.say('EHLO client.test');
		assert.match((await other.sayAll(...lines)).at(-1)!, /^235 /, lines[0]);
	}
});

test('odd hosts: HELO only, refused greeting, silent, loop', async (t) => {
	const helo = await open(t, { speaksEsmtp: false });
	assert.match(helo.ehlo, /^502 /);
	assert.match(await helo.client.say('HELO client.test'), /^250 sink\.sink\.test Hello client\.test \[127\.0\.0\.1\]$/);
	assert.match(await helo.client.say('MAIL FROM:<a@one.test> SIZE=1'), /^555 /);
	assert.match((await open(t, { echoesEhloName: true })).ehlo, /^250-client\.test /);
	const closed = await startSink({ banner: { code: 554, status: '5.3.2', lines: ['No service'] } });
	t.after(() => closed.stop());
	const refused = await RawClient.connect(closed.port);
	assert.equal(await refused.closed(), '554 5.3.2 No service\r\n');
	const silent = await startSink({ banner: 'silent', idleTimeoutMs: 80 });
	t.after(() => silent.stop());
	const waiting = await RawClient.connect(silent.port);
	await assert.rejects(waiting.reply(40), /no answer in time/);
	assert.match(await waiting.reply(), /^421 4\.4\.2 /);
});

test('commands out of order or malformed are told so', async (t) => {
	const sink = await startSink();
	t.after(() => sink.stop());
	const client = await greeted(t, sink);
	const replies = await client.sayAll(
		'MAIL FROM:<a@one.test>',
		'EHLO',
		'EHLO c.test',
		'RCPT TO:<a@b.test>',
		'DATA',
		'MAIL TO:<a@b.test>',
		'BDAT 5 LAST',
		'MAIL FROM:<a@b.test>',
		'MAIL FROM:<a@b.test>',
		'RCPT TO:<>',
		'RCPT TO:<a@b.test> NOTIFY=NEVER X=1',
		'DATA',
	);
	assert.equal(codes(replies), '503 501 250 503 503 501 500 250 503 501 555 554');
	client.write(`NOOP ${'x'.repeat(9000)}`);
	assert.match(await client.reply(), /^500 5\.5\.2 /);
});

test('store counts keeps no messages but all numbers; onMessage with messagesMax 0 gets each whole', async (t) => {
	const counting = await open(t, { store: 'counts' });
	await envelope(counting.client, 'a@one.test', 'b@two.test', 'c@two.test');
	await counting.client.say('..x\r\n.');
	assert.equal(counting.sink.messages.length, 0);
	const { messages, recipients, bytes } = counting.sink.counts();
	assert.deepEqual({ messages, recipients, bytes }, { messages: 1, recipients: 2, bytes: 5 });
	const seen: string[] = [];
	const passing = await open(t, { messagesMax: 0, onMessage: ({ content }) => seen.push(content.toString()) });
	await envelope(passing.client, 'a@one.test', 'b@two.test');
	await passing.client.say('..x\r\n.');
	assert.deepEqual([seen, passing.sink.messages.length], [['.x\r\n'], 0]);
});

test('the oldest messages are forgotten when there are too many, and that is counted', async (t) => {
	const { client, sink } = await open(t, { messagesMax: 2 });
	for (const text of ['one', 'two', 'three']) {
		await envelope(client, 'a@one.test', 'b@two.test');
		await client.say(`${text}\r\n.`);
	}
	assert.deepEqual(
		sink.messages.map(({ content }) => content.toString()),
		['two\r\n', 'three\r\n'],
	);
	assert.deepEqual([sink.counts().messages, sink.counts().forgotten], [3, 1]);
});

test('waitFor tells how things stood when it waited in vain', async (t) => {
	const { sink } = await open(t);
	await assert.rejects(
		sink.waitFor(({ messages }) => messages.length > 0, 20),
		/waited 20 ms in vain; now .*"messages":0/,
	);
});

test('flaws of content are seen', () => {
	const flaws = contentFlaws(Buffer.from('a\r\nbb\r\nccc\nd\re\xe4\r\n', 'latin1'));
	assert.deepEqual(flaws, { hasBareNewline: true, hasEightBit: true, lineBytesMax: 4 });
	assert.deepEqual(contentFlaws(Buffer.from('a\r\nbb\r\n')), {
		hasBareNewline: false,
		hasEightBit: false,
		lineBytesMax: 2,
	});
});
