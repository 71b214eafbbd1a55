/**
 * `sluice mta` on cPanel's Exim where things are not as they should be: edits in WHM's editors, upgrades, failing steps, no agent.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { stateFolderDefault } from '@sluice/installers/apply/journal.ts';
import { relayAnswer } from '@sluice/installers/facts/agent.ts';
import type { Machine } from '@sluice/installers/facts/machine.ts';
import { mendUpgraded } from '@sluice/installers/panel/upgraded.ts';
import { proofWaitMs } from '@sluice/installers/proof/prove-route.ts';
import { emptyConfLocal } from '@sluice/shared/mta/cpanel-local.ts';
import { ok } from '@sluice/shared/words/result.ts';
import {
	aclFolder,
	builtConf,
	type CpanelServer,
	confLocal,
	localOpts,
	startCpanelServer,
} from '../cpanel/exim/cpanel-server.ts';
import { boxesUnavailable } from './box.ts';
import {
	done,
	goesByAgent,
	goesDirectly,
	runBypassFreesQueue,
	runHandEdits,
	runKills,
	runRollback,
} from './wire-cases.ts';

const isLong = process.env.SLUICE_LONG === '1';
const skip = (await boxesUnavailable()) ?? false;
/** What an administrator may have in the Advanced Editor. */
const edited = emptyConfLocal
	.replace('@CONFIG@\n', '@CONFIG@\nsmtp_banner = mail.example.test\n')
	.replace('@RETRYSTART@\n', '@RETRYSTART@\nslow.test * F,1d,1h\n');
const aclMail = `${aclFolder}/ACL_MAIL_PRE_BLOCK/custom_begin_sluice`;

/** What `sluice panel reconcile` does after an update. */
const mendedOn = (server: CpanelServer) =>
	mendUpgraded({
		terminal: { now: Date.now, exists: () => true, environment: {} } as unknown as Terminal,
		options: { root: '/', state: stateFolderDefault, config: server.config },
		ports: {
			machine: () => server.machine,
			client: async () => server.rig.client,
			relayAnswer,
			reloadAgent: async () => ok(undefined),
			testWaitMs: proofWaitMs,
			pid: process.pid,
		},
	});

suite("sluice mta on cPanel's Exim, when something is wrong", { skip, concurrency: false }, () => {
	let server: CpanelServer;
	let stock: string;
	before(async () => {
		server = await startCpanelServer({ name: 'wire-cpanel-repair', options: ['srs=0'], confLocal: edited });
		stock = await server.treeSum();
	});
	after(() => server?.stop());
	const read = async (path: string): Promise<string> => (await server.machine.read(path))?.content ?? '';
	const write = (path: string, content: string): Promise<void> =>
		server.machine.write({ path, content, mode: 0o644, uid: 0, gid: 0 });
	const asBefore = async (): Promise<void> => assert.equal(await server.treeSum(), stock, 'byte for byte');

	test('edits of the Advanced Editor are kept, ours are repaired', async () => {
		await runHandEdits(server, confLocal, { ourLine: '*@127.0.0.1 * F,4d,10s\n' });
	});

	test('a file without a final newline stays one', async () => {
		await write(confLocal, edited.trimEnd());
		done(await server.mta(['wire', '--yes']));
		await goesByAgent(server, 'no-newline');
		done(await server.mta(['unwire', '--yes']));
		assert.equal(await read(confLocal), edited.trimEnd());
		await write(confLocal, edited);
		await server.reload();
		await asBefore();
	});

	test('an upgrade that loses the file, the option or an ACL file: ensure puts back what is gone', async () => {
		done(await server.mta(['wire', '--yes']));
		const wired = {
			[confLocal]: await read(confLocal),
			[localOpts]: await read(localOpts),
			[aclMail]: await read(aclMail),
		};
		const losses: readonly (() => Promise<void>)[] = [
			() => write(confLocal, edited),
			() => write(localOpts, 'srs=0\n'),
			() => server.machine.remove(aclMail),
		];
		for (const lose of losses) {
			await lose();
			await server.reload();
			assert.match(done(await server.mta(['status']), 1).out, /changed by somebody else/);
			done(await server.mta(['ensure']));
			for (const [path, content] of Object.entries(wired)) assert.equal(await read(path), content, path);
		}
		await goesByAgent(server, 'repaired');
		done(await server.mta(['unwire', '--yes']));
		await asBefore();
	});

	test('what Exim reads was built without us: ensure builds it again', async () => {
		const built = await read(builtConf);
		done(await server.mta(['wire', '--yes']));
		await write(builtConf, built);
		assert.match(done(await server.mta(['status']), 1).out, /what the MTA reads was made without them/);
		done(await server.mta(['ensure']));
		await goesByAgent(server, 'built-again');
		assert.equal(done(await server.mta(['ensure'])).out, '');
		done(await server.mta(['unwire', '--yes']));
		await asBefore();
	});

	test('an update of cPanel that loses it: put right behind it, once, and a bypass stays one', async () => {
		const outcomes = async () => (await mendedOn(server)).map(({ outcome }) => outcome);
		assert.deepEqual(await outcomes(), ['absent', 'absent'], 'what is not wired is not wired by an update');
		done(await server.mta(['wire', '--yes']));
		assert.deepEqual(await outcomes(), ['right', 'absent']);
		await write(confLocal, edited);
		await server.reload();
		await goesDirectly(server, 'lost-by-update');
		const [wiring] = await mendedOn(server);
		assert.match(wiring?.text ?? '', /^The wiring of Exim was put right after cPanel’s update\. .* is wired\./);
		await goesByAgent(server, 'updated');
		done(await server.mta(['bypass']));
		await write(confLocal, edited);
		await server.reload();
		assert.deepEqual(await outcomes(), ['mended', 'absent']);
		assert.match(done(await server.mta(['status']), 1).out, /bypassed/);
		done(await server.mta(['unwire', '--yes']));
		assert.deepEqual(await outcomes(), ['absent', 'absent']);
		await asBefore();
	});

	test('a stock that an upgrade changed is followed', async () => {
		const dist = '/usr/local/cpanel/etc/exim/exim.conf.dist';
		const former = await read(dist);
		done(await server.mta(['wire', '--yes']));
		await write(dist, former.replaceAll('message_linelength_limit = 2048', 'message_linelength_limit = 4096'));
		await server.reload();
		done(await server.mta(['ensure']));
		const { output } = await server.machine.run(['exim', '-bP', 'transport', 'sluice_remote_smtp']);
		assert.match(output, /^message_linelength_limit = 4096$/m);
		await write(dist, former);
		done(await server.mta(['unwire', '--yes']));
		await asBefore();
	});

	test('whichever command fails: files, built configuration and daemon are as before', async () => {
		const failing =
			(name: string) =>
			(machine: Machine): Machine => {
				let left = 1;
				return {
					...machine,
					run: async (command, options) =>
						command.join(' ').includes(name) && left-- > 0
							? { exitCode: 1, output: `${name} failed` }
							: machine.run(command, options),
				};
			};
		for (const name of ['buildeximconf', 'exim -brt', 'secret read', 'restartsrv_exim', 'sendmail']) {
			const ran = done(await server.mta(['wire', '--yes'], { machine: failing(name), testWaitMs: 1_000 }), 1);
			assert.match(ran.err, /Everything was put back as it was/, name);
			await asBefore();
		}
		assert.match(done(await server.mta(['status']), 1).out, /not wired/);
		await goesDirectly(server, 'after-failures');
	});

	test('an ACL file that cPanel does not build in is seen by the test message', async () => {
		const script = '/usr/local/cpanel/scripts/buildeximconf';
		const former = await server.machine.read(script);
		assert.ok(former);
		await server.machine.write({
			...former,
			content: former.content.replace("eq '1' } @files", "eq 'never' } @files"),
		});
		await runRollback(server, /did not see the directory/);
		await server.machine.write(former);
	});

	test('doctor names what is wrong and what mends it, and says what the server proves', async () => {
		await write('/var/cpanel/cpanel.config', 'maxemailsperhour=200\nemail_send_limits_max_defer_fail_percentage=\n');
		const found = async (code: 0 | 1) => {
			const { findings } = JSON.parse(done(await server.doctor(['--json']), code).out) as {
				findings: { code: string; level: string; mend: string }[];
			};
			return findings
				.filter(({ code: name }) => name !== 'panel.plugin')
				.map((each) => [each.code, each.level, each.mend]);
		};
		const limits = ['panel.limits', 'watch', '`sluice panel limits lift`; `sluice panel limits restore` puts it back'];
		assert.deepEqual(await found(1), [['mta.not-wired', 'wrong', '`sluice mta wire`'], limits]);
		done(await server.mta(['wire', '--yes']));
		assert.deepEqual(await found(1), [limits], 'but for the plugin, which is not installed here');
		const secret = '/etc/sluice-exim/secret';
		const kept = await server.machine.read(secret);
		assert.ok(kept);
		await server.machine.write({ ...kept, mode: 0o644 });
		assert.deepEqual(
			(await found(1)).map(([code]) => code),
			['mta.secret-mode', 'panel.limits'],
		);
		await server.machine.write({ ...kept, content: '' });
		assert.deepEqual(
			(await found(1)).map(([code]) => code),
			['exim.secret-read', 'panel.limits'],
		);
		await server.machine.write(kept);
		await write(aclMail, '');
		assert.deepEqual(
			(await found(1)).map(([code]) => code),
			['mta.changed', 'panel.limits'],
		);
		assert.match(
			done(await server.doctor(), 1).out,
			/^wrong {2}.*somebody has changed it\.\n {7}mta\.changed {2}mend: `sluice mta ensure`$/m,
		);
		done(await server.mta(['ensure']));

		const probed = JSON.parse((await server.doctor(['--probe', '--json'])).out) as {
			items: { id: string; outcome: string }[];
		};
		const outcomes = Object.fromEntries(probed.items.map(({ id, outcome }) => [id, outcome]));
		for (const id of ['built-in', 'acl-files', 'limits-first', 'stock-names', 'mailtrapheaders'])
			assert.equal(outcomes[`exim-${id}`], 'proved', id);
		assert.equal(outcomes['exim-editor'], 'not-settled');
		done(await server.mta(['unwire', '--yes']));
		await asBefore();
	});

	test('cut off at any act, ensure or unwire gets out of it', async () => {
		const stride = isLong ? 1 : 19;
		const wiring = await runKills(server, ['wire', '--yes'], { stride });
		const unwiring = await runKills(server, ['unwire', '--yes'], { prepare: ['wire', '--yes'], stride });
		assert.ok(wiring > 1 && unwiring > 0, `${wiring} and ${unwiring} points`);
	});

	test('what was remembered is lost: only what is ours is taken out', async () => {
		await server.machine.remove(confLocal);
		await server.reload();
		const without = await server.treeSum();
		done(await server.mta(['wire', '--yes']));
		for (const name of [
			'state.json',
			...(await server.machine.list('/var/lib/sluice-wiring/before')).map((each) => `before/${each}`),
		])
			await server.machine.remove(`/var/lib/sluice-wiring/${name}`);
		done(await server.mta(['unwire', '--yes']));
		assert.equal(await server.treeSum(), without);
		await write(confLocal, edited);
		await server.reload();
		await asBefore();
	});

	test('a bypass frees what waits at the MTA', () => runBypassFreesQueue(server, ['exim', '-bp']));

	test('a file without its sections is refused with what to do, and so is somebody else’s', async () => {
		await write(confLocal, '@AUTH@\n\n');
		assert.match(done(await server.mta(['wire', '--yes']), 1).err, /has no section @POSTMAILCOUNT@.*Advanced Editor/s);
		await server.machine.write({ path: confLocal, content: edited, mode: 0o644, uid: 7001, gid: 0 });
		assert.match(done(await server.mta(['wire', '--yes']), 1).err, /belongs to user 7001/);
		await write(confLocal, edited);
	});
});
