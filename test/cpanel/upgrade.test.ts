/**
 * An update of cPanel, from its hook to what is put right: `sluice panel reconcile` against a real agent and cPanel's programs as stand-ins.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { ExitCode, Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { reconcileCommand } from '@sluice/installers/panel/reconcile.ts';
import { systemCpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import { systemCpanelFiles } from '@sluice/panel-cpanel/api/files.ts';
import type { Mended } from '@sluice/panel-cpanel/reconcile/upgrade.ts';
import { createClient } from '@sluice/shared/client/client.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { until } from '../mta/until.ts';
import { startRig } from '../scenarios/rig.ts';
import { fireHooks } from './api/hooks.ts';
import { installStandIn, standInAccount } from './api/install.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const mended: Mended = { outcome: 'mended', text: 'The wiring was put right.' };
const absent: Mended = { outcome: 'absent', text: 'Nothing here.' };
const broken: Mended = { outcome: 'failed', text: 'The plugin was not put right.', hint: 'By hand.' };

async function startServer(context: TestContext) {
	const rig = await startRig(context, { internet });
	const cpanel = installStandIn();
	context.after(() => cpanel.clear());
	cpanel.hook();
	const setVersion = (version: string): void => {
		mkdirSync(join(cpanel.root, 'usr/local/cpanel'), { recursive: true });
		writeFileSync(join(cpanel.root, 'usr/local/cpanel/version'), `${version}\n`);
	};
	setVersion('11.136.0.4');
	const world = { mend: async (): Promise<readonly Mended[]> => [mended, absent], knownThen: -1, times: 0 };
	const options = { root: cpanel.root, state: join(cpanel.root, 'var/lib/sluice-cpanel') };
	const ports = {
		api: systemCpanelApi(cpanel.programs),
		files: systemCpanelFiles(cpanel.root),
		client: createClient(rig.agent.socketPath, { role: 'admin', id: 'cpanel' }),
		place: { folder: options.state, spool: cpanel.spool },
		now: Date.now,
	};
	const start = (more: { readonly once?: boolean }) => {
		const said: string[] = [];
		let code: ExitCode = 0;
		let interrupt = (): void => {};
		const terminal = {
			environment: {},
			now: Date.now,
			writeOut: (text: string) => void said.push(text),
			writeErr: (text: string) => void said.push(`! ${text}`),
			endWith(ending: ExitCode) {
				code = ending;
			},
			onInterrupt(act: () => void) {
				interrupt = act;
			},
		} as unknown as Terminal;
		const ended = reconcileCommand(
			terminal,
			{ ...options, ...more },
			{
				ports,
				async mend() {
					world.times += 1;
					world.knownThen = rig.agent.flow.accounts.living;
					return world.mend();
				},
			},
		);
		return { said, ended, stop: () => interrupt(), code: () => code };
	};
	const once = async () => {
		const { said, ended, code } = start({ once: true });
		await ended;
		return { said, code: code() };
	};
	const upcp = () => fireHooks(cpanel.root, [{ category: 'System', event: 'upcp', data: {} }]);
	const addAccount = (user: string): void =>
		cpanel.change((state) => {
			state.accounts[user] = standInAccount(user, { uid: 1001 + Object.keys(state.accounts).length });
		});
	addAccount('alice');
	return { rig, cpanel, world, setVersion, start, once, upcp, addAccount };
}

test('once: by the hook and by another version alone, behind the accounts, a line for each', async (context) => {
	const { cpanel, world, setVersion, once, upcp, addAccount } = await startServer(context);
	assert.equal((await once()).said.length, 1, 'the first look');
	assert.equal(world.times, 0);

	addAccount('bob');
	assert.deepEqual(upcp(), ['1 ok\n']);
	const byHook = await once();
	assert.match(byHook.said[0] ?? '', /^2 accounts: 1 new/);
	assert.deepEqual(byHook.said.slice(1), ['The wiring was put right.\n'], 'nothing of what is not here');
	assert.deepEqual([world.times, world.knownThen, byHook.code], [1, 2, 0]);
	assert.deepEqual(readdirSync(cpanel.spool), []);
	assert.equal((await once()).said.length, 1);

	setVersion('11.138.0.6');
	assert.equal((await once()).said[1], 'The wiring was put right.\n');
	assert.equal(world.times, 2);
});

test('a failure is told with its mend and keeps no account from being told; an update nobody could be told of waits', async (context) => {
	const { cpanel, world, once, upcp, addAccount } = await startServer(context);
	await once();
	upcp();
	addAccount('bob');
	world.mend = async () => [broken, mended];
	const failed = await once();
	assert.match(failed.said[0] ?? '', /^2 accounts: 1 new/);
	assert.deepEqual(failed.said.slice(1), ['! The plugin was not put right. By hand.\n', 'The wiring was put right.\n']);
	assert.equal(failed.code, 1);
	// cPanel's programs fail, as they may in the middle of an update: what it took away comes back all the same.
	cpanel.change((state) => {
		state.faults = { listaccts: { exitCode: 1 } };
	});
	upcp();
	world.mend = async () => [mended];
	const panelDown = await once();
	assert.match(panelDown.said[0] ?? '', /Nothing was told/);
	assert.equal(panelDown.said.at(-1), 'The wiring was put right.\n');
	assert.deepEqual(readdirSync(cpanel.spool), []);
});

for (const way of ['watching', 'once'] as const)
	test(`${way}: accounts go on being told while something is put right`, { timeout: 90_000 }, async (context) => {
		const { rig, cpanel, world, start, upcp, once } = await startServer(context);
		await once();
		const gate = Promise.withResolvers<void>();
		world.mend = async () => {
			await gate.promise;
			return [mended];
		};
		upcp();
		const running = start({ once: way === 'once' });
		const otherwise = (): string => running.said.join();
		await until(async () => world.times === 1, { waitMs: 30_000, otherwise });
		await cpanel.whm('createacct', 'username=bob', 'domain=bob.test');
		await until(async () => rig.agent.flow.accounts.living === 2, { waitMs: 30_000, otherwise });
		assert.ok(!running.said.includes('The wiring was put right.\n'));
		if (way === 'watching') running.stop();
		gate.resolve();
		await running.ended;
		assert.ok(running.said.includes('The wiring was put right.\n'), 'and it is waited for at the end');
		assert.equal(world.times, 1);
	});
