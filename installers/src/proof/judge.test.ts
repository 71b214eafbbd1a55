/** What is proved, and the sentence of what was expected and what came where it is not; the sink on real sockets. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { judgeRoute, type Seen } from './judge.ts';
import { type Arrival, openSink } from './sink.ts';
import { bodyLines } from './submission.ts';

const headerFrom = '"Sluice test" <nobody@host.test>';
const message = [`From: ${headerFrom}`, 'Subject: x', '', ...bodyLines, ''].join('\r\n');
const arrival: Arrival = {
	peer: '10.9.0.1',
	ehlo: 'mail.host.test',
	message,
};
const mail: Seen['mail'] = {
	message: 'm',
	at: '2026-01-01T00:00:00.000Z',
	sender: 'nobody@host.test',
	recipients: ['x'],
	account: 'uid:65534',
	identity: 'unix:65534',
	class: 'script',
	certainty: 'proved',
	evidence: 'uid',
	directory: '/tmp/x/a\\x0aX-Evil: 1',
	alarms: [],
	peer: '10.9.0.1',
	helo: 'mail.host.test',
	cuts: 1,
	state: 'delivered',
	text: '250 ok',
};
const seen: Seen = {
	check: {
		kind: 'probe',
		id: 'probe',
		sentence: '',
		to: '',
		runAs: 'nobody',
		directoryName: 'a\nX-Evil: 1',
		headers: [],
		mustHold: ['uid', 'directory', 'no-alarm', 'no-evil-header'],
	},
	mta: 'exim',
	uid: 65_534,
	userName: 'nobody',
	headerFrom,
	mail,
	arrivals: [arrival],
	expected: {
		source: { kind: 'address', address: '10.9.0.1' },
		helo: { kind: 'name', name: 'mail.host.test' },
		sourceBy: 'interface',
		heloBy: 'helo_data',
	},
	set: {},
};

const failure = (change: Partial<Seen>): string => {
	const judged = judgeRoute({ ...seen, ...change });
	return judged.ok ? 'proved' : judged.error;
};
const arrived = (change: Partial<Arrival>): Partial<Seen> => ({ arrivals: [{ ...arrival, ...change }] });

test('a proof is five sentences; whatever is not as expected is one that says what came', () => {
	const proof = judgeRoute(seen);
	assert.ok(proof.ok, JSON.stringify(proof));
	assert.equal(proof.value.proved.length, 5);
	assert.match(
		proof.value.text,
		/user nobody, unix:65534 \(proved\)\. A receiver sees it once .* from 10\.9\.0\.1, greeted as mail\.host\.test/,
	);
	assert.match(
		failure({ mail: { ...mail, identity: '' } }),
		/not with its sender: the agent saw no sender \(uid\), not unix:65534/,
	);
	assert.match(failure({ mail: { ...mail, directory: '/tmp' } }), /but "\/tmp"/);
	assert.match(failure({ mail: { ...mail, alarms: ['two'] } }), /an alarm at the agent: two/);
	assert.match(failure({ arrivals: [], mail: { ...mail, text: '451 no' } }), /not delivered: 451 no/);
	assert.match(failure({ arrivals: [arrival, arrival] }), /and 2 came/);
	assert.match(failure(arrived({ peer: '127.0.0.1' })), /the address 10\.9\.0\.1, and saw 127\.0\.0\.1/);
	assert.match(
		failure({ mail: { ...mail, peer: '10.9.0.2' } }),
		/would send from 10\.9\.0\.1 \(interface\), but connected .* from 10\.9\.0\.2/,
	);
	assert.match(failure(arrived({ ehlo: 'other.test' })), /greeted as mail\.host\.test, and was greeted as other\.test/);
	assert.match(failure(arrived({ message: message.replace('the end', 'the END') })), /the body was to arrive/);
	assert.match(
		failure(arrived({ message: message.replace('nobody@', 'else@') })),
		/came as "From: "Sluice test" <else@/,
	);
	assert.match(failure(arrived({ message: `X-Sluice-Sender: s\r\n${message}` })), /wiring was left/);
	assert.match(failure(arrived({ message: `X-Evil: 1\r\n${message}` })), /wrote a header of its own/);
	assert.equal(failure({ set: { sourceAddress: '10.9.0.9' }, ...arrived({ peer: '10.9.0.9' }) }), 'proved');
});

test('the sink keeps what came as it came, and hangs up on what is no mail', async (context) => {
	const sink = await openSink();
	context.after(() => sink.stop());
	const talk = (lines: string): Promise<string> =>
		new Promise((resolve) => {
			let heard = '';
			const socket = connect(sink.port, '127.0.0.1');
			socket.on('data', (bytes) => {
				heard += bytes;
			});
			socket.on('close', () => resolve(heard));
			socket.write(lines);
		});
	await talk('EHLO a.test\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n');
	assert.deepEqual(sink.arrivals, [
		{
			peer: '127.0.0.1',
			ehlo: 'a.test',
			message: 'Subject: x\r\n\r\n.dot\r\n',
		},
	]);
	assert.match(await talk('GET / HTTP/1.1\r\n\r\n'), /221/);
	assert.equal(sink.arrivals.length, 1);
});
