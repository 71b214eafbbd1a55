/**
 * Another relay on a cPanel server: refused by name and place, adopted with login and identity header, taken in a bypass, back after
 * unwire byte for byte.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { readConfig } from '@sluice/agent/main/read-config.ts';
import { emptyConfLocal } from '@sluice/shared/mta/cpanel-local.ts';
import { type CpanelServer, confLocal, localOpts, startCpanelServer } from '../cpanel/exim/cpanel-server.ts';
import { headerValues, type ReceivedMessage } from '../internet/message.ts';
import { type Sink, startSink } from '../internet/sink.ts';
import { boxesUnavailable } from './box.ts';
import { sendersOf } from './senders.ts';
import { user1 } from './sites.ts';
import { done, goesByAgent, goesDirectly } from './wire-cases.ts';

const skip = (await boxesUnavailable()) ?? false;
const login = { user: 'relay-user', password: 'p:a"ss' } as const;

/** As the makers of such relays tell people to paste it. */
const snippet = (host: string, port: number): string =>
	Object.entries({
		AUTH: `relay_login:\n  driver = plaintext\n  public_name = LOGIN\n  hide client_send = : ${login.user} : p::a"ss`,
		POSTMAILCOUNT: `send_via_relay:
  driver = manualroute
  domains = ! +local_domains
  transport = relay_smtp
  route_list = * ${host}::${port} randomize byname
  host_find_failed = defer
  self = send
  no_more`,
		TRANSPORTSTART: `relay_smtp:
  driver = smtp
  allow_localhost
  hosts_require_auth = *
  hosts_avoid_tls = *
  headers_add = X-AuthUser: \${if match{$authenticated_id}{@}{$authenticated_id}{\${authenticated_id}@$primary_hostname}}`,
	}).reduce((text, [name, lines]) => text.replace(`@${name}@\n`, () => `@${name}@\n${lines}\n`), emptyConfLocal);

suite("another relay on cPanel's Exim", { skip, concurrency: false }, () => {
	let server: CpanelServer;
	let relay: Sink;
	let place: string;
	before(async () => {
		relay = await startSink({ name: 'relay', credentials: login });
		server = await startCpanelServer({ name: 'wire-cpanel-upstream' });
		place = join(dirname(server.config), 'conf.d/50-upstream.yaml');
	});
	after(async () => {
		await server?.stop();
		await relay?.stop();
	});
	const send = sendersOf(() => server.exim);
	const set = async (path: string, content: string): Promise<void> => {
		await server.machine.write({ path, content, mode: 0o644, uid: 0, gid: 0 });
		await server.reload();
	};

	/** As an administrator who sets the agent back to direct delivery. */
	async function forgetUpstream(): Promise<void> {
		await server.machine.remove(place);
		const config = readConfig(server.config);
		assert.ok(config.ok);
		server.rig.agent.reload(config.value);
	}

	async function atRelay(subject: string): Promise<ReceivedMessage> {
		const found = () => relay.messages.find(({ content }) => headerValues(content, 'Subject')[0] === subject);
		await relay.waitFor(() => found() !== undefined, 15_000);
		return found() ?? assert.fail();
	}
	const identity = ({ content, user }: ReceivedMessage) => [user, ...headerValues(content, 'X-AuthUser')];

	test('refused: the router, its host and where it stands are named', async () => {
		await set(confLocal, snippet('127.0.0.1', relay.port));
		const before = await server.treeSum();
		const { err } = done(await server.mta(['wire', '--yes']), 1);
		assert.match(
			err,
			/router send_via_relay \(@POSTMAILCOUNT@ of \/etc\/exim\.conf\.local\) sends all remote mail to 127\.0\.0\.1, port \d+/,
		);
		assert.match(err, /--adopt-upstream/);
		assert.equal(await server.treeSum(), before);
	});

	test('adopted: same relay, same login, same header, by way of the agent; a forged header is gone', async () => {
		const before = await server.treeSum();
		await send.mailbox(user1, 'x@ok.test')('by itself');
		assert.deepEqual(identity(await atRelay('by itself')), [login.user, 'user1@site1.test']);

		done(await server.mta(['wire', '--yes', '--adopt-upstream']));
		const written = await server.machine.read(place);
		assert.equal(written?.mode, 0o600);
		const forged = { headers: ['X-AuthUser: victim@site2.test'] };
		await send.mailbox(user1, 'x@ok.test', forged)('adopted mailbox');
		assert.deepEqual(identity(await atRelay('adopted mailbox')), [login.user, 'user1@site1.test']);
		await send.sendmail('webuser', 'x@ok.test', { arguments: '-i x@ok.test' })('adopted script');
		assert.deepEqual(identity(await atRelay('adopted script')), [login.user, 'uid-7003@cpanel.example.test']);
		assert.equal(server.rig.count('message.accepted', { subject: 'adopted mailbox' }), 1);
		assert.equal(done(await server.mta(['ensure'])).out, '', 'it is known now');

		done(await server.mta(['bypass']));
		await send.mailbox(user1, 'x@ok.test')('bypassed');
		assert.deepEqual(identity(await atRelay('bypassed')), [login.user, 'user1@site1.test']);
		assert.equal(server.rig.count('message.accepted', { subject: 'bypassed' }), 0);

		const unwired = done(await server.mta(['unwire', '--yes']));
		assert.match(unwired.out, /50-upstream\.yaml stays/);
		assert.equal(await server.treeSum(), before, 'byte for byte');
		await forgetUpstream();
		assert.match(done(await server.mta(['wire', '--yes']), 1).err, /send_via_relay/);
	});

	test('an agent that does not take the upstream over: nothing is changed', async () => {
		const before = await server.treeSum();
		const config = await server.machine.read(server.config);
		assert.ok(config);
		const ran = await server.mta(['wire', '--yes', '--adopt-upstream'], { isDeaf: true });
		assert.match(done(ran, 1).err, /The agent could not be told[\s\S]*Everything was put back/);
		assert.equal(await server.treeSum(), before);
		assert.equal(await server.machine.read(place), undefined);
	});

	test('put aside only: in front of ours too it is taken while bypassed, and only then', async () => {
		const inFront = snippet('127.0.0.1', relay.port).replace(
			/@POSTMAILCOUNT@\n([\s\S]*?)\n\n([\s\S]*)@ROUTERSTART@\n/,
			'@POSTMAILCOUNT@\n\n$2@ROUTERSTART@\n$1\n',
		);
		assert.match(inFront, /@ROUTERSTART@\nsend_via_relay:/);
		await set(confLocal, inFront);
		const before = await server.treeSum();
		done(await server.mta(['wire', '--yes', '--over-smarthost']));
		await goesByAgent(server, 'aside');
		done(await server.mta(['bypass']));
		await send.mailbox(user1, 'x@ok.test')('aside bypassed');
		assert.equal((await atRelay('aside bypassed')).user, login.user);
		done(await server.mta(['unwire', '--yes']));
		assert.equal(await server.treeSum(), before, 'byte for byte');
	});

	test('a relay that somebody sets later is told, not adopted', async () => {
		await set(confLocal, emptyConfLocal);
		done(await server.mta(['wire', '--yes']));
		await goesByAgent(server, 'before-relay');
		const wired = (await server.machine.read(confLocal))?.content ?? '';
		const router =
			'late_relay:\n  driver = manualroute\n  domains = ! +local_domains\n  transport = remote_smtp\n  route_list = * 127.0.0.1::1\n';
		await set(confLocal, wired.replace('@ROUTERSTART@\n', `@ROUTERSTART@\n${router}`));
		assert.match(done(await server.mta(['ensure']), 1).err, /router late_relay \(@ROUTERSTART@/);
		await set(confLocal, wired);
		done(await server.mta(['unwire', '--yes']));
	});

	test('the smarthost of the Basic Editor: refused with its place, adopted, and back', async () => {
		await server.machine.remove(confLocal);
		await set(
			localOpts,
			`smarthost_routelist=* 127.0.0.1::${relay.port}\nsmarthost_username=${login.user}\nsmarthost_password=p::a"ss\n`,
		);
		const before = await server.treeSum();
		assert.match(
			done(await server.mta(['wire', '--yes']), 1).err,
			/router smarthost \(Basic Editor, smarthost_routelist in \/etc\/exim\.conf\.localopts\)/,
		);
		done(await server.mta(['wire', '--yes', '--adopt-upstream']));
		await send.mailbox(user1, 'x@ok.test')('basic');
		assert.deepEqual(identity(await atRelay('basic')), [login.user]);
		assert.equal(server.rig.count('message.accepted', { subject: 'basic' }), 1);
		done(await server.mta(['unwire', '--yes']));
		assert.equal(await server.treeSum(), before);
		await forgetUpstream();
		await set(localOpts, '');
		await goesDirectly(server, 'no-smarthost');
	});
});
