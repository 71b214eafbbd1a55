/**
 * `sluice stage` on a real Exim and a real Postfix: whose mail comes to the agent at each stage, what a change touches, what is put back.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { boxesUnavailable } from './box.ts';
import { type PlainServer, startPlainServer } from './plain-server.ts';
import { until } from './until.ts';
import { done, goesByAgent } from './wire-cases.ts';

const skip = (await boxesUnavailable()) ?? false;

let sent = 0;
/** A program of that user sends; how it reached the receiver. */
async function viaOf(server: PlainServer, user: string, from?: string): Promise<'agent' | 'direct'> {
	const recipient = `stage-${++sent}@ok.test`;
	const sender = from === undefined ? '' : `-f '${from}' `;
	await server.box.runAs(user, `/usr/sbin/sendmail -i ${sender}${recipient}`, { input: 'Subject: x\n\nHello.\n' });
	const arrived = () => server.internet.accepted().some((one) => one.acceptedRecipients.includes(recipient));
	await until(async () => arrived(), { waitMs: 15_000, otherwise: () => `${recipient} did not arrive` });
	const found = await server.rig.client.call('listMessages', { query: { recipient } });
	return found.ok && found.value.items.length > 0 ? 'agent' : 'direct';
}

const monitorOnly = async (server: PlainServer): Promise<boolean | undefined> => {
	const health = await server.rig.client.call('health');
	return health.ok ? health.value.monitorOnly : undefined;
};

suite('sluice stage on Exim', { skip, concurrency: false }, () => {
	let server: PlainServer;
	before(async () => {
		server = await startPlainServer('exim', { name: 'stage-exim', layout: 'single' });
	});
	after(() => server?.stop());

	const list = '/etc/exim4/sluice/only';

	test('a canary is looked up at each message, proved, remembered, and gone without a trace', async () => {
		const { machine, mta, stage, treeSum } = server;
		const bare = await treeSum();
		assert.match(done(await stage(['canary', '--only', 'site1.test']), 1).err, /not wired/);
		done(await mta(['wire', '--yes']));
		const wired = await treeSum();
		const config = (await machine.read('/etc/exim4/exim4.conf'))?.content;

		const ran = done(await stage(['canary', '--only', 'site1.test', 'alice']));
		assert.match(ran.out, /Stage canary: only mail of site1\.test, alice \(user\)/);
		assert.match(ran.out, /knows who sent it: user nobody/);
		assert.equal((await machine.read('/etc/exim4/exim4.conf'))?.content, config, 'nothing is built anew');
		assert.equal(await viaOf(server, 'webuser'), 'direct');
		assert.equal(await viaOf(server, 'webuser', 'x@other.test'), 'direct');
		assert.equal(await viaOf(server, 'webuser', 'x@SITE1.test'), 'agent');
		assert.equal(await viaOf(server, 'alice'), 'agent');
		assert.equal(await viaOf(server, 'alice', '<>'), 'agent', 'known by its user, whatever it says');
		assert.equal(await viaOf(server, 'webuser', '<>'), 'direct');

		assert.match(done(await mta(['status'])).out, /Stage canary: only mail of site1\.test/);
		assert.equal(done(await mta(['ensure'])).out, '');
		const named = await machine.read(list);
		assert.ok(named);
		await machine.write({ ...named, content: named.content.replace('user=alice:\n', '') });
		assert.equal(await viaOf(server, 'alice'), 'direct', 'by hand, at once');
		const told = JSON.parse(done(await stage(['--json'])).out) as { stage: string; only: string[]; wiring: string };
		assert.deepEqual([told.stage, told.only, told.wiring], ['canary', ['domain=site1.test'], 'wired']);

		assert.match(done(await stage(['monitor'])).out, /Stage monitor/);
		assert.equal(await monitorOnly(server), true);
		await goesByAgent(server, 'monitor');
		assert.equal(await treeSum(), wired);
		done(await stage(['full']));
		assert.equal(await monitorOnly(server), undefined);

		// What cannot be proved is put back.
		assert.match(done(await stage(['canary', '--only', 'nosuchuser']), 1).err, /no account or user "nosuchuser"/);
		assert.equal((await stage(['canary'])).code, 2);
		const deaf = done(await stage(['monitor'], { isDeaf: true }), 1);
		assert.match(deaf.err, /could not be told[\s\S]*put back/);
		const dead = done(
			await stage(['canary', '--only', 'site1.test'], {
				testWaitMs: 500,
				machine: (m) => ({
					...m,
					run: async (command, options) =>
						command[0] === '/usr/sbin/sendmail' ? { exitCode: 0, output: '' } : m.run(command, options),
				}),
			}),
			1,
		);
		assert.match(dead.err, /did not reach the agent/);
		assert.equal(await machine.exists(list), false);
		assert.equal(await treeSum(), wired);

		// An older text of the wiring, without the condition.
		const path = '/etc/exim4/exim4.conf';
		const file = await machine.read(path);
		assert.ok(file);
		const older = file.content.replace(/^ {2}condition = .*sluice\/only.*\n/m, '');
		assert.notEqual(older, file.content);
		await machine.write({ ...file, content: older });
		done(await mta(['ensure']));
		assert.equal((await machine.read(path))?.content, file.content);
		done(await mta(['unwire', '--yes']));
		assert.equal(await treeSum(), bare, 'byte for byte');
	});
});

suite('sluice stage on Postfix', { skip, concurrency: false }, () => {
	let server: PlainServer;
	before(async () => {
		server = await startPlainServer('postfix', { name: 'stage-postfix' });
	});
	after(() => server?.stop());

	test('a canary goes by the envelope’s sender, survives a bypass, and goes byte for byte', async () => {
		const { machine, mta, stage, treeSum } = server;
		const bare = await treeSum();
		done(await mta(['wire', '--yes']));
		const ran = done(await stage(['canary', '--only', 'site2.test', 'alice']));
		assert.match(ran.out, /knows who sent it: user nobody/);
		assert.equal(await viaOf(server, 'webuser'), 'direct');
		assert.equal(await viaOf(server, 'webuser', 'shop@site2.test'), 'agent');
		assert.equal(await viaOf(server, 'alice'), 'agent');
		assert.match(done(await mta(['status'])).out, /Stage canary: only mail of site2\.test, alice \(user\)/);
		assert.equal(done(await mta(['ensure'])).out, '');

		done(await mta(['bypass']));
		assert.equal(await viaOf(server, 'alice'), 'direct');
		done(await mta(['ensure']));
		assert.equal(await viaOf(server, 'alice'), 'agent');
		assert.equal(await viaOf(server, 'webuser'), 'direct');

		done(await stage(['full']));
		await goesByAgent(server, 'everybody');
		assert.equal(await machine.exists('/etc/postfix/sluice_only'), false);
		done(await mta(['unwire', '--yes']));
		assert.equal(await treeSum(), bare);
	});
});
