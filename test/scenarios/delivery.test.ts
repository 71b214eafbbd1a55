/**
 * What becomes of mail to each kind of receiver: the agent's summary and the sink's, side by side.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Internet, startInternet } from '../internet/internet.ts';
import { startRig } from './rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const ends = [
	'message.accepted',
	'recipient.delivered',
	'recipient.deferred',
	'recipient.bounced',
	'dsn.sent',
] as const;
const fresh = (): void => {
	for (const sink of Object.values(internet.sinks)) sink.forget();
};

test('an ordinary message is taken once, with our Received line on top and nothing else changed', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	const message =
		'Subject: plain\r\nX-Sluice-Sender: forged\r\nx-sluice-anything: too\r\nFrom: a@one.test\r\n\r\n..dot\r\nÄ\r\n';
	const id = await rig.send({ to: ['friend@ok.test'], message });
	await rig.until(() => rig.count('message.finished') === 1);
	assert.deepEqual(rig.summary(...ends), {
		'message.accepted': 1,
		'recipient.delivered': 1,
		'recipient.deferred': 0,
		'recipient.bounced': 0,
		'dsn.sent': 0,
	});
	const [taken] = internet.accepted();
	assert.equal(internet.accepted().length, 1);
	const text = taken?.content.toString('utf8') ?? '';
	assert.match(
		text,
		new RegExp(
			`^Received: from \\S+ \\(\\[127\\.0\\.0\\.1\\]\\)\\r\\n\\tby relay\\.rig\\.test \\(Sluice [0-9a-f]+\\)\\r\\n\\twith ESMTP id ${id}; `,
		),
	);
	assert.equal(text.slice(text.indexOf('Subject:')), 'Subject: plain\r\nFrom: a@one.test\r\n\r\n..dot\r\nÄ\r\n');
	assert.equal(taken?.reversePath, 'a@one.test');
});

test('4xx is tried again and then taken; greylisting counts attempts', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	const id = await rig.send({ to: ['greylist-2-x@ok.test'] });
	await rig.until(() => rig.count('message.finished') === 1);
	assert.deepEqual(rig.summary(...ends), {
		'message.accepted': 1,
		'recipient.delivered': 1,
		'recipient.deferred': 2,
		'recipient.bounced': 0,
		'dsn.sent': 0,
	});
	const trace = await rig.trace(id);
	assert.equal(trace.message.recipients[0]?.attempts, 3);
	assert.deepEqual(
		trace.steps.map((step) => step.event),
		['message.accepted', 'recipient.deferred', 'recipient.deferred', 'recipient.delivered'],
	);
});

test('5xx bounces with one report to the sender, in the words of the receiver', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	const id = await rig.send({ from: 'owner@one.test', to: ['550-gone@ok.test'] });
	await rig.until(() => rig.count('message.finished') === 2);
	assert.deepEqual(rig.summary(...ends), {
		'message.accepted': 1,
		'recipient.delivered': 1, // the report
		'recipient.deferred': 0,
		'recipient.bounced': 1,
		'dsn.sent': 1,
	});
	const [report] = internet.accepted();
	assert.equal(report?.reversePath, '');
	assert.deepEqual(report?.acceptedRecipients, ['owner@one.test']);
	const text = report?.content.toString('utf8') ?? '';
	assert.match(text, /Action: failed/);
	assert.match(text, /Final-Recipient: rfc822; 550-gone@ok\.test/);
	assert.match(text, /Diagnostic-Code: smtp; 550/);
	assert.match(text, new RegExp(id));
	assert.equal((await rig.trace(id)).reports.length, 1);
});

test('several recipients with mixed answers: each ends by itself, one report names the failed ones', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	await rig.send({ to: ['one@ok.test', '550-b@ok.test', 'greylist-1-c@ok.test', '554-d@two.test', 'e@three.test'] });
	await rig.until(() => rig.count('message.finished') === 2);
	assert.deepEqual(rig.summary(...ends), {
		'message.accepted': 1,
		'recipient.delivered': 4,
		'recipient.deferred': 1,
		'recipient.bounced': 2,
		'dsn.sent': 1,
	});
	const addresses = internet.accepted().flatMap((message) => message.acceptedRecipients);
	assert.deepEqual(addresses.sort(), ['a@one.test', 'e@three.test', 'greylist-1-c@ok.test', 'one@ok.test']);
});

test('a null sender never gets a report', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	await rig.send({ from: '', to: ['550-x@ok.test'] });
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(rig.count('dsn.sent'), 0);
	assert.equal(internet.accepted().length, 0);
});

test('a connection cut after the final dot is tried again: it may be delivered twice, never not at all', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	await rig.send({ to: ['drop-end-x@ok.test'] });
	await rig.until(() => rig.count('recipient.deferred') >= 2);
	assert.ok(internet.counts().swallowed >= 2);
	assert.equal(rig.count('recipient.bounced'), 0);
});

test('domains: a dead first MX, no MX, null MX, no such domain, a bad certificate, IDN', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	const to = [
		'a@broken-first-mx.test',
		'b@nomx.test',
		'c@null-mx.test',
		'd@nxdomain.test',
		'e@badcert.test',
		'f@tlsfail.test',
		'g@notls.test',
	];
	await rig.send({ from: '', to });
	await rig.until(() => rig.count('message.finished') === 1);
	const ended = Object.fromEntries(
		rig.events.flatMap(({ event, recipient, reply }) =>
			event === 'recipient.delivered' || event === 'recipient.bounced'
				? [[recipient, `${event} ${String(reply).slice(0, 10)}`]]
				: [],
		),
	);
	assert.match(String(ended['a@broken-first-mx.test']), /delivered/);
	assert.match(String(ended['b@nomx.test']), /delivered/);
	assert.match(String(ended['c@null-mx.test']), /bounced 556 5\.1\.10|bounced 550 5\.1\.10/);
	assert.match(String(ended['d@nxdomain.test']), /bounced 550 5\.1\.2/);
	for (const address of to.slice(4)) assert.match(String(ended[address]), /delivered/, address);
});

test('loopback behind an MX is refused, not dialled', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	await rig.send({ from: '', to: ['x@localhost-mx.test'] });
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(rig.count('recipient.bounced'), 1);
});

test('an SMTPUTF8 address to a server without it is 5.6.7', async (context) => {
	fresh();
	const rig = await startRig(context, { internet });
	await rig.send({ from: '', to: ['jürgen@nosmtputf8.test'], mailParameters: 'SMTPUTF8' });
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(rig.count('recipient.bounced'), 1);
	assert.match(String(rig.events.find((event) => event.event === 'recipient.bounced')?.reply), /5\.6\.7/);
});

test('a smarthost takes everything; when it is down the mail waits and goes on', async (context) => {
	fresh();
	const rig = await startRig(context, {
		internet,
		delivery: { smarthost: { host: ['127.0.10.3', '127.0.10.1'], port: internet.smtpPort } },
	});
	await rig.send({ to: ['x@anything.example', 'y@elsewhere.example'] });
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(rig.count('recipient.delivered'), 2);
});
