/**
 * Reports: who is told of what, once, in which form, by which way; and who is never told.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient, states } from './acts.ts';
import { type Report, reportIn } from './report.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const acceptedFor = (address: string) =>
	internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(address));
/** Every report that somebody has got, oldest first. */
const reportsTo = (address: string): readonly Report[] => acceptedFor(address).map(reportIn);

/** Nothing is left to do: every message has ended, reports too. */
const settled = (rig: Rig) => () => rig.agent.flow.scheduler.messages === 0 && rig.agent.flow.scheduler.busy === 0;

type Case = {
	readonly notify: string;
	readonly to: string;
	/** Actions of the reports that are due. */
	readonly due: readonly string[];
};

test('NOTIFY decides who hears of failures and of hand-overs; without it failures are told', async (context) => {
	const rig = await startRig(context, { internet });
	const cases: readonly Case[] = [
		'',
		'NEVER',
		'SUCCESS',
		'FAILURE',
		'DELAY',
		'SUCCESS,FAILURE',
		'FAILURE,DELAY',
	].flatMap((notify) => [
		{ notify, to: '550-x@ok.test', due: notify === '' || notify.includes('FAILURE') ? ['failed'] : [] },
		{ notify, to: 'x@nodsn.test', due: notify.includes('SUCCESS') ? ['relayed'] : [] },
		// The receiver does DSN: whatever is to be said of success is its to say.
		{ notify, to: 'x@ok.test', due: [] },
	]);
	for (const [number, { notify, to }] of cases.entries()) {
		const parameters = notify === '' ? '' : `NOTIFY=${notify}`;
		await rig.send({ from: `notify-${number}@one.test`, to: [{ address: to, parameters }] });
	}
	await rig.until(settled(rig));
	const told = cases.map((one, number) => ({
		...one,
		due: reportsTo(`notify-${number}@one.test`).flatMap(({ recipients }) =>
			recipients.map(({ Action = '' }) => Action),
		),
	}));
	assert.deepEqual(told, cases);
	const reports = cases.flatMap(({ due }) => due).length;
	assert.equal(rig.count('dsn.sent'), reports);
	assert.equal(rig.count('message.finished'), cases.length + reports);
});

test('DSN parameters are handed on as they came to a receiver that does DSN, and to no other', async (context) => {
	const rig = await startRig(context, { internet });
	const orcpt = 'ORCPT=rfc822;Old+2BName@Elsewhere.test';
	const parameters = `NOTIFY=SUCCESS,DELAY ${orcpt}`;
	const mailParameters = 'RET=HDRS ENVID=QQ314159+2B';
	const to = ['x@ok.test', 'x@nodsn.test'].map((address) => ({ address, parameters }));
	await rig.send({ from: 'handed-on@one.test', to: [...to, 'plain@ok.test'], mailParameters });
	await rig.until(settled(rig));
	const sent = internet.accepted().filter(({ reversePath }) => reversePath === 'handed-on@one.test');
	const saidTo = (address: string) =>
		sent.flatMap(({ mailParameters: mail, recipients }) =>
			recipients.flatMap((one) => (one.address === address ? [{ mail, rcpt: one.parameters }] : [])),
		);
	const [{ mail, rcpt } = { mail: {}, rcpt: {} }] = saidTo('x@ok.test');
	assert.equal(mail.RET, 'HDRS');
	assert.equal(mail.ENVID, 'QQ314159+2B');
	assert.deepEqual({ ...rcpt }, { NOTIFY: 'SUCCESS,DELAY', ORCPT: 'rfc822;Old+2BName@Elsewhere.test' });
	assert.deepEqual({ ...saidTo('plain@ok.test')[0]?.rcpt }, {});
	const [other] = saidTo('x@nodsn.test');
	assert.deepEqual({ ...other?.rcpt }, {});
	assert.ok(other !== undefined && !('RET' in other.mail) && !('ENVID' in other.mail));

	const [report, ...more] = reportsTo('handed-on@one.test');
	assert.deepEqual(more, []);
	assert.equal(report?.message['Original-Envelope-Id'], 'QQ314159+');
	assert.deepEqual(
		report?.recipients.map(({ Action, 'Original-Recipient': original, 'Final-Recipient': final }) => [
			Action,
			original,
			final,
		]),
		[['relayed', 'rfc822; Old+Name@Elsewhere.test', 'rfc822; x@nodsn.test']],
	);
});

const longBody = (bytes: number): string =>
	`${'A line of the body, thirty-six chars.\r\n'.repeat(Math.ceil(bytes / 39))}`;

test('RET says what of the message comes back; beyond the bound it is the header alone; wiring lines never', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, config: { dsn: { returnBytesMax: 4096 } } });
	const cases: readonly [ret: string, bytes: number, type: RegExp, hasBody: boolean][] = [
		['', 100, /^text\/rfc822-headers$/, false],
		['RET=HDRS', 100, /^text\/rfc822-headers$/, false],
		['RET=FULL', 100, /^message\/rfc822$/, true],
		['RET=FULL', 20_000, /^text\/rfc822-headers$/, false],
	];
	for (const [number, [mailParameters, bytes]] of cases.entries()) {
		const message = `Subject: number ${number}\r\nx-sluice-else: forged\r\nFrom: a@one.test\r\n\r\n..${longBody(bytes)}`;
		const sender = mailbox('me@mine.test');
		await rig.send({ from: `ret-${number}@one.test`, to: ['550-x@ok.test'], mailParameters, message, sender });
	}
	await rig.until(settled(rig));
	for (const [number, [, , type, hasBody]] of cases.entries()) {
		const [report, ...more] = reportsTo(`ret-${number}@one.test`);
		assert.deepEqual(more, []);
		const { returned } = report ?? assert.fail('no report');
		assert.match(returned.type, type, `case ${number}`);
		assert.match(returned.content, new RegExp(`^Subject: number ${number}\r\nFrom: a@one\\.test\r\n`));
		assert.equal(returned.content.includes('A line of the body'), hasBody);
		assert.ok(!/x-sluice/i.test(JSON.stringify(report)), 'nothing of our wiring');
		if (hasBody) assert.match(returned.content, /\r\n\r\n\.\.A line/, 'dots as they were');
	}
});

test('twenty dead recipients of one message make one report, wherever they live', async (context) => {
	const rig = await startRig(context, { internet });
	const dead = Array.from({ length: 20 }, (_, at) => `550-${at}@place-${at % 7}.test`);
	const id = await rig.send({ from: 'twenty@one.test', to: [...dead, 'x@ok.test', 'greylist-1-twenty@ok.test'] });
	await rig.until(settled(rig));
	const reports = reportsTo('twenty@one.test');
	assert.equal(reports.length, 1);
	assert.deepEqual(
		reports[0]?.recipients.map((one) => one['Final-Recipient']?.replace('rfc822; ', '')).toSorted(),
		dead.toSorted(),
	);
	for (const one of reports[0]?.recipients ?? []) {
		assert.equal(one.Action, 'failed');
		assert.match(one.Status ?? '', /^5\.1\.1$/);
		assert.match(one['Diagnostic-Code'] ?? '', /^smtp; 550 5\.1\.1 /);
		assert.equal(one['Remote-MTA'], 'dns; ordinary.sink.test');
	}
	assert.ok(reports[0]?.text.includes(id), 'people can ask about it');
	assert.deepEqual(given(await rig.client.call('traceMessage', { params: { id } })).reports.length, 1);
});

test('a delay is told once, to who wants to know; an expiry is a failure; the null sender hears nothing', async (context) => {
	const retry = { firstSeconds: 1, maxSeconds: 1, jitter: 0, delayNoticeSeconds: 1, expireSeconds: 4 };
	const rig = await startRig(context, { internet, delivery: { retry } });
	const id = await rig.send({
		from: 'late@one.test',
		to: [
			'451-default@ok.test',
			{ address: '451-delay@ok.test', parameters: 'NOTIFY=DELAY' },
			{ address: '451-failure@ok.test', parameters: 'NOTIFY=FAILURE' },
			{ address: '451-never@ok.test', parameters: 'NOTIFY=NEVER' },
		],
	});
	const nobody = await rig.send({ from: '', to: ['451-nobody@ok.test'] });
	await rig.until(settled(rig));
	assert.deepEqual(new Set(Object.values(await states(rig, id))), new Set(['expired']));
	assert.deepEqual(await states(rig, nobody), { '451-nobody@ok.test': 'expired' });
	const told = reportsTo('late@one.test').map(({ subject, recipients }) => ({
		subject,
		recipients: recipients.map(({ 'Final-Recipient': final = '', Action, Status }) => [final.slice(8), Action, Status]),
	}));
	assert.deepEqual(told, [
		{
			subject: 'Your message is delayed',
			recipients: [
				['451-default@ok.test', 'delayed', '4.3.0'],
				['451-delay@ok.test', 'delayed', '4.3.0'],
			],
		},
		{
			subject: 'Your message was not delivered',
			recipients: [
				['451-default@ok.test', 'failed', '4.4.7'],
				['451-failure@ok.test', 'failed', '4.4.7'],
			],
		},
	]);
	assert.equal(rig.count('dsn.sent', { message: nobody }), 0);
	assert.equal(rig.count('recipient.expired'), 5);
});

test('a closed lane keeps nobody from hearing of the delay: the sweep tells, once', async (context) => {
	const closing = { lane: { windowInitial: 1, failedCohortsMax: 1, reopenSeconds: 3600, reopenMaxSeconds: 3600 } };
	const retry = { ...patient.retry, delayNoticeSeconds: 600 };
	const rig = await startRig(context, { internet, delivery: { ...closing, retry } });
	internet.dns.set('unreachable.test', [{ type: 'MX', preference: 1, exchange: 'dead.sink.test' }]);
	await rig.send({ from: '', to: ['first@unreachable.test'] });
	await rig.until(() => rig.count('lane.closed') === 1);
	const id = await rig.send({ from: 'waiting@one.test', to: ['second@unreachable.test'] });
	const { flow } = rig.agent;
	const later = { ...flow, clock: { ...flow.clock, now: () => Date.now() + 601_000 } };
	await sweep(later);
	await sweep(later);
	await rig.until(() => reportsTo('waiting@one.test').length === 1);
	assert.equal(rig.count('dsn.sent', { message: id, kind: 'delayed' }), 1);
	const [report] = reportsTo('waiting@one.test');
	assert.match(report?.text ?? '', /connect/);
	assert.deepEqual(await states(rig, id), { 'second@unreachable.test': 'queued' });
});

test('no report about a report: ours that bounces ends silently and can be traced, a stranger’s that bounces too', async (context) => {
	const rig = await startRig(context, { internet });
	const id = await rig.send({ from: '550-owner@ok.test', to: ['550-gone@ok.test'] });
	const stranger = await rig.send({ from: '', to: ['550-stranger@ok.test'] });
	await rig.until(settled(rig));
	assert.equal(rig.count('dsn.sent'), 1);
	assert.equal(rig.count('recipient.bounced'), 3);
	assert.equal(acceptedFor('550-owner@ok.test').length, 0);
	const trace = await rig.trace(id);
	assert.equal(trace.reports.length, 1);
	const report = await rig.trace(trace.reports[0] ?? '');
	assert.equal(report.from.class, 'dsn');
	assert.match(report.from.evidence, new RegExp(`our own failed report about ${id}`));
	assert.deepEqual(
		report.steps.map(({ event }) => event),
		['message.accepted', 'recipient.bounced'],
	);
	assert.deepEqual([...report.reports, ...(await rig.trace(stranger)).reports], []);
});

test('dsn.via leads reports back through the MTA, other mail goes its own way', async (context) => {
	const via = { host: '127.0.10.2', port: internet.smtpPort };
	const rig = await startRig(context, { internet, config: { dsn: { via, from: 'postmaster@rig.test' } } });
	const before = internet.sink('second').counts().messages;
	const id = await rig.send({ from: 'owner-via@one.test', to: ['550-x@ok.test', 'y@ok.test'] });
	await rig.until(settled(rig));
	const [report, ...more] = reportsTo('owner-via@one.test');
	assert.deepEqual(more, []);
	assert.equal(report?.sink, 'second');
	assert.equal(internet.sink('second').counts().messages - before, 1);
	const [received] = acceptedFor('owner-via@one.test');
	assert.match(received?.content.toString('utf8') ?? '', /^From: Mail Delivery System <postmaster@rig\.test>\r\n/);
	assert.deepEqual(
		received?.recipients.map(({ parameters }) => ({ ...parameters })),
		[{ NOTIFY: 'NEVER' }],
	);
	assert.equal((await rig.trace(id)).reports.length, 1);
});
