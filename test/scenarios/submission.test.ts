/**
 * Remote applications over real TLS: what they may do, what is made of their mail, what receivers see of them.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { Client } from '../dialogs/client.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { headerValues } from '../internet/message.ts';
import { startRig } from './rig.ts';
import {
	application,
	credentialOf,
	type Login,
	mail,
	putAccount,
	submissionAt,
	submissionConfig,
	submissionRig,
} from './submission-rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const fresh = (): void => {
	for (const sink of Object.values(internet.sinks)) sink.forget();
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const plain = ({ user, pass }: Login): string => `AUTH PLAIN ${base64(`\0${user}\0${pass}`)}`;

/** TLS, EHLO and AUTH said by hand. */
async function loggedIn(address: { host: string; port: number }, login: Login): Promise<Client> {
	const client = await Client.open(address);
	await client.startTls();
	await client.reply();
	await client.say('EHLO client.test');
	assert.match(await client.say(plain(login)), /^235 /);
	return client;
}

test('submission is off unless an address is named', async (context) => {
	const rig = await startRig(context, { internet });
	assert.equal(rig.count('submission.listening'), 0);
	assert.equal(rig.agent.flow.health.problems().length, 0);
});

for (const kind of ['starttls', 'implicit'] as const)
	for (const method of ['PLAIN', 'LOGIN'] as const)
		test(`a real client sends by ${kind} and ${method}; the mail is the credential's`, async (context) => {
			fresh();
			const rig = await submissionRig(context, { internet });
			const login = await credentialOf(rig, 'shop');
			assert.match(login.user, /^c[0-9a-z]{7}$/);
			assert.match(login.pass, /^[0-9a-z]{28}$/);
			const sent = await application(context, rig, login, { kind, method }).sendMail(mail());
			assert.match(sent.response, /^250 2\.0\.0 \w{13} queued; see Outgoing mail$/);
			await rig.until(() => rig.count('message.finished') === 1);
			const [{ message = '' } = {}] = rig.events.filter(({ event }) => event === 'message.accepted');
			const { from } = await rig.trace(message);
			assert.deepEqual(
				{ ...from },
				{
					account: 'shop',
					identity: `credential:${login.user}`,
					class: 'mailbox',
					certainty: 'proved',
					evidence: `submission, auth=${login.user}`,
					client: '127.0.0.1',
				},
			);
			const [taken] = internet.accepted();
			const text = taken?.content.toString('latin1') ?? '';
			assert.match(
				text,
				/^Received: from app\.elsewhere\.test \(\[127\.0\.0\.1\]\)\r\n\tby relay\.rig\.test \(Sluice [0-9a-f]+\)\r\n\twith ESMTPSA id /,
			);
			assert.ok(!text.includes(login.user), 'the login goes no further');
		});

test('what we send with is ours: neither the address nor the name of the application', async (context) => {
	fresh();
	const rig = await submissionRig(context, { internet });
	const login = await credentialOf(rig, 'shop');
	// The application greets with the receiver's own name: to mail of the relay port that would be a loop.
	const name = 'ordinary.sink.test';
	const shop = application(context, rig, login, { name, localAddress: '127.0.0.77' });
	await shop.sendMail(mail());
	await rig.until(() => rig.count('message.finished') === 1);
	const [taken] = internet.accepted();
	assert.equal(rig.count('recipient.delivered'), 1);
	assert.equal(rig.count('loop.detected'), 0);
	assert.notEqual(taken?.peerAddress, '127.0.0.77');
	assert.equal(taken?.ehloName, 'relay.rig.test');
	assert.match(taken?.content.toString('latin1') ?? '', /^Received: from ordinary\.sink\.test \(\[127\.0\.0\.77\]\)/);
	// Nor does a report about it leave from there.
	fresh();
	await shop.sendMail(mail({ to: '550-no@ok.test' }));
	await rig.until(() => rig.count('dsn.sent') === 1 && internet.accepted().length === 1);
	const [report] = internet.accepted();
	assert.deepEqual(report?.acceptedRecipients, ['orders@shop.test']);
	assert.notEqual(report?.peerAddress, '127.0.0.77');
	assert.equal(report?.ehloName, 'relay.rig.test');
});

test('wiring words of an application are believed by nobody and go no further', async (context) => {
	fresh();
	const rig = await submissionRig(context, { internet, isWired: true });
	const login = await credentialOf(rig, 'shop');
	await application(context, rig, login).sendMail(
		mail({ headers: { 'X-Sluice-Sender': 'v=1; s=x; proto=local; uid=0', 'X-Sluice-Other': 'y' } }),
	);
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(rig.events.find(({ event }) => event === 'message.accepted')?.identity, `credential:${login.user}`);
	assert.equal(rig.count('attribution.alarm'), 0);
	assert.doesNotMatch(internet.accepted()[0]?.content.toString('latin1') ?? '', /x-sluice/i);
});

test('only own domains, in MAIL FROM and in From, however From is written', async (context) => {
	fresh();
	const rig = await submissionRig(context, { internet });
	await putAccount(rig, 'other', ['other.test']);
	const login = await credentialOf(rig, 'shop');
	const only = await credentialOf(rig, 'shop', ['tienda.test']);
	const shop = application(context, rig, login);
	const tienda = application(context, rig, only);
	const refused = { responseCode: 550 };
	await shop.sendMail(mail());
	await shop.sendMail(mail({ from: 'a@TIENDA.test' }));
	await tienda.sendMail(mail({ from: 'a@tienda.test' }));
	await assert.rejects(tienda.sendMail(mail()), refused);
	await assert.rejects(shop.sendMail(mail({ from: 'a@other.test' })), refused);
	await assert.rejects(shop.sendMail(mail({ from: 'a@nobody.test' })), refused);
	const envelope = { from: 'orders@shop.test', to: ['b@ok.test'] };
	await assert.rejects(shop.sendMail(mail({ from: 'a@other.test', envelope })), refused);
	// From is its own and MAIL FROM is not: refused before a byte of the message.
	const byHand = await loggedIn(submissionAt(rig, 'implicit'), login);
	assert.match(await byHand.say('MAIL FROM:<a@other.test>'), /^550 5\.7\.1 /);
	assert.match(await byHand.say('MAIL FROM:<orders@shop.test>'), /^250 /);
	byHand.drop();
	// The null reverse-path is nobody's: From decides.
	await shop.sendMail(mail({ envelope: { from: '', to: ['b@ok.test'] } }));
	await assert.rejects(
		shop.sendMail(mail({ from: 'a@other.test', envelope: { from: '', to: ['b@ok.test'] } })),
		refused,
	);
	const raws = [
		'Subject: none at all',
		'From: a@other.test, orders@shop.test',
		'From: orders@shop.test\r\nFrom: a@other.test',
		'From: boss@other.test <orders@shop.test>',
		'From: orders@shop.test <a@other.test>',
		'From: (comment <orders@shop.test>) a@other.test',
		'From: "unended <orders@shop.test>',
		'From: team: a@other.test;',
		'From:',
	];
	for (const raw of raws)
		await assert.rejects(shop.sendMail({ envelope, raw: `${raw}\r\n\r\ntext\r\n` }), refused, raw);
	const fine = 'From: "a@other.test, (odd" (so) <orders@shop.test>\r\nSubject: x\r\n\r\ntext\r\n';
	await shop.sendMail({ envelope, raw: fine });
	await rig.until(() => rig.count('message.finished') === 5);
	assert.equal(rig.count('message.accepted'), 5);
	assert.ok(rig.count('session.refused', { fault: 'senderNotAllowed', account: 'shop' }) >= raws.length);
	// The domain has come to somebody else meanwhile: what was allowed is no longer.
	await putAccount(rig, 'shop', ['shop.test']);
	await putAccount(rig, 'other', ['other.test', 'tienda.test']);
	await assert.rejects(tienda.sendMail(mail({ from: 'a@tienda.test' })), refused);
});

test('a missing Date and Message-ID are added, those that are there stay', async (context) => {
	fresh();
	const rig = await submissionRig(context, { internet });
	const shop = application(context, rig, await credentialOf(rig, 'shop'));
	const envelope = { from: 'orders@shop.test', to: ['b@ok.test'] };
	await shop.sendMail({ envelope, raw: 'From: orders@shop.test\r\nSubject: bare\r\n\r\n.dot\r\n' });
	await rig.until(() => rig.count('message.finished') === 1);
	const bare = internet.accepted()[0]?.content ?? Buffer.alloc(0);
	assert.match(headerValues(bare, 'date').join(), /^ ?\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
	assert.match(headerValues(bare, 'message-id').join(), /^ ?<[a-z0-9.]+@shop\.test>$/);
	const taken = internet.accepted()[0]?.raw.toString('latin1') ?? '';
	const [accepted] = rig.events.filter(({ event }) => event === 'message.accepted');
	assert.equal(accepted?.bytes, taken.length - taken.indexOf('Date:'), 'what was added is counted');
	assert.ok(bare.toString('latin1').endsWith('From: orders@shop.test\r\nSubject: bare\r\n\r\n.dot\r\n'));
	fresh();
	const own =
		'date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMESSAGE-ID: <x@shop.test>\r\nFrom: orders@shop.test\r\n\r\ntext\r\n';
	await shop.sendMail({ envelope, raw: own });
	await rig.until(() => rig.count('message.finished') === 2);
	const kept = internet.accepted()[0]?.content.toString('latin1') ?? '';
	assert.equal(kept.slice(kept.indexOf('date:')), own);
});

test('a credential revoked while connected ends at its next command, in DATA at its end; 535 from then on', async (context) => {
	const rig = await submissionRig(context, { internet });
	const login = await credentialOf(rig, 'shop');
	const address = submissionAt(rig, 'implicit');
	const idle = await loggedIn(address, login);
	const inData = await loggedIn(address, login);
	await inData.say('MAIL FROM:<orders@shop.test>');
	await inData.say('RCPT TO:<b@ok.test>');
	assert.match(await inData.say('DATA'), /^354/);
	const revoked = await rig.client.call('revokeCredential', { params: { id: login.user } });
	assert.ok(revoked.ok);
	assert.match(await idle.say('NOOP'), /^421 4\.7\.0 /);
	await idle.closed();
	assert.match(await inData.say('From: orders@shop.test\r\n\r\ntext\r\n.'), /^421 4\.7\.0 /);
	await inData.closed();
	assert.equal(rig.count('message.accepted'), 0);
	await assert.rejects(application(context, rig, login).verify(), { responseCode: 535 });
	const audit = await rig.client.call('audit', { query: { limit: 10 } });
	assert.ok(audit.ok);
	assert.deepEqual(
		audit.value.items.filter(({ act }) => act.startsWith('credential.')).map(({ act, actor }) => `${act} ${actor}`),
		['credential.revoked admin scenario', 'credential.made admin scenario'],
	);
	assert.equal(rig.count('credential.revoked', { credential: login.user }), 1);
});

test('an account that is suspended logs in and its mail is held; one that is gone does neither', async (context) => {
	const rig = await submissionRig(context, { internet });
	const login = await credentialOf(rig, 'shop');
	await putAccount(rig, 'shop', ['shop.test'], 'suspended');
	const shop = application(context, rig, login);
	assert.match((await shop.sendMail(mail())).response, /^250 .* held; /);
	const connected = await loggedIn(submissionAt(rig, 'implicit'), login);
	const gone = await rig.client.call('deleteAccount', {
		params: { id: 'shop' },
		query: { revision: Date.UTC(2027, 0, 1) },
	});
	assert.ok(gone.ok, JSON.stringify(gone));
	assert.match(await connected.say('NOOP'), /^421 /);
	await assert.rejects(shop.sendMail(mail()), { responseCode: 535 });
});

test('credentials outlive a restart; the password is nowhere on the disk', async (context) => {
	const rig = await submissionRig(context, { internet });
	const login = await credentialOf(rig, 'shop');
	await application(context, rig, login).verify();
	const next = await rig.restart();
	await application(context, next, login).verify();
	const listed = await next.client.call('listCredentials', {});
	assert.ok(listed.ok);
	assert.equal(listed.value.items.length, 1);
	assert.ok(listed.value.items[0]?.lastUsed !== undefined);
	assert.ok(!JSON.stringify(listed.value).includes('scrypt'), 'no hash in an answer');
	const stored = JSON.stringify(next.agent.flow.state.documents('credential'));
	assert.match(stored, /"hash":"scrypt\$15\$8\$1\$/);
	assert.ok(!stored.includes(login.pass));
	assert.ok(!JSON.stringify([...rig.events, ...next.events]).includes(login.pass));
});

test('each sees and makes credentials of its own accounts only', async (context) => {
	const rig = await submissionRig(context, { internet });
	await putAccount(rig, 'other', ['other.test']);
	const own = await credentialOf(rig, 'shop');
	const others = await credentialOf(rig, 'other');
	const { createClient } = await import('@sluice/shared/client/client.ts');
	const shop = createClient(rig.agent.socketPath, { role: 'account', id: 'shop' });
	const listed = await shop.call('listCredentials', {});
	assert.ok(listed.ok);
	assert.deepEqual(
		listed.value.items.map(({ id }) => id),
		[own.user],
	);
	const codeOf = (result: { ok: boolean; error?: unknown }): string =>
		result.ok ? 'ok' : ((result.error as { type?: string; code?: string }).type ?? JSON.stringify(result.error));
	const make = (account: string, senderDomains: string[] = []) =>
		shop.call('createCredential', { body: { account, name: 'x', senderDomains } });
	assert.match(codeOf(await make('other')), /not-found/);
	assert.match(codeOf(await make('nobody')), /not-found/);
	assert.match(codeOf(await make('shop', ['other.test'])), /invalid/);
	assert.match(codeOf(await make('shop', ['gmail.com'])), /invalid/);
	assert.equal(codeOf(await make('shop', ['tienda.test'])), 'ok');
	assert.match(codeOf(await shop.call('revokeCredential', { params: { id: others.user } })), /not-found/);
	assert.equal(codeOf(await shop.call('revokeCredential', { params: { id: own.user } })), 'ok');
	// An administrator may name a stranger's domain, and an account that no panel knows; never another account's domain.
	const admin = (account: string, senderDomains: string[]) =>
		rig.client.call('createCredential', { body: { account, name: 'x', senderDomains } });
	assert.equal(codeOf(await admin('saas', ['app.example'])), 'ok');
	assert.match(codeOf(await admin('saas', [])), /invalid/);
	assert.match(codeOf(await admin('saas', ['shop.test'])), /invalid/);
});

test('a port that somebody has is a problem of submission alone, and ends with its cause', async (context) => {
	const other = createServer();
	await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
	const { port } = other.address() as { port: number };
	context.after(() => other.close());
	const rig = await startRig(context, {
		internet,
		config: { submission: submissionConfig({ listen: [`127.0.0.1:${port}`] }) },
	});
	const [problem] = rig.agent.flow.health.problems();
	assert.equal(rig.agent.flow.health.problems().length, 1);
	assert.match(problem?.text ?? '', /submission\.listen: port \d+ of 127\.0\.0\.1:\d+ belongs to /);
	if (existsSync('/proc/net/tcp')) assert.match(problem?.text ?? '', new RegExp(`\\(pid ${process.pid}\\)`));
	assert.equal(problem?.stops, 'nothing');
	await rig.send({ to: ['b@ok.test'] });
	assert.equal(rig.count('submission.listening'), 1);
});

test('a certificate that is not there is a problem of submission alone', async (context) => {
	const rig = await startRig(context, {
		internet,
		config: { submission: submissionConfig({ tls: { certFile: '/nowhere.crt', keyFile: '/nowhere.key' } }) },
	});
	assert.deepEqual(
		rig.agent.flow.health.problems().map(({ code }) => code),
		['submission-certificate'],
	);
	assert.equal(rig.count('submission.listening'), 0);
	await rig.send({ to: ['b@ok.test'] });
});

test('a hundred logins at once stall nobody, and all get in', async (context) => {
	const rig = await submissionRig(context, { internet });
	const logins: Login[] = [];
	for (let count = 0; count < 5; count++) logins.push(await credentialOf(rig, 'shop'));
	let longest = 0;
	let last = performance.now();
	const beat = setInterval(() => {
		longest = Math.max(longest, performance.now() - last - 5);
		last = performance.now();
	}, 5);
	context.after(() => clearInterval(beat));
	const address = submissionAt(rig, 'implicit');
	const clients = await Promise.all(
		Array.from({ length: 100 }, (_, index) => loggedIn(address, logins[index % logins.length] as Login)),
	);
	for (const client of clients) client.drop();
	assert.equal(rig.count('submission.login', { outcome: 'ok' }), 100);
	// A password checked on the loop would be 100 times 0.1 s in one piece; handshakes of a hundred clients in this same process are not nothing.
	assert.ok(longest < 1_000, `the loop stood for ${longest.toFixed(0)} ms`);
});
