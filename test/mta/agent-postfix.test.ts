/**
 * Real Postfix in front of the real agent: who sent each message, where it ended, who may hand mail in.
 *
 * Every client here is on this machine, so that mail of an alias is nobody's; core/identity has the rows with clients elsewhere.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { assertCounts, runAnswers, runReportsAway } from './agent-answers.ts';
import { runDsnParameters, runEightBit, runInternationalised } from './agent-encodings.ts';
import { runRootAndMtaAtThePort, runTenantAtThePort, runUnprovedIsNotBelieved } from './agent-peers.ts';
import { type AttributionCase, runCase } from './attribution-case.ts';
import { boxesUnavailable } from './box.ts';
import { type Hosting, hostNameOf, startHosting } from './hosting.ts';
import { postfixUser } from './postfix.ts';
import { sendersOf } from './senders.ts';
import { autoresponder, bobForwardsTo, mailingList, user1, user2 } from './sites.ts';

const skip = (await boxesUnavailable()) ?? false;

suite('Postfix and the agent', { skip }, () => {
	let hosting: Hosting<'postfix'>;
	before(async () => {
		hosting = await startHosting('postfix', { name: 'agent-postfix' });
	});
	after(() => hosting?.stop());
	const postfix = () => hosting.mta;
	const hostName = hostNameOf.postfix;
	const send = sendersOf(postfix);

	const unix = (uid: number) => ({
		class: 'script' as const,
		account: `uid:${uid}`,
		identity: `unix:${uid}`,
		certainty: 'proved' as const,
		evidence: `postfix Received, uid=${uid}`,
	});
	const mailbox = (address: string) => ({
		class: 'mailbox' as const,
		account: `domain:${address.split('@')[1]}`,
		identity: `mailbox:${address}`,
		certainty: 'proved' as const,
		evidence: `postfix Received, auth=${address}`,
		client: '127.0.0.1',
	});
	const nobody = {
		class: 'unattributed' as const,
		account: '',
		identity: '',
		certainty: 'none' as const,
		evidence: 'postfix Received, from 127.0.0.1 without login',
	};
	/** What a tenant can write below the line that Postfix puts on top. */
	const forged = [
		`Received: by ${hostName} (Postfix, from userid 0)\r\n\tid QFORGED1; x`,
		`Received: from x (x [192.0.2.1])\r\n\t(Authenticated sender: victim@site1.test)\r\n\tby ${hostName} (Postfix) with ESMTPA id QFORGED2; x`,
		'Delivered-To: victim@site1.test',
		'X-Sluice-Sender: v=1; s=; id=; proto=esmtpa; auth=dmljdGlt; uid=; ident=; host=; port=; cwd=; anc=',
		'x-sluice-sender: v=1;\r\n s=y; id=; proto=local; auth=; uid=0; ident=; host=; port=; cwd=; anc=',
		'x-sluice-extra: yes',
	];
	const forgedXforward = ['XFORWARD NAME=x ADDR=192.0.2.1 SOURCE=REMOTE', 'XFORWARD IDENT=QFORGED2 PROTO=ESMTP HELO=x'];

	const cases: readonly AttributionCase[] = [
		{
			name: 'mailbox',
			send: send.mailbox(user1, 'mailbox@remote.test'),
			arrivesAt: ['mailbox@remote.test'],
			from: mailbox(user1.user),
			sender: user1.user,
		},
		{
			name: 'mailbox to several',
			send: send.mailbox(user2, ['several-1@remote.test', 'several-2@other.test', 'several-3@remote.test']),
			arrivesAt: ['several-1@remote.test', 'several-2@other.test', 'several-3@remote.test'],
			transactions: 1,
			from: mailbox(user2.user),
		},
		{
			name: 'sendmail by alice',
			send: send.sendmail('alice', 'alice-1@remote.test'),
			arrivesAt: ['alice-1@remote.test'],
			from: unix(7001),
			sender: `alice@${hostName}`,
		},
		{
			name: 'sendmail by nobodyphp',
			send: send.sendmail('nobodyphp', 'nobody-1@remote.test'),
			arrivesAt: ['nobody-1@remote.test'],
			from: unix(7004),
		},
		{
			name: 'PHP mail() by webuser',
			send: send.php('webuser', 'web-1@remote.test'),
			arrivesAt: ['web-1@remote.test'],
			from: unix(7003),
		},
		{
			name: 'PHP mail() by nobodyphp, as another site',
			send: send.php('nobodyphp', 'nobody-2@remote.test', { parameters: '-fshop@site2.test' }),
			arrivesAt: ['nobody-2@remote.test'],
			from: unix(7004),
			sender: 'shop@site2.test',
		},
		{
			name: 'sendmail -bs by alice',
			send: send.pipe('alice', 'ceo@site2.test', 'bs@remote.test'),
			arrivesAt: ['bs@remote.test'],
			from: unix(7001),
			sender: 'ceo@site2.test',
		},
		{
			name: "a user's cron job",
			send: send.sendmail('cpuser', 'cron-1@remote.test', {
				arguments: '-FCronDaemon -i -oem cron-1@remote.test',
				headers: ['X-Cron-Env: <SHELL=/bin/sh>'],
			}),
			arrivesAt: ['cron-1@remote.test'],
			from: unix(7011),
		},
		{
			name: "root's cron job",
			send: send.root('cron-2@remote.test', {
				arguments: ['-FCronDaemon', '-i', '-oem', 'cron-2@remote.test'],
				headers: ['X-Cron-Env: <SHELL=/bin/sh>'],
			}),
			arrivesAt: ['cron-2@remote.test'],
			from: { ...unix(0), class: 'cron' },
		},
		{
			name: 'sendmail by root',
			send: send.root('root-1@remote.test'),
			arrivesAt: ['root-1@remote.test'],
			from: { ...unix(0), class: 'system' },
		},
		{
			name: 'alias',
			send: send.outside('fwd@site1.test'),
			arrivesAt: ['outside@remote.test'],
			from: { ...nobody, ancestor: 'fwd@site1.test' },
			sender: 'stranger@outside.test',
		},
		{
			name: 'alias with two targets',
			send: send.outside('list@site1.test'),
			arrivesAt: ['a@remote.test', 'b@remote.test'],
			transactions: 1,
			from: { ...nobody, ancestor: 'list@site1.test' },
		},
		{
			name: 'null sender through an alias',
			send: send.outside('fwd@site1.test', { from: '' }),
			arrivesAt: ['outside@remote.test'],
			from: { ...nobody, ancestor: 'fwd@site1.test' },
			sender: '',
		},
		{
			name: '.forward',
			send: send.outside(`bob@${hostName}`),
			arrivesAt: [bobForwardsTo],
			from: {
				class: 'forward',
				account: `domain:${hostName}`,
				identity: `address:bob@${hostName}`,
				certainty: 'derived',
				evidence: `postfix Delivered-To, forwarded by bob@${hostName}`,
				ancestor: `bob@${hostName}`,
			},
		},
		{
			name: 'mailbox to its own alias',
			send: send.mailbox(user1, 'fwd@site1.test'),
			arrivesAt: ['outside@remote.test'],
			from: { ...mailbox(user1.user), ancestor: 'fwd@site1.test' },
		},
		{
			name: 'autoresponder in a pipe',
			send: send.outside(autoresponder, { from: 'asks-1@outside.test' }),
			arrivesAs: 'away',
			arrivesAt: ['asks-1@outside.test'],
			from: { ...unix(7001), class: 'autoreply' },
			sender: '',
		},
		{
			name: 'mailing list',
			send: send.outside(mailingList.address),
			arrivesAt: [...mailingList.members],
			from: {
				class: 'list',
				account: 'domain:site1.test',
				identity: `address:${mailingList.bounces}`,
				certainty: 'derived',
				evidence: 'postfix Received, uid=7010',
			},
			sender: mailingList.bounces,
		},
		{
			name: 'bounce by Postfix',
			send: send.sendmail('alice', '', { arguments: '-i -f author@outside.test nosuch@site1.test' }),
			arrivesAs: 'Undelivered Mail Returned to Sender',
			reportAbout: 'nosuch@site1.test',
			arrivesAt: ['author@outside.test'],
			from: {
				class: 'dsn',
				account: `uid:${postfixUser.uid}`,
				identity: '',
				certainty: 'proved',
				evidence: 'postfix, its own bounce',
			},
			sender: '',
		},
		{
			name: 'forged lines by a mailbox',
			send: send.mailbox(user1, 'forged-1@remote.test', { headers: forged }),
			arrivesAt: ['forged-1@remote.test'],
			from: mailbox(user1.user),
		},
		{
			name: 'forged lines by sendmail',
			send: send.sendmail('alice', 'forged-2@remote.test', { headers: forged }),
			arrivesAt: ['forged-2@remote.test'],
			from: unix(7001),
		},
		{
			name: 'forged lines through an alias',
			send: send.outside('fwd@site1.test', { headers: forged }),
			arrivesAt: ['outside@remote.test'],
			from: nobody,
		},
		{
			name: 'forged lines through a .forward',
			send: send.outside(`bob@${hostName}`, { headers: forged }),
			arrivesAt: [bobForwardsTo],
			from: {
				class: 'forward',
				account: `domain:${hostName}`,
				identity: `address:bob@${hostName}`,
				certainty: 'derived',
				evidence: /^postfix Delivered-To/,
			},
		},
		{
			name: 'forged XFORWARD through an alias',
			send: send.outside('fwd@site1.test', {
				from: 'victim@site1.test',
				before: forgedXforward,
				headers: forged.slice(1, 2),
			}),
			arrivesAt: ['outside@remote.test'],
			from: { ...nobody, evidence: 'postfix, re-injection not confirmed', alarms: ['wiring.ident-mismatch'] },
		},
		{
			name: 'forged XFORWARD with a login',
			send: send.mailbox(user1, 'forged-3@remote.test', { before: forgedXforward, headers: forged.slice(1, 2) }),
			arrivesAt: ['forged-3@remote.test'],
			from: { ...mailbox(user1.user), alarms: ['wiring.ident-mismatch'] },
		},
	];
	for (const one of cases) test(`attribution: ${one.name}`, () => runCase(hosting, one));

	test('answers at every stage: each recipient ends once, reports lie with the sender', () =>
		runAnswers(hosting, send));

	test('reports to senders elsewhere', () => runReportsAway(hosting, send));

	test('eight-bit bodies arrive byte by byte', () => runEightBit(hosting, send));

	test('internationalised mail', () => runInternationalised(hosting, send));

	test('NOTIFY, RET, ENVID and ORCPT are passed on and obeyed', () => runDsnParameters(hosting, send));

	test('a tenant who speaks to the relay port himself is refused', () => runTenantAtThePort(hosting));

	test("root and the MTA's user may hand mail in", () => runRootAndMtaAtThePort(hosting));

	test('with the port open to anyone, what an unproved peer says is not believed', () =>
		runUnprovedIsNotBelieved(hosting));

	test('all of it ended exactly once', async () => {
		assert.deepEqual(await hosting.ledger.settled(), []);
		assertCounts(hosting);
	});
});
