/**
 * `sluice mta` on cPanel's Exim, as the stand-in of its builder makes it: wired, bypassed, taken out; and what a receiver and Track
 * Delivery see of it.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { confLocalMarkers } from '@sluice/shared/mta/cpanel-local.ts';
import { type CpanelServer, confLocal, localOpts, startCpanelServer } from '../cpanel/exim/cpanel-server.ts';
import { headerValues, type ReceivedMessage } from '../internet/message.ts';
import { boxesUnavailable } from './box.ts';
import { sendersOf } from './senders.ts';
import { user1 } from './sites.ts';
import { until } from './until.ts';
import { done, runCircle } from './wire-cases.ts';

const skip = (await boxesUnavailable()) ?? false;

suite("sluice mta on cPanel's Exim", { skip, concurrency: false }, () => {
	let server: CpanelServer;
	before(async () => {
		server = await startCpanelServer({ name: 'wire-cpanel', options: ['srs=1', 'acl_requirehelo=1'] });
	});
	after(() => server?.stop());
	const send = sendersOf(() => server.exim);

	test('wire, bypass, ensure, unwire', () => runCircle(server));

	test('a file that is not there is made with all its sections, and goes again', async () => {
		done(await server.mta(['wire', '--yes']));
		const made = (await server.machine.read(confLocal))?.content ?? '';
		for (const name of confLocalMarkers)
			assert.equal(made.split(`\n@${name}@\n`).length + Number(made.startsWith(`@${name}@`)), 2, name);
		assert.match(await server.box.readFile(localOpts), /^srs=1\nacl_requirehelo=1\nacl_custom_begin_sluice=1\n$/);
		done(await server.mta(['unwire', '--yes']));
		assert.equal(await server.machine.read(confLocal), undefined);
	});

	test('a receiver sees no difference: source, name, signature, headers, reverse-path', async () => {
		const ways = {
			mailbox: send.mailbox(user1, 'same@ok.test'),
			script: send.sendmail('webuser', 'same@ok.test', { arguments: '-i -f shop@site2.test same@ok.test' }),
			'no key': send.sendmail('alice', 'same@ok.test', { arguments: '-i same@ok.test' }),
			forward: send.outside('fwd@site1.test'),
		};
		const received = async (round: string) => {
			const seen: { [way: string]: unknown } = {};
			for (const [way, submit] of Object.entries(ways)) {
				const subject = `${round} ${way}`;
				await submit(subject);
				seen[way] = asSeen(await arrivalOf(subject));
			}
			return seen;
		};
		const stock = await received('one');
		done(await server.mta(['wire', '--yes']));
		const wired = await received('two');
		assert.deepEqual(wired, stock);
		assert.deepEqual(
			Object.values(stock as Record<string, { signed: unknown }>).map(({ signed }) => signed),
			[['site1.test default'], ['site2.test default'], [], []],
		);
		const options = async (transport: string) => {
			const { output } = await server.machine.run(['exim', '-bP', 'transport', transport]);
			return output
				.split('\n')
				.filter((line) =>
					/^(?:interface|helo_data|message_linelength_limit|dkim_(?:selector|private_key|canon)|return_path) =/.test(
						line,
					),
				);
		};
		assert.deepEqual(await options('sluice_remote_smtp'), await options('dkim_remote_smtp'));
		assert.equal(await server.exim.panicLog(), '', 'nobody is signed for without a key');
		assert.deepEqual(await options('sluice_remote_forwarded_smtp'), await options('dkim_remote_forwarded_smtp'));
	});

	async function arrivalOf(subject: string): Promise<ReceivedMessage> {
		const found = () =>
			server.internet.accepted().find(({ content }) => headerValues(content, 'Subject')[0] === subject);
		await server.internet.waitFor(() => found() !== undefined, 15_000);
		return found() ?? assert.fail();
	}

	test('a canary of an account: its logins, programs and forwards come to the agent, its neighbour goes as before', async () => {
		const built = (await server.machine.read('/etc/exim.conf'))?.content;
		const owner = (await server.box.readFile('/etc/userdomains')).match(/^site1\.test: (\w+)$/m)?.[1] ?? '';
		const ran = done(await server.stage(['canary', '--only', owner, '--json']));
		const { only, test: proof } = JSON.parse(ran.out) as { only: string[]; test: { proved: readonly string[] } };
		assert.deepEqual(only, ['domain=site1.test', `user=${owner}`]);
		// site1.test has an address and a name of its own.
		assert.match(proof.proved.at(-1) ?? '', /^Tenant alice: .*from 127\.0\.0\.2, greeted as mail\.site1\.test/);
		assert.equal((await server.machine.read('/etc/exim.conf'))?.content, built, 'nothing is built anew');
		const via = async (label: string, submit: (subject: string) => Promise<unknown>) => {
			await submit(label);
			await arrivalOf(label);
			const found = await server.rig.client.call('listMessages', { query: { subject: label } });
			return found.ok && found.value.items.length > 0 ? 'agent' : 'direct';
		};
		assert.equal(await via('canary-mailbox', send.mailbox(user1, 'same@ok.test')), 'agent');
		assert.equal(await via('canary-forward', send.outside('fwd@site1.test')), 'agent');
		const others = '-i -f shop@site2.test same@ok.test';
		assert.equal(await via('canary-other', send.sendmail('webuser', 'same@ok.test', { arguments: others })), 'direct');
		done(await server.stage(['full']));
	});

	test('who sends is known: mailbox, script with its directory, forward', async () => {
		const fromOf = async (subject: string) => {
			const accepted = () =>
				server.rig.events.find(({ event, subject: of }) => event === 'message.accepted' && of === subject);
			await server.rig.until(() => accepted() !== undefined);
			return (await server.rig.trace(String(accepted()?.message))).from;
		};
		const told = async (subject: string) => {
			const { identity, certainty, directory, ancestor } = await fromOf(subject);
			return [identity, certainty, directory, ancestor];
		};
		assert.deepEqual(await told('two mailbox'), ['mailbox:user1@site1.test', 'proved', undefined, undefined]);
		assert.deepEqual(await told('two forward'), ['address:fwd@site1.test', 'derived', undefined, 'fwd@site1.test']);
		await send.php('webuser', 'php@ok.test')('php');
		assert.deepEqual(await told('php'), ['unix:7003', 'proved', '/home/webuser/public_html/form', undefined]);
	});

	test("what Exim logs, and Track Delivery shows, is the agent's answer: queued, waiting, held", async () => {
		const logged = async (recipient: string): Promise<string> => {
			const line = async () =>
				(await server.exim.log()).split('\n').find((each) => each.includes(`=> ${recipient} `)) ?? '';
			await until(async () => (await line()) !== '', { waitMs: 10_000, otherwise: () => server.exim.log() });
			return (
				/R=(\S+) T=(\S+) .* C="(.*)"/
					.exec(await line())
					?.slice(1)
					.join(' ') ?? ''
			);
		};
		await send.sendmail('webuser', 'shown@ok.test', { arguments: '-i shown@ok.test' })('shown');
		assert.match(
			await logged('shown@ok.test'),
			/^sluice_route sluice_remote_smtp 250 2\.0\.0 \w{13} queued; see Outgoing mail$/,
		);
		const { client } = server.rig;
		const limit = await client.call('putLimits', {
			params: { level: 'accounts', id: 'uid:7003' },
			body: { mode: 'enforce', hour: { recipients: 1 } },
		});
		assert.ok(limit.ok, JSON.stringify(limit));
		await send.sendmail('webuser', 'waits@ok.test', { arguments: '-i waits@ok.test' })('waits');
		assert.match(await logged('waits@ok.test'), / 250 2\.0\.0 \w{13} waiting; see Outgoing mail$/);
		const held = await client.call('putHold', {
			body: { selector: { kind: 'identity', id: 'unix:7001' }, reason: 'test', seconds: 600 },
		});
		assert.ok(held.ok, JSON.stringify(held));
		await send.sendmail('alice', 'held@ok.test', { arguments: '-i held@ok.test' })('held');
		assert.match(await logged('held@ok.test'), / 250 2\.0\.0 \w{13} held; see Outgoing mail$/);
	});

	test('from inside a jail, which hides the secret: delivered, known by its user, with an alarm', async () => {
		const inside =
			'mount -t tmpfs jail /etc/sluice-exim && exec setpriv --reuid=7004 --regid=7004 --clear-groups sendmail -i jailed@ok.test';
		await server.box.run(['unshare', '--mount', 'bash', '-c', inside], { input: 'Subject: jailed\n\nx\n' });
		await arrivalOf('jailed');
		const accepted = server.rig.events.find(
			({ event, subject }) => event === 'message.accepted' && subject === 'jailed',
		);
		const { from } = await server.rig.trace(String(accepted?.message));
		assert.deepEqual([from.identity, from.certainty], ['unix:7004', 'derived']);
		assert.equal(server.rig.count('attribution.alarm', { code: 'wiring.secret-missing' }), 1);
	});

	test("cPanel's own limit stands before us: what it discards never reaches the agent", async () => {
		const over = '/var/cpanel/email_send_limits/max_emails_site2.test';
		await server.box.writeFile(over, '');
		await send.sendmail('bob', 'over@ok.test', { arguments: '-i -f shop@site2.test over@ok.test' })('over');
		await until(async () => (await server.exim.log()).includes('has exceeded the max emails per hour'), {
			waitMs: 5_000,
			otherwise: () => server.exim.log(),
		});
		assert.equal(server.rig.count('message.accepted', { subject: 'over' }), 0);
		await server.box.removeFile(over);
		done(await server.mta(['unwire', '--yes']));
	});
});

/** What a receiver sees, without what belongs to one message alone and the lines of trace. */
function asSeen(message: ReceivedMessage) {
	const signatures = headerValues(message.content, 'DKIM-Signature').map((value) => value.replace(/\s+/g, ''));
	const fields = message.content
		.toString('latin1')
		.split('\r\n\r\n')[0]
		?.replace(/\r\n[ \t]+/g, ' ')
		.split('\r\n')
		.filter((line) => !/^(?:received|dkim-signature|subject|message-id|date):/i.test(line));
	return {
		peer: message.peerAddress,
		name: message.ehloName,
		reversePath: message.reversePath.replace(/^SRS0=[^=]+=[^=]+=/, 'SRS0=hash=day='),
		signed: signatures.map((value) => `${/;d=([^;]+)/.exec(value)?.[1]} ${/;s=([^;]+)/.exec(value)?.[1]}`),
		fields,
	};
}
