/**
 * Real Exim in front of the real agent: who sent each message, where it ended, who may hand mail in.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { assertCounts, runAnswers, runReportsAway } from './agent-answers.ts';
import { runDsnParameters, runEightBit, runInternationalised } from './agent-encodings.ts';
import { runRootAndMtaAtThePort, runTenantAtThePort, runUnprovedIsNotBelieved } from './agent-peers.ts';
import { type AttributionCase, runCase } from './attribution-case.ts';
import { boxesUnavailable } from './box.ts';
import { eximUser } from './exim.ts';
import { type Hosting, startHosting } from './hosting.ts';
import { sendersOf } from './senders.ts';
import { autoresponder, bobForwardsTo, mailingList, user1, user2 } from './sites.ts';
import { fixtureSecretPath, placeFixtureSecret } from './wiring-fixture.ts';

const skip = (await boxesUnavailable()) ?? false;

suite('Exim and the agent', { skip }, () => {
	let hosting: Hosting<'exim'>;
	before(async () => {
		hosting = await startHosting('exim', { name: 'agent-exim' });
	});
	after(() => hosting?.stop());
	const exim = () => hosting.mta;
	const hostName = 'cpanel.example.test';

	const send = sendersOf(exim);
	const unix = (name: string, uid: number, directory?: string) => ({
		class: 'script' as const,
		account: `uid:${uid}`,
		identity: `unix:${uid}`,
		certainty: 'proved' as const,
		evidence: `exim header, local by ${name}, uid=${uid}`,
		...(directory === undefined ? {} : { directory }),
	});
	const mailbox = (address: string) => ({
		class: 'mailbox' as const,
		account: `domain:${address.split('@')[1]}`,
		identity: `mailbox:${address}`,
		certainty: 'proved' as const,
		evidence: `exim header, auth=${address}`,
		client: '127.0.0.1',
		directory: undefined,
	});
	const forward = (address: string) => ({
		class: 'forward' as const,
		account: `domain:${address.split('@')[1]}`,
		identity: `address:${address}`,
		certainty: 'derived' as const,
		evidence: `exim header, forwarded by ${address}`,
		ancestor: address,
	});
	/** As much of a path as fits into one of 4 kB: nested folders, since a name has at most 255 bytes. */
	const longFolder = `/home/alice${'/long'.padEnd(250, 'g').repeat(15)}`;
	const forged = [
		'X-Sluice-Sender: v=1; s=x; id=; proto=esmtpa; auth=dmljdGlt; uid=; ident=; host=; port=; cwd=; anc=',
		'x-sluice-sender: v=1; s=y; id=; proto=local; auth=; uid=0; ident=; host=; port=; cwd=; anc=',
		'X-Sluice-Sender : v=1; s=z; id=; proto=local; auth=; uid=0; ident=; host=; port=; cwd=; anc=',
		'X-SLUICE-SENDER:\r\n v=1;\r\n s=w; id=; proto=local; auth=; uid=0; ident=; host=; port=; cwd=; anc=',
	];
	const lookAlikes = ['X-Sluice-Sender\xa0: v=1', 'X-Sluice-Sender-2: v=1', 'x-sluice-extra: yes'];

	const cases: readonly AttributionCase[] = [
		{
			name: 'mailbox',
			send: send.mailbox(user1, 'mailbox@remote.test'),
			arrivesAt: ['mailbox@remote.test'],
			from: mailbox(user1.user),
			sender: user1.user,
		},
		{
			name: 'sendmail by alice',
			send: send.sendmail('alice', 'alice-1@remote.test'),
			arrivesAt: ['alice-1@remote.test'],
			from: unix('alice', 7001, '/home/alice'),
			sender: `alice@${hostName}`,
		},
		{
			name: 'sendmail by nobodyphp',
			send: send.sendmail('nobodyphp', 'nobody-1@remote.test'),
			arrivesAt: ['nobody-1@remote.test'],
			from: unix('nobodyphp', 7004),
		},
		{
			name: 'PHP mail() by webuser',
			send: send.php('webuser', 'web-1@remote.test'),
			arrivesAt: ['web-1@remote.test'],
			from: unix('webuser', 7003, '/home/webuser/public_html/form'),
		},
		{
			name: 'PHP mail() by nobodyphp, as another site, started from /',
			send: send.php('nobodyphp', 'nobody-2@remote.test', { cwd: '/', parameters: '-fshop@site2.test' }),
			arrivesAt: ['nobody-2@remote.test'],
			from: unix('nobodyphp', 7004, '/'),
			sender: 'shop@site2.test',
		},
		{
			name: 'exim -bs by alice',
			send: send.pipe('alice', 'ceo@site2.test', 'bs@remote.test', '/tmp'),
			arrivesAt: ['bs@remote.test'],
			from: { ...unix('alice', 7001, '/tmp'), evidence: /^exim header, local-esmtp by alice, uid=7001$/ },
			sender: 'ceo@site2.test',
		},
		{
			name: "a user's cron job",
			send: send.sendmail('cpuser', 'cron-1@remote.test', {
				arguments: '-FCronDaemon -i -oem cron-1@remote.test',
				headers: ['X-Cron-Env: <SHELL=/bin/sh>'],
			}),
			arrivesAt: ['cron-1@remote.test'],
			from: unix('cpuser', 7011, '/home/cpuser'),
		},
		{
			name: "root's cron job",
			send: send.root('cron-2@remote.test', {
				arguments: ['-FCronDaemon', '-i', '-oem', 'cron-2@remote.test'],
				headers: ['X-Cron-Env: <SHELL=/bin/sh>'],
			}),
			arrivesAt: ['cron-2@remote.test'],
			from: {
				class: 'cron',
				account: 'uid:0',
				identity: 'unix:0',
				certainty: 'proved',
				evidence: 'exim header, local by root, uid=0',
			},
		},
		{
			name: 'sendmail by root',
			send: send.root('root-1@remote.test'),
			arrivesAt: ['root-1@remote.test'],
			from: {
				class: 'system',
				account: 'uid:0',
				identity: 'unix:0',
				certainty: 'proved',
				evidence: 'exim header, local by root, uid=0',
			},
		},
		{
			name: 'directory with LF, CR and ;',
			send: send.sendmail('alice', 'dir-1@remote.test', { cwd: '/home/alice/a\nX-Evil: 1\r;\xe9' }),
			arrivesAt: ['dir-1@remote.test'],
			from: unix('alice', 7001, '/home/alice/a\\x0aX-Evil: 1\\x0d;é'),
			look: ([arrived]) => assert.doesNotMatch(arrived!.content.toString('latin1'), /x-evil/i),
		},
		{
			name: 'directory of 4 kB',
			send: send.sendmail('alice', 'dir-2@remote.test', { cwd: longFolder }),
			arrivesAt: ['dir-2@remote.test'],
			from: unix('alice', 7001, longFolder.slice(0, 1024)),
		},
		{
			name: 'alias',
			send: send.outside('fwd@site1.test'),
			arrivesAt: ['outside@remote.test'],
			from: forward('fwd@site1.test'),
			sender: /^SRS0=[^=]+=[^=]+=outside\.test=stranger@site1\.test$/,
		},
		{
			name: 'alias with two targets',
			send: send.outside('list@site1.test'),
			arrivesAt: ['a@remote.test', 'b@remote.test'],
			transactions: 2,
			from: forward('list@site1.test'),
			sender: /^SRS0=/,
		},
		{
			name: 'alias of an alias',
			send: send.outside('mix@site1.test'),
			arrivesAt: ['outside@remote.test', 'c@remote.test'],
			transactions: 2,
			from: forward('mix@site1.test'),
			sender: /^SRS0=/,
		},
		{
			name: '.forward',
			send: send.outside(`bob@${hostName}`),
			arrivesAt: [bobForwardsTo],
			from: forward(`bob@${hostName}`),
			sender: /^SRS0=/,
		},
		{
			name: 'null sender through an alias',
			send: send.outside('fwd@site1.test', { from: '' }),
			arrivesAt: ['outside@remote.test'],
			from: forward('fwd@site1.test'),
			sender: '',
		},
		{
			name: 'mailbox to its own alias',
			send: send.mailbox(user1, 'fwd@site1.test'),
			arrivesAt: ['outside@remote.test'],
			from: { ...mailbox(user1.user), ancestor: 'fwd@site1.test' },
			sender: /^SRS0=/,
		},
		{
			name: 'autoresponder in a pipe',
			send: send.outside(autoresponder, { from: 'asks-1@outside.test' }),
			arrivesAs: 'away',
			arrivesAt: ['asks-1@outside.test'],
			from: { ...unix('alice', 7001), class: 'autoreply' },
			sender: '',
		},
		{
			name: 'autoreply transport',
			send: send.outside('vacation@site1.test', { from: 'asks-2@outside.test' }),
			arrivesAs: 'Re: autoreply transport',
			arrivesAt: ['asks-2@outside.test'],
			from: { ...unix('alice', 7001), class: 'autoreply' },
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
				evidence: /^exim header, local by mailman, uid=7010/,
			},
			sender: mailingList.bounces,
		},
		{
			name: 'bounce by Exim',
			send: send.sendmail('alice', '', { arguments: '-i -f author@outside.test nosuch@site1.test' }),
			arrivesAs: 'Mail delivery failed: returning message to sender',
			reportAbout: 'nosuch@site1.test',
			arrivesAt: ['author@outside.test'],
			from: {
				class: 'dsn',
				account: `uid:${eximUser.uid}`,
				identity: `unix:${eximUser.uid}`,
				certainty: 'proved',
				evidence: /^exim header, local by Debian-exim, uid=911$/,
			},
			sender: '',
		},
		{
			name: 'forged copies by a mailbox',
			send: send.mailbox(user1, 'forged-1@remote.test', { headers: forged }),
			arrivesAt: ['forged-1@remote.test'],
			from: mailbox(user1.user),
		},
		{
			name: 'forged copies by sendmail',
			send: send.sendmail('alice', 'forged-2@remote.test', { headers: forged }),
			arrivesAt: ['forged-2@remote.test'],
			from: unix('alice', 7001),
		},
		{
			name: 'look-alikes',
			send: send.mailbox(user2, 'forged-3@remote.test', { headers: [...forged, ...lookAlikes] }),
			arrivesAt: ['forged-3@remote.test'],
			from: { ...mailbox(user2.user), alarms: ['wiring.look-alike'] },
		},
	];
	for (const one of cases) test(`attribution: ${one.name}`, () => runCase(hosting, one));

	test('attribution: a wrong secret is believed in nothing, a missing one only in the uid', async () => {
		await exim().box.writeFile(fixtureSecretPath, 'not-the-secret', { mode: 0o600 });
		const wrong = {
			class: 'unattributed',
			account: '',
			identity: '',
			certainty: 'none',
			evidence: 'exim, no wiring header to believe',
			alarms: ['wiring.wrong-secret'],
		} as const;
		await runCase(hosting, {
			name: 'wrong secret, mailbox',
			send: send.mailbox(user1, 'wrong-1@remote.test'),
			arrivesAt: ['wrong-1@remote.test'],
			from: wrong,
		});
		await runCase(hosting, {
			name: 'wrong secret, sendmail',
			send: send.sendmail('alice', 'wrong-2@remote.test'),
			arrivesAt: ['wrong-2@remote.test'],
			from: wrong,
		});
		await exim().box.removeFile(fixtureSecretPath);
		const missing = { alarms: ['wiring.secret-missing'] } as const;
		await runCase(hosting, {
			name: 'no secret, sendmail',
			send: send.sendmail('alice', 'none-1@remote.test'),
			arrivesAt: ['none-1@remote.test'],
			from: { ...unix('alice', 7001), ...missing, certainty: 'derived', evidence: /, secret missing$/ },
		});
		await runCase(hosting, {
			name: 'no secret, mailbox',
			send: send.mailbox(user1, 'none-2@remote.test'),
			arrivesAt: ['none-2@remote.test'],
			from: { ...wrong, ...missing, evidence: 'exim header without secret' },
		});
		await placeFixtureSecret(exim().box);
	});

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
		assert.equal(await exim().panicLog(), '');
	});
});
