/**
 * The wiring as the product renders it, in a real Exim: the checks see a good one and find broken ones, and what arrives is
 * attributed to who sent it. The rows are those of core/identity's tests; here Exim itself writes the header.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { attribute } from '@sluice/agent/core/identity/attribute.ts';
import { type AttributionSettings, noAccounts } from '@sluice/agent/core/identity/facts.ts';
import { type CommandCheck, failureOf } from '@sluice/shared/mta/checks.ts';
import { type EximBlocks, insertExim, plainPlaces, removeExim, renderExim } from '@sluice/shared/mta/exim.ts';
import { checksExim } from '@sluice/shared/mta/exim-checks.ts';
import { cpanelStockNames, readEximStock } from '@sluice/shared/mta/exim-stock.ts';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { boxesUnavailable } from './box.ts';
import { type Exim, eximUser, startExim } from './exim.ts';
import { eximConfiguration } from './exim-configuration.ts';
import { plainMessage } from './message.ts';
import { type Recorder, startRecorder, type Transaction } from './recorder.ts';
import { autoresponder, bobForwardsTo, mailingList, user1 } from './sites.ts';
import { submitAccepted } from './submit.ts';
import { phpMail, sendmail } from './unix-mail.ts';
import { fixtureBypassPath, fixtureSecret, fixtureSecretPath, placeFixtureSecret } from './wiring-fixture.ts';

const skip = (await boxesUnavailable()) ?? false;

let agent: Recorder;
let exim: Exim;
let stockConfig: string;
let blocks: EximBlocks;
let settings: AttributionSettings;

before(async () => {
	if (skip) return;
	agent = await startRecorder();
	stockConfig = eximConfiguration({
		hostname: 'cpanel.example.test',
		smtpPort: 2,
		submissionPort: 3,
		direct: { host: '127.0.0.1', port: agent.port },
	});
	blocks = renderExim({
		agentPort: agent.port,
		secretPath: fixtureSecretPath,
		bypassPath: fixtureBypassPath,
		stock: readEximStock(stockConfig, cpanelStockNames),
	});
	exim = await startExim({ directPort: agent.port, wiring: blocks, name: 'exim-wiring', ttlSeconds: 300 });
	await placeFixtureSecret(exim.box);
	settings = {
		mta: 'exim',
		secrets: [fixtureSecret],
		hostNames: [exim.hostname],
		eximUid: eximUser.uid,
		listUserIds: [7010],
	};
});

after(async () => {
	await exim?.stop();
	await agent?.stop();
});

const checks = (configPath?: string): readonly CommandCheck[] =>
	checksExim({
		program: '/usr/sbin/exim4',
		agentPort: agent.port,
		restart: ['/bin/true'],
		ownAddress: 'user1@site1.test',
		remoteAddress: 'probe@remote.test',
		aliasAddress: 'fwd@site1.test',
		hasSrs: true,
		...(configPath === undefined ? {} : { configPath }),
	}).filter((check) => check.kind === 'command');

/** Ids of the checks that fail, in order. */
async function failing(configPath?: string): Promise<string[]> {
	const failed: string[] = [];
	for (const check of checks(configPath)) {
		const { code, stdout, stderr } =
			check.runAs === 'root'
				? await exim.box.run(check.command, { allowFailure: true })
				: await exim.box.runAs('nobodyphp', check.command.join(' '), { allowFailure: true });
		const failure = failureOf(check, { exitCode: code, output: `${stdout}\n${stderr}` });
		if (failure !== undefined) failed.push(check.id);
		if (failure !== undefined && configPath === undefined) console.log(check.id, failure, stdout, stderr);
	}
	return failed;
}

test('Exim takes the rendered text, and every check passes', { skip }, async () => {
	assert.deepEqual(await failing(), []);
});

test('put into one file behind its lines it works the same, and taken out the file is as before', {
	skip,
}, async () => {
	const path = '/etc/exim4/placed.conf';
	const placed = insertExim(stockConfig, blocks, plainPlaces({ aclNotSmtp: 'acl_local', aclMail: 'acl_mail' }));
	assert.ok(placed.ok);
	await exim.box.writeFile(path, placed.value);
	assert.deepEqual(await failing(path), []);
	assert.deepEqual(removeExim(placed.value), { ok: true, value: stockConfig });
});

const mistakes: readonly (readonly [name: string, change: (wired: string) => string, found: string])[] = [
	[
		'unknown option',
		(text) => text.replace('  self = send\n  no_more\n# END', '  self = send\n  nomore\n# END'),
		'exim.syntax',
	],
	[
		'transport that does not exist',
		(text) => text.replaceAll('{sluice_remote_smtp}', '{sluice_remote_smpt}'),
		'exim.route',
	],
	['one colon before the port', (text) => text.replace('127.0.0.1::', '127.0.0.1:'), 'exim.route'],
	['no self = send', (text) => text.replace('  self = send\n  no_more\n# END', '  no_more\n# END'), 'exim.route'],
	['brace too few in the header', (text) => text.replace('{${readfile{', '{${readfile{{'), 'exim.route'],
	['unknown variable in the header', (text) => text.replace('$message_exim_id', '$message_exim_idd'), 'exim.route'],
	['condition the wrong way round', (text) => text.replace('{no}{yes}}', '{yes}{no}}'), 'exim.route'],
	[
		'retry rule behind the stock one',
		(text) => text.replace('# BEGIN sluice retry', '* * F,2h,15s\n# BEGIN sluice retry'),
		'exim.retry',
	],
	['hide forgotten', (text) => text.replace('hide headers_add', 'headers_add'), 'exim.secret-hidden'],
];
for (const [name, change, found] of mistakes) {
	test(`a mistake is found: ${name}`, { skip }, async () => {
		const placed = insertExim(stockConfig, blocks, plainPlaces({ aclNotSmtp: 'acl_local', aclMail: 'acl_mail' }));
		assert.ok(placed.ok);
		const broken = change(placed.value);
		assert.notEqual(broken, placed.value);
		await exim.box.writeFile('/etc/exim4/broken.conf', broken);
		assert.ok((await failing('/etc/exim4/broken.conf')).includes(found));
	});
}

function attributed(transaction: Transaction): { readonly attribution: Attribution; readonly sent: string } {
	const headerText = transaction.message.slice(0, transaction.message.indexOf('\r\n\r\n') + 4);
	const { attribution, cuts } = attribute(
		{
			headerText,
			envelope: {
				reversePath: transaction.from,
				recipients: transaction.recipients.map(({ address }) => ({ address })),
				has8bit: false,
				smtpUtf8: false,
			},
			helo: transaction.ehlo,
			peerAddress: transaction.peer,
			peerProved: true,
			xforward: {},
		},
		settings,
		noAccounts,
	);
	const sent = cuts.reduceRight((text, [start, end]) => text.slice(0, start) + text.slice(end), headerText);
	return { attribution, sent };
}

const seen = (transaction: Transaction) => {
	const { attribution, sent } = attributed(transaction);
	assert.doesNotMatch(sent, /^x-sluice/im);
	assert.deepEqual(attribution.alarms, []);
	return { class: attribution.class, account: attribution.account, certainty: attribution.certainty };
};

const message = (subject: string, headers: readonly string[] = []) =>
	plainMessage({ from: 'a@site1.test', to: 'x@remote.test', subject, headers });

test('AUTH, with forged copies: the mailbox, and nothing of the copies', { skip }, async () => {
	const forged = [
		'x-sluice-sender: v=1; s=x',
		'X-Sluice-Sender : v=1',
		'X-Sluice-Sender\t: v=1',
		'X-Sluice-Sender:\r\n v=1',
	];
	const say = message('auth', forged);
	await submitAccepted({
		port: exim.submissionPort,
		auth: user1,
		from: user1.user,
		recipients: ['x@remote.test'],
		message: say,
	});
	const arrived = await agent.waitForSubject('auth');
	assert.deepEqual(seen(arrived), { class: 'mailbox', account: 'domain:site1.test', certainty: 'proved' });
	assert.equal(attributed(arrived).attribution.clientAddress, '127.0.0.1');
});

test('sendmail from a directory that would write a header: the uid and the directory, exactly', { skip }, async () => {
	const cwd = '/home/alice/a\nX-Evil: 1\r;\xe9';
	await exim.box.makeFolder(cwd, { owner: 'alice' });
	await sendmail(exim.box, { user: 'alice', message: message('evil'), cwd });
	const arrived = await agent.waitForSubject('evil');
	assert.deepEqual(seen(arrived), { class: 'script', account: 'uid:7001', certainty: 'proved' });
	assert.equal(attributed(arrived).attribution.directory, '/home/alice/a\\x0aX-Evil: 1\\x0d;é');
	assert.equal(
		arrived.headers.some(({ name }) => name === 'X-Evil'),
		false,
	);
});

test('exim -bs by a tenant: his uid, whatever he says', { skip }, async () => {
	const dialog = `EHLO x\nMAIL FROM:<ceo@site2.test>\nRCPT TO:<x@remote.test>\nDATA\nSubject: bs\n\nx\n.\nQUIT\n`;
	await exim.box.runAs('alice', '/usr/sbin/exim4 -bs', { input: dialog.replaceAll('\n', '\r\n'), cwd: '/tmp' });
	const arrived = await agent.waitForSubject('bs');
	assert.deepEqual(seen(arrived), { class: 'script', account: 'uid:7001', certainty: 'proved' });
	assert.equal(attributed(arrived).attribution.directory, '/tmp');
});

test('PHP mail(), and root', { skip }, async () => {
	await phpMail(exim.box, {
		user: 'webuser',
		script: '/home/webuser/public_html/blog/form.php',
		to: 'x@remote.test',
		subject: 'php',
	});
	const php = await agent.waitForSubject('php');
	assert.deepEqual(seen(php), { class: 'script', account: 'uid:7003', certainty: 'proved' });
	assert.equal(attributed(php).attribution.hint.script, '7003:form.php');
	await exim.box.run(['/usr/sbin/sendmail', '-t', '-i'], { input: message('root').replaceAll('\r\n', '\n') });
	assert.deepEqual(seen(await agent.waitForSubject('root')), {
		class: 'system',
		account: 'uid:0',
		certainty: 'proved',
	});
});

test('alias and .forward from outside: the address that forwards, and an SRS sender', { skip }, async () => {
	const outside = { port: exim.smtpPort, from: 'stranger@outside.test' };
	await submitAccepted({ ...outside, recipients: ['fwd@site1.test'], message: message('alias') });
	const alias = await agent.waitForSubject('alias');
	assert.deepEqual(seen(alias), { class: 'forward', account: 'domain:site1.test', certainty: 'derived' });
	assert.match(alias.from, /^SRS0=.*=outside\.test=stranger@site1\.test$/);
	await submitAccepted({ ...outside, recipients: [`bob@${exim.hostname}`], message: message('dot-forward') });
	const dot = await agent.waitForSubject('dot-forward');
	assert.equal(dot.recipients[0]?.address, bobForwardsTo);
	assert.deepEqual(seen(dot), { class: 'forward', account: `domain:${exim.hostname}`, certainty: 'derived' });
	assert.equal(attributed(dot).attribution.ancestor, `bob@${exim.hostname}`);
});

test('autoresponder and list', { skip }, async () => {
	const outside = { port: exim.smtpPort, from: 'stranger@remote.test' };
	await submitAccepted({ ...outside, recipients: [autoresponder], message: message('to away') });
	assert.equal(seen(await agent.waitForSubject('away')).class, 'autoreply');
	await submitAccepted({ ...outside, recipients: [mailingList.address], message: message('to list') });
	const list = await agent.waitFor(({ from }) => from === mailingList.bounces);
	assert.deepEqual(seen(list), { class: 'list', account: 'domain:site1.test', certainty: 'derived' });
});

test("Exim's own bounce", { skip }, async () => {
	agent.answer = (stage, value) => (stage === 'rcpt' && value === 'gone@remote.test' ? '550 5.1.1 gone' : undefined);
	const say = plainMessage({ from: 'user9@remote.test', to: 'gone@remote.test', subject: 'to gone' });
	await sendmail(exim.box, { user: 'alice', arguments: '-i -f user9@remote.test gone@remote.test', message: say });
	const bounce = await agent.waitFor(
		({ from, recipients }) => from === '' && recipients[0]?.address === 'user9@remote.test',
	);
	assert.deepEqual(seen(bounce), { class: 'dsn', account: `uid:${eximUser.uid}`, certainty: 'proved' });
});

test('bypass: the stock route at once, without a wiring header', { skip }, async () => {
	await exim.box.writeFile(fixtureBypassPath, '');
	await sendmail(exim.box, { user: 'alice', message: message('bypassed') });
	const arrived = await agent.waitForSubject('bypassed');
	await exim.box.removeFile(fixtureBypassPath);
	assert.equal(
		arrived.headers.some(({ name }) => /sluice/i.test(name)),
		false,
	);
	assert.deepEqual(attributed(arrived).attribution.alarms, ['wiring.header-missing']);
});

test('secret not to be seen (as in a jail): mail flows, the uid is derived with an alarm', { skip }, async () => {
	await exim.box.removeFile(fixtureSecretPath);
	await sendmail(exim.box, { user: 'alice', message: message('no secret') });
	const { attribution } = attributed(await agent.waitForSubject('no secret'));
	await placeFixtureSecret(exim.box);
	assert.equal(attribution.account, 'uid:7001');
	assert.equal(attribution.certainty, 'derived');
	assert.deepEqual(attribution.alarms, ['wiring.secret-missing']);
});

test('a stock header with a blank line of a tenant in it does not put the secret into the content', {
	skip,
}, async () => {
	const hostile = renderExim({
		agentPort: agent.port,
		secretPath: fixtureSecretPath,
		bypassPath: fixtureBypassPath,
		stock: { ...readEximStock(stockConfig, cpanelStockNames), headersAdd: 'X-Source-Dir: $acl_m_sluice_cwd' },
	});
	const placed = insertExim(stockConfig, hostile, plainPlaces({ aclNotSmtp: 'acl_local', aclMail: 'acl_mail' }));
	assert.ok(placed.ok);
	const before = await exim.box.readFile('/etc/exim4/exim4.conf');
	await exim.box.writeFile('/etc/exim4/exim4.conf', placed.value);
	const cwd = '/home/alice/a\n\nb';
	await exim.box.makeFolder(cwd, { owner: 'alice' });
	await sendmail(exim.box, { user: 'alice', message: message('blank line'), cwd });
	const arrived = await agent.waitForSubject('blank line');
	await exim.box.writeFile('/etc/exim4/exim4.conf', before);
	assert.match(arrived.message, /X-Source-Dir: \/home\/alice\/a\r\n\r\nb\r\n/, 'or this shows nothing');
	assert.deepEqual(seen(arrived), { class: 'script', account: 'uid:7001', certainty: 'proved' });
	assert.ok(!arrived.message.slice(arrived.message.indexOf('\r\n\r\n')).includes(fixtureSecret));
});
