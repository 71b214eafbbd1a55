/**
 * The wiring as the product writes it into main.cf of a real Postfix: in force, attributed, taken out again byte for byte.
 * Every client here is on the loopback, so mail of an alias "from outside" is nobody's; core/identity's tests have the rest.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attribute } from '@sluice/agent/core/identity/attribute.ts';
import { type AttributionSettings, type ForwardedClient, noAccounts } from '@sluice/agent/core/identity/facts.ts';
import { failureOf } from '@sluice/shared/mta/checks.ts';
import {
	detectPostfix,
	findingsPostfix,
	removePostfix,
	renderPostfix,
	wirePostfix,
} from '@sluice/shared/mta/postfix.ts';
import { checksPostfix } from '@sluice/shared/mta/postfix-checks.ts';
import { boxesUnavailable } from './box.ts';
import { plainMessage } from './message.ts';
import { type Postfix, postfixUser, startPostfix } from './postfix.ts';
import { type Recorder, startRecorder, type Transaction } from './recorder.ts';
import { autoresponder, bobForwardsTo, mailingList, user2 } from './sites.ts';
import { submitAccepted } from './submit.ts';
import { phpMail, sendmail } from './unix-mail.ts';

const skip = (await boxesUnavailable()) ?? false;
const mainCfPath = '/etc/postfix/main.cf';

let direct: Recorder;
let agent: Recorder;
let postfix: Postfix;
let settings: AttributionSettings;
let formerMainCf: string;

before(async () => {
	if (skip) return;
	[direct, agent] = await Promise.all([startRecorder(), startRecorder()]);
	postfix = await startPostfix({ directPort: direct.port, name: 'postfix-wiring', ttlSeconds: 300 });
	settings = {
		mta: 'postfix',
		secrets: [],
		hostNames: [postfix.hostname],
		postfixUid: postfixUser.uid,
		listUserIds: [7010],
	};
	formerMainCf = await postfix.box.readFile(mainCfPath);
	const wired = wirePostfix(formerMainCf, renderPostfix({ agentPort: agent.port }), { overSmarthost: true });
	assert.ok(wired.ok);
	await postfix.box.writeFile(mainCfPath, wired.value);
	await postfix.reload();
});

after(async () => {
	await postfix?.stop();
	await Promise.all([direct?.stop(), agent?.stop()]);
});

function attributed({ message, from, recipients, ehlo, peer, xforward }: Transaction) {
	const said = Object.entries(xforward).filter(([, value]) => value !== '[UNAVAILABLE]');
	const facts = {
		headerText: message.slice(0, message.indexOf('\r\n\r\n') + 4),
		envelope: {
			reversePath: from,
			recipients: recipients.map(({ address, parameters }) => {
				const orcpt = /ORCPT=(\S+)/.exec(parameters)?.[1];
				return { address, ...(orcpt === undefined ? {} : { orcpt }) };
			}),
			has8bit: false,
			smtpUtf8: false,
		},
		helo: ehlo,
		peerAddress: peer,
		peerProved: true,
		xforward: Object.fromEntries(said.map(([name, value]) => [name.toLowerCase(), value])) as ForwardedClient,
	};
	return attribute(facts, settings, noAccounts).attribution;
}

const seen = (transaction: Transaction) => {
	const { class: kind, account, certainty, alarms } = attributed(transaction);
	assert.deepEqual(alarms, []);
	return { class: kind, account, certainty };
};

const forgedLines = [
	'X-Sluice-Sender: v=1; s=; id=; proto=esmtpa; auth=dmljdGlt; uid=; ident=; host=; port=; cwd=; anc=',
	'Received: by plesk.example.test (Postfix, from userid 0)\r\n\tid QFORGED1; x',
	'Delivered-To: victim@site1.test',
];
const message = (subject: string, headers = forgedLines) =>
	plainMessage({ from: 'a@site1.test', to: 'x@remote.test', subject, headers });

test('every check passes, and the former relay is found', { skip }, async () => {
	const parameters = renderPostfix({ agentPort: agent.port });
	for (const check of checksPostfix({ parameters, remoteAddress: 'probe@remote.test' })) {
		if (check.kind !== 'command' || !check.isReadOnly) continue;
		const { code, stdout, stderr } = await postfix.box.run(check.command, { allowFailure: true });
		assert.equal(failureOf(check, { exitCode: code, output: stdout + stderr }), undefined);
	}
	const mainCf = await postfix.box.readFile(mainCfPath);
	const state = detectPostfix(mainCf, parameters);
	assert.ok(state.ok && state.value.state === 'wired' && state.value.hasBlock);
	assert.deepEqual(
		findingsPostfix(mainCf, parameters).map(({ code }) => code),
		['smarthost', 'sender-transport-map'],
	);
	assert.deepEqual(removePostfix(mainCf), { ok: true, value: formerMainCf });
});

test('AUTH', { skip }, async () => {
	await submitAccepted({
		port: postfix.submissionPort,
		auth: user2,
		from: user2.user,
		recipients: ['x@remote.test', 'y@remote.test'],
		message: message('auth'),
	});
	const arrived = await agent.waitForSubject('auth');
	assert.deepEqual(seen(arrived), { class: 'mailbox', account: 'domain:site2.test', certainty: 'proved' });
	assert.equal(attributed(arrived).mtaQueueId, arrived.xforward.IDENT);
});

test('sendmail, PHP, root', { skip }, async () => {
	await sendmail(postfix.box, { user: 'alice', message: message('sendmail') });
	assert.deepEqual(seen(await agent.waitForSubject('sendmail')), {
		class: 'script',
		account: 'uid:7001',
		certainty: 'proved',
	});
	await phpMail(postfix.box, {
		user: 'webuser',
		script: '/home/webuser/form.php',
		to: 'x@remote.test',
		subject: 'php',
	});
	assert.deepEqual(seen(await agent.waitForSubject('php')), {
		class: 'script',
		account: 'uid:7003',
		certainty: 'proved',
	});
	await postfix.box.run(['/usr/sbin/sendmail', '-t', '-i'], { input: message('root').replaceAll('\r\n', '\n') });
	assert.equal(seen(await agent.waitForSubject('root')).class, 'system');
});

test('sendmail -bs by a tenant', { skip }, async () => {
	const dialog = `EHLO x\nMAIL FROM:<ceo@site2.test>\nRCPT TO:<x@remote.test>\nDATA\nSubject: bs\n\nx\n.\nQUIT\n`;
	await postfix.box.runAs('alice', '/usr/sbin/sendmail -bs', { input: dialog.replaceAll('\n', '\r\n') });
	assert.deepEqual(seen(await agent.waitForSubject('bs')), {
		class: 'script',
		account: 'uid:7001',
		certainty: 'proved',
	});
});

test('alias from this machine without a login: nobody, with the alias as a hint', { skip }, async () => {
	const outside = { port: postfix.smtpPort, from: 'stranger@outside.test' };
	await submitAccepted({ ...outside, recipients: ['fwd@site1.test'], message: message('alias') });
	const arrived = await agent.waitForSubject('alias');
	assert.deepEqual(seen(arrived), { class: 'unattributed', account: '', certainty: 'none' });
	assert.equal(attributed(arrived).ancestor, 'fwd@site1.test');
});

test('.forward: local(8) names whose it was, whatever the message brings', { skip }, async () => {
	const outside = { port: postfix.smtpPort, from: 'stranger@outside.test' };
	await submitAccepted({ ...outside, recipients: [`bob@${postfix.hostname}`], message: message('dot-forward') });
	const arrived = await agent.waitForSubject('dot-forward');
	assert.equal(arrived.recipients[0]?.address, bobForwardsTo);
	assert.deepEqual(seen(arrived), { class: 'forward', account: `domain:${postfix.hostname}`, certainty: 'derived' });
	assert.equal(attributed(arrived).ancestor, `bob@${postfix.hostname}`);
});

test('autoresponder and list', { skip }, async () => {
	const outside = { port: postfix.smtpPort, from: 'stranger@remote.test' };
	await submitAccepted({ ...outside, recipients: [autoresponder], message: message('to away', []) });
	assert.equal(seen(await agent.waitForSubject('away')).class, 'autoreply');
	await submitAccepted({ ...outside, recipients: [mailingList.address], message: message('to list', []) });
	const list = await agent.waitFor(({ from }) => from === mailingList.bounces);
	assert.equal(seen(list).class, 'list');
});

test("Postfix's own bounce", { skip }, async () => {
	agent.answer = (stage, value) => (stage === 'rcpt' && value === 'gone@remote.test' ? '550 5.1.1 gone' : undefined);
	const say = plainMessage({ from: 'user9@remote.test', to: 'gone@remote.test', subject: 'to gone' });
	await sendmail(postfix.box, { user: 'alice', arguments: '-i -f user9@remote.test gone@remote.test', message: say });
	const bounce = await agent.waitFor(
		({ from, recipients }) => from === '' && recipients[0]?.address === 'user9@remote.test',
	);
	assert.deepEqual(seen(bounce), { class: 'dsn', account: `uid:${postfixUser.uid}`, certainty: 'proved' });
});

test('a forged XFORWARD and Received: nobody, never the victim', { skip }, async () => {
	const forged =
		'Received: from x (x [192.0.2.1])\r\n\t(Authenticated sender: victim@site1.test)\r\n\tby plesk.example.test (Postfix) with ESMTPA id QFORGED01\r\n\tfor <x@remote.test>; x';
	await submitAccepted({
		port: postfix.smtpPort,
		from: 'victim@site1.test',
		before: ['XFORWARD NAME=x ADDR=192.0.2.1 SOURCE=REMOTE', 'XFORWARD IDENT=QFORGED01 PROTO=ESMTP HELO=x'],
		recipients: ['fwd@site1.test'],
		message: message('forged', [forged]),
	});
	const arrived = await agent.waitForSubject('forged');
	assert.equal(arrived.xforward.IDENT, 'QFORGED01');
	const { class: kind, account, alarms } = attributed(arrived);
	assert.deepEqual({ kind, account, alarms }, { kind: 'unattributed', account: '', alarms: ['wiring.ident-mismatch'] });
});

test('taken out, mail goes the former way', { skip }, async () => {
	const bare = removePostfix(await postfix.box.readFile(mainCfPath));
	assert.ok(bare.ok);
	await postfix.box.writeFile(mainCfPath, bare.value);
	await postfix.reload();
	await sendmail(postfix.box, { user: 'alice', message: message('unwired') });
	await direct.waitForSubject('unwired');
});
