/**
 * What a tenant tries to send more than he may, as somebody else, or although he may not: each of these once worked.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given } from './acts.ts';
import { putList, putOne } from './panel.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox, unixUser } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const report = (from: string): string =>
	`From: <${from}>\r\nContent-Type: multipart/report; boundary=x\r\nSubject: Buy now\r\n\r\nBuy.\r\n`;

/** The state that the reply names, or the refusal. */
async function answerTo(rig: Rig, sender: string, message: string, from = ''): Promise<string> {
	const text = (await rig.submit({ from, to: ['victim@ok.test'], sender, message })).end?.text ?? '';
	return / (queued|waiting|held);/.exec(text)?.[1] ?? text;
}

test('a suspended account does not send on by calling its mail a report', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	await putList(rig, [{ id: 'acme', unixUsers: [{ name: 'acme', uid: 7001 }] }]);
	await putOne(rig, { id: 'acme', unixUsers: [{ name: 'acme', uid: 7001 }], state: 'suspended' });
	for (const sender of [mailbox('mary@acme.test'), unixUser(7001)])
		assert.equal(await answerTo(rig, sender, report('mary@acme.test')), 'held');
});

test('a limit on a unix user that no panel has named is met by what he calls a report', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	const account = 'uid:7002';
	given(
		await rig.client.call('putLimits', {
			params: { level: 'accounts', id: account },
			body: { mode: 'enforce', hour: { recipients: 1 } },
		}),
	);
	const answers = [];
	for (let sent = 0; sent < 3; sent++) answers.push(await answerTo(rig, unixUser(7002), report('x@one.test')));
	assert.deepEqual(answers, ['queued', 'waiting', 'waiting']);
	const { meter, clock } = rig.agent.flow;
	assert.equal(meter.used(scopeKeyOf('account', account), 'hour.recipients', clock.now()), 1);
});

test('nobody sends as a neighbour by a second From, old syntax, or with the null sender', async (context) => {
	const ownership = { mode: 'enforce', action: 'reject' } as const;
	const rig = await startRig(context, { internet, isWired: true, config: { ownership } });
	await putList(rig, [{ id: 'acme' }, { id: 'bob' }]);
	const sender = mailbox('mary@acme.test');
	const rest = 'Subject: pay\r\n\r\nPay.\r\n';
	for (const [from, header] of [
		['mary@acme.test', 'From: <boss@bob.test>, <mary@acme.test>\r\n'],
		['mary@acme.test', 'From: mary@acme.test\r\nFrom: boss@bob.test\r\n'],
		['mary@acme.test', 'From : boss@bob.test\r\nFrom: mary@acme.test\r\n'],
		['', 'From: boss@bob.test\r\nContent-Type: multipart/report; boundary=x\r\n'],
		['', 'From: boss@bob.test\r\nAuto-Submitted: auto-replied\r\n'],
	] as const)
		assert.match(await answerTo(rig, sender, `${header}${rest}`, from), /^550 5\.7\./, header);
	assert.equal(
		await answerTo(rig, sender, `From: "boss@bob.test" <mary@acme.test>\r\n${rest}`, 'mary@acme.test'),
		'queued',
	);
});

test('a stolen password does not get past the limit of its mailbox by calling its mail an autoreply', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	await putList(rig, [{ id: 'acme' }]);
	const params = { level: 'mailboxes', id: 'mary@acme.test' } as const;
	given(await rig.client.call('putLimits', { params, body: { mode: 'enforce', hour: { recipients: 1 } } }));
	const marked = (mark: string): string => `From: mary@acme.test\r\n${mark}\r\nSubject: Buy\r\n\r\nBuy.\r\n`;
	const answers = [];
	for (const mark of [
		'Auto-Submitted: auto-replied',
		'Precedence: auto_reply',
		'Content-Type: multipart/report; boundary=x',
	])
		answers.push(await answerTo(rig, mailbox('mary@acme.test'), marked(mark)));
	assert.deepEqual(answers, ['queued', 'waiting', 'waiting']);
});
