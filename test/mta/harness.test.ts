/**
 * The harness itself: what the real Exim and Postfix send when they are wired by the fixture.
 *
 * Each kind of submission once through each MTA into a recorder, with the facts that attribution later lives on. A failure
 * here means that the boxes, the fixture or Debian's packages changed, not the product.
 */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { boxesUnavailable } from './box.ts';
import { type Exim, eximUser, startExim } from './exim.ts';
import { plainMessage } from './message.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import { headerOf, type Recorder, startRecorder, type Transaction } from './recorder.ts';
import { autoresponder, bobForwardsTo, mailingList, user1, user2 } from './sites.ts';
import { submit, submitAccepted } from './submit.ts';
import { phpMail, sendmail } from './unix-mail.ts';
import { until } from './until.ts';
import {
	decodedWiring,
	eximWiringFixture,
	fixtureBypassPath,
	fixtureSecret,
	placeFixtureSecret,
	postfixWiringFixture,
} from './wiring-fixture.ts';

const skip = (await boxesUnavailable()) ?? false;

const rcpt = 'someone@remote.test';
const stranger = 'stranger@outside.test';
const addressesOf = (transaction: Transaction) => transaction.recipients.map((recipient) => recipient.address);

suite('Exim in a box', { skip }, () => {
	let direct: Recorder;
	let agent: Recorder;
	let exim: Exim;

	before(async () => {
		[direct, agent] = await Promise.all([startRecorder(), startRecorder()]);
		exim = await startExim({ directPort: direct.port, wiring: eximWiringFixture(agent.port) });
		await placeFixtureSecret(exim.box);
	});
	after(async () => {
		await exim?.stop();
		await Promise.all([direct?.stop(), agent?.stop()]);
	});

	const wiringOf = (transaction: Transaction) => {
		const copies = transaction.headers.filter((header) => header.name.toLowerCase() === 'x-sluice-sender');
		assert.equal(copies.length, 1, 'one wiring header');
		const wiring = decodedWiring(copies[0]!.value)!;
		assert.equal(wiring.s, fixtureSecret);
		return wiring;
	};
	const submission = (subject: string, headers: readonly string[] = []) => ({
		port: exim.submissionPort,
		auth: user1,
		from: user1.user,
		recipients: [rcpt],
		message: plainMessage({ from: user1.user, to: rcpt, subject, headers }),
	});
	const fromOutside = (to: string, subject: string, from = stranger) => ({
		port: exim.smtpPort,
		from,
		recipients: [to],
		message: plainMessage({ from: stranger, to, subject }),
	});

	test('an authenticated submission carries the mailbox, from the site’s address and by its name', async () => {
		await submitAccepted(submission('auth', ['X-Sluice-Sender: v=1; s=forged; auth=victim']));
		const seen = await agent.waitForSubject('auth');
		const { proto, auth, uid, port, cwd, anc } = wiringOf(seen);
		const expected = {
			proto: 'esmtpa',
			auth: user1.user,
			uid: String(eximUser.uid),
			port: String(exim.submissionPort),
		};
		assert.deepEqual({ proto, auth, uid, port }, expected);
		assert.deepEqual([cwd, anc], ['', '']);
		assert.deepEqual([seen.from, addressesOf(seen)], [user1.user, [rcpt]]);
		assert.deepEqual([seen.peer, seen.ehlo], ['127.0.0.2', 'mail.site1.test']);
		assert.equal(seen.headers[0]?.name, 'DKIM-Signature');
	});

	test('a wrong password is refused at AUTH', async () => {
		const replies = await submit({ ...submission('never'), auth: { ...user1, password: 'wrong' } });
		assert.equal(replies.auth?.code, 535);
		assert.equal(replies.mail, undefined);
	});

	test('sendmail carries the unix user and the working directory', async () => {
		const message = plainMessage({ from: 'alice@site1.test', to: rcpt, subject: 'sendmail' });
		await sendmail(exim.box, { user: 'alice', message });
		const seen = await agent.waitForSubject('sendmail');
		const { proto, auth, uid, ident, cwd } = wiringOf(seen);
		const expected = { proto: 'local', auth: 'alice', uid: '7001', ident: 'alice', cwd: '/home/alice' };
		assert.deepEqual({ proto, auth, uid, ident, cwd }, expected);
		assert.equal(seen.from, `alice@${exim.hostname}`);
	});

	test('PHP mail() carries the unix user and the script’s folder', async () => {
		await phpMail(exim.box, {
			user: 'webuser',
			script: '/home/webuser/public_html/blog/contact.php',
			to: rcpt,
			subject: 'php',
			headers: ['From: shop@site2.test'],
			parameters: '-fshop@site2.test',
		});
		const seen = await agent.waitForSubject('php');
		const { proto, uid, cwd } = wiringOf(seen);
		assert.deepEqual({ proto, uid, cwd }, { proto: 'local', uid: '7003', cwd: '/home/webuser/public_html/blog' });
		assert.equal(seen.from, 'shop@site2.test');
		assert.deepEqual([seen.peer, seen.ehlo], ['127.0.0.3', 'mail.site2.test']);
		assert.equal(headerOf(seen, 'X-PHP-Originating-Script'), '7003:contact.php');
	});

	test('an alias forwards with SRS and names the ancestor of each recipient', async () => {
		await submitAccepted(fromOutside('list@site1.test', 'alias'));
		const both = await Promise.all(
			['a@remote.test', 'b@remote.test'].map((to) =>
				agent.waitFor((each) => headerOf(each, 'Subject') === 'alias' && addressesOf(each).includes(to)),
			),
		);
		for (const seen of both) {
			assert.match(seen.from, /^SRS0=.+=outside\.test=stranger@site1\.test$/);
			assert.equal(wiringOf(seen).anc, 'list@site1.test');
		}
	});

	test('a .forward names its user', async () => {
		await submitAccepted(fromOutside(`bob@${exim.hostname}`, 'forward'));
		const seen = await agent.waitForSubject('forward');
		assert.equal(wiringOf(seen).anc, `bob@${exim.hostname}`);
		assert.deepEqual(addressesOf(seen), [bobForwardsTo]);
	});

	test('a bounce comes with the null reverse-path and Exim’s own uid', async () => {
		agent.answer = (stage, value) => (stage === 'rcpt' && value.startsWith('refused') ? '550 5.1.1 no' : undefined);
		const message = plainMessage({ from: 'alice@site1.test', to: 'refused@remote.test', subject: 'refused' });
		await sendmail(exim.box, { user: 'alice', arguments: '-t -i -f elsewhere@remote.test', message });
		const seen = await agent.waitFor((each) => each.from === '' && addressesOf(each)[0] === 'elsewhere@remote.test');
		agent.answer = undefined;
		const { proto, uid } = wiringOf(seen);
		assert.deepEqual({ proto, uid }, { proto: 'local', uid: String(eximUser.uid) });
		assert.match(seen.message, /550 5\.1\.1 no/);
	});

	test('a pipe auto-responder and a mailing list come as their unix users', async () => {
		await submitAccepted(fromOutside(autoresponder, 'to-away'));
		const answer = await agent.waitForSubject('away');
		assert.deepEqual([answer.from, wiringOf(answer).uid], ['', '7001']);
		await submitAccepted(fromOutside(mailingList.address, 'post'));
		const post = await agent.waitForSubject('post');
		assert.deepEqual([post.from, wiringOf(post).uid], [mailingList.bounces, '7010']);
		assert.ok(mailingList.members.includes(addressesOf(post)[0] as (typeof mailingList.members)[number]));
	});

	test('mail for own mailboxes stays', async () => {
		await submitAccepted({ ...submission('inside'), recipients: [user2.user] });
		await exim.queueEmpty();
		assert.match(await exim.mailbox(user2.user), /^Subject: inside\r?$/m);
		assert.ok(!agent.transactions.some((each) => headerOf(each, 'Subject') === 'inside'));
	});

	test('a refused agent leaves mail queued, and kick() sends it', async () => {
		agent.answer = (stage) => (stage === 'mail' ? '452 4.3.1 disk low' : undefined);
		await submitAccepted(submission('deferred'));
		await until(async () => (await exim.log()).includes('452 4.3.1 disk low'), {
			waitMs: 15_000,
			otherwise: () => exim.log(),
		});
		const [queued] = await exim.queue();
		assert.deepEqual([queued?.sender, queued?.recipients, queued?.isFrozen], [user1.user, [rcpt], false]);
		agent.answer = undefined;
		await exim.kick();
		await agent.waitForSubject('deferred');
		await exim.queueEmpty();
	});

	test('bypass file and unwire() take the stock route, with the same envelope, source and headers', async () => {
		await exim.box.writeFile(fixtureBypassPath, '');
		await submitAccepted(submission('bypassed'));
		const bypassed = await direct.waitForSubject('bypassed');
		await exim.box.removeFile(fixtureBypassPath);
		await exim.unwire();
		await submitAccepted(submission('unwired'));
		const unwired = await direct.waitForSubject('unwired');
		await exim.wire(eximWiringFixture(agent.port));
		await submitAccepted(submission('wired again'));
		const wired = await agent.waitForSubject('wired again');
		for (const seen of [bypassed, unwired]) {
			assert.equal(headerOf(seen, 'X-Sluice-Sender'), undefined);
			assert.deepEqual([seen.peer, seen.ehlo, seen.from], [wired.peer, wired.ehlo, wired.from]);
			const names = (each: Transaction) =>
				each.headers.map((header) => header.name).filter((name) => name !== 'X-Sluice-Sender');
			assert.deepEqual(names(seen), names(wired));
		}
	});

	test('a wiring that Exim cannot read is refused and the former one stays', async () => {
		await assert.rejects(exim.wire({ routers: 'broken:\n  driver = nonsense\n' }), /nonsense/);
		await submitAccepted(submission('still wired'));
		wiringOf(await agent.waitForSubject('still wired'));
		assert.equal(await exim.panicLog(), '');
	});
});

suite('Postfix in a box', { skip }, () => {
	let direct: Recorder;
	let agent: Recorder;
	let postfix: Postfix;

	before(async () => {
		[direct, agent] = await Promise.all([startRecorder(), startRecorder()]);
		postfix = await startPostfix({ directPort: direct.port, settings: postfixWiringFixture(agent.port) });
	});
	after(async () => {
		await postfix?.stop();
		await Promise.all([direct?.stop(), agent?.stop()]);
	});

	const submission = (subject: string) => ({
		port: postfix.submissionPort,
		auth: user2,
		from: user2.user,
		recipients: [rcpt],
		message: plainMessage({ from: user2.user, to: rcpt, subject }),
	});
	const fromOutside = (to: string, subject: string) => ({
		port: postfix.smtpPort,
		from: stranger,
		recipients: [to],
		message: plainMessage({ from: stranger, to, subject }),
	});
	const topReceived = (transaction: Transaction) =>
		transaction.headers.find((header) => header.name === 'Received')!.value;
	const isLocal = (transaction: Transaction) =>
		assert.deepEqual(
			Object.entries(transaction.xforward).filter(([, value]) => value !== '[UNAVAILABLE]'),
			[['SOURCE', 'LOCAL']],
		);

	test('an authenticated submission names the mailbox in the top Received and the queue id in XFORWARD', async () => {
		await submitAccepted(submission('auth'));
		const seen = await agent.waitForSubject('auth');
		const lines = topReceived(seen).split('\r\n\t');
		assert.equal(lines[1], `(Authenticated sender: ${user2.user})`);
		assert.ok(lines[2]?.startsWith(`by ${postfix.hostname} (Postfix) with ESMTPA id ${seen.xforward.IDENT}`));
		assert.equal(seen.xforward.ADDR, '127.0.0.1');
		assert.deepEqual([seen.peer, seen.ehlo], ['127.0.0.3', 'mail.site2.test']);
	});

	test('sendmail names the unix user in the top Received and gives no queue id', async () => {
		await sendmail(postfix.box, {
			user: 'alice',
			message: plainMessage({ from: 'alice@site1.test', to: rcpt, subject: 'sendmail' }),
		});
		const seen = await agent.waitForSubject('sendmail');
		assert.match(topReceived(seen), /^ by plesk\.example\.test \(Postfix, from userid 7001\)\r\n\tid [0-9A-F]+;/);
		isLocal(seen);
	});

	test('PHP mail() names the unix user', async () => {
		await phpMail(postfix.box, {
			user: 'webuser',
			script: '/home/webuser/public_html/contact.php',
			to: rcpt,
			subject: 'php',
			headers: ['From: shop@site2.test'],
			parameters: '-fshop@site2.test',
		});
		const seen = await agent.waitForSubject('php');
		assert.match(topReceived(seen), /\(Postfix, from userid 7003\)/);
		assert.equal(headerOf(seen, 'X-PHP-Originating-Script'), '7003:contact.php');
		assert.deepEqual([seen.from, seen.peer], ['shop@site2.test', '127.0.0.3']);
	});

	test('an alias forwards with the alias as original recipient', async () => {
		await submitAccepted(fromOutside('list@site1.test', 'alias'));
		const seen = await agent.waitForSubject('alias');
		assert.equal(seen.from, stranger);
		assert.deepEqual(addressesOf(seen).toSorted(), ['a@remote.test', 'b@remote.test']);
		for (const recipient of seen.recipients) assert.match(recipient.parameters, /ORCPT=rfc822;list@site1\.test/);
		assert.ok(seen.xforward.IDENT);
	});

	test('a .forward comes by a Received of its own without a uid', async () => {
		await submitAccepted(fromOutside(`bob@${postfix.hostname}`, 'forward'));
		const seen = await agent.waitForSubject('forward');
		assert.deepEqual(addressesOf(seen), [bobForwardsTo]);
		assert.match(topReceived(seen), /^ by plesk\.example\.test \(Postfix\)\r\n\tid [0-9A-F]+;/);
		assert.ok(
			seen.headers.filter((header) => header.name === 'Received')[1]?.value.includes(`id ${seen.xforward.IDENT}`),
		);
	});

	test('a bounce comes with the null reverse-path and a Received without a uid', async () => {
		agent.answer = (stage, value) => (stage === 'rcpt' && value.startsWith('refused') ? '550 5.1.1 no' : undefined);
		const message = plainMessage({ from: 'alice@site1.test', to: 'refused@remote.test', subject: 'refused' });
		await sendmail(postfix.box, { user: 'alice', arguments: '-t -i -f elsewhere@remote.test', message });
		const seen = await agent.waitFor((each) => each.from === '' && addressesOf(each)[0] === 'elsewhere@remote.test');
		agent.answer = undefined;
		assert.match(topReceived(seen), /^ by plesk\.example\.test \(Postfix\)\r\n\tid [0-9A-F]+;/);
		isLocal(seen);
	});

	test('a pipe auto-responder and a mailing list come as their unix users', async () => {
		await submitAccepted(fromOutside(autoresponder, 'to-away'));
		const answer = await agent.waitForSubject('away');
		assert.equal(answer.from, '');
		assert.match(topReceived(answer), /from userid 7001\)/);
		await submitAccepted(fromOutside(mailingList.address, 'post'));
		const post = await agent.waitForSubject('post');
		assert.equal(post.from, mailingList.bounces);
		assert.match(topReceived(post), /from userid 7010\)/);
	});

	test('mail for own mailboxes stays', async () => {
		await submitAccepted({ ...submission('inside'), recipients: [user1.user] });
		await postfix.queueEmpty();
		assert.match(await postfix.mailbox(user1.user), /^Subject: inside$/m);
	});

	test('a refused agent leaves mail queued, and kick() sends it', async () => {
		agent.answer = (stage) => (stage === 'mail' ? '452 4.3.1 disk low' : undefined);
		await submitAccepted(submission('deferred'));
		const isDeferred = async () => (await postfix.queue())[0]?.queue === 'deferred';
		await until(isDeferred, { waitMs: 15_000, otherwise: () => postfix.log() });
		const [queued] = await postfix.queue();
		assert.deepEqual([queued?.sender, queued?.recipients[0]?.address], [user2.user, rcpt]);
		assert.match(queued?.recipients[0]?.reason ?? '', /452 4\.3\.1 disk low/);
		agent.answer = undefined;
		await postfix.kick();
		await agent.waitForSubject('deferred');
	});

	test('the former relayhost takes the stock route, with the same envelope and source', async () => {
		const wired = postfixWiringFixture(agent.port);
		await postfix.set({ relayhost: `[127.0.0.1]:${direct.port}` });
		await postfix.remove(['smtpd_sasl_authenticated_header']);
		assert.equal(await postfix.get('smtpd_sasl_authenticated_header'), undefined);
		await submitAccepted(submission('unwired'));
		const unwired = await direct.waitForSubject('unwired');
		await postfix.set(wired);
		await submitAccepted(submission('wired again'));
		const again = await agent.waitForSubject('wired again');
		assert.deepEqual([unwired.peer, unwired.ehlo, unwired.from], [again.peer, again.ehlo, again.from]);
		assert.ok(!topReceived(unwired).includes('Authenticated sender'));
	});
});

test('a stock Postfix relays all mail of the loopback', { skip }, async () => {
	const sink = await startRecorder();
	let stock: Postfix | undefined;
	try {
		stock = await startPostfix({ stock: { relayTo: sink.port } });
		const message = plainMessage({ from: stranger, to: rcpt, subject: 'relayed' });
		await submitAccepted({ port: stock.smtpPort, from: stranger, recipients: [rcpt], message });
		const seen = await sink.waitForSubject('relayed');
		assert.deepEqual([seen.from, seen.ehlo, seen.xforward], [stranger, stock.hostname, {}]);
		await stock.queueEmpty();
		assert.match(await stock.log(), /status=sent/);
	} finally {
		await stock?.stop();
		await sink.stop();
	}
});
