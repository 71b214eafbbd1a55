/** After an update of cPanel: the plugin and the wiring come back where they were, and nowhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import { cpanelMachine } from '../facts/cpanel-machine.fixture.ts';
import { pluginFiles } from '../facts/plugin.ts';
import { listener } from '../mta/listen.ts';
import type { MtaPorts } from '../mta/site.ts';
import { changePlugin } from './plugin.ts';
import { mendUpgraded } from './upgraded.ts';

const terminal = {
	environment: {},
	now: () => 1_000_000,
	exists: () => false,
	actor: { role: 'admin', id: 'root' },
	writeOut: () => assert.fail('nothing is written for people'),
	writeErr: () => assert.fail('nothing is written for people'),
} as unknown as Terminal;

const state = '/var/lib/sluice-wiring';

function server(failAt?: number) {
	const { machine, state: standing } = cpanelMachine(failAt);
	const mend = () =>
		mendUpgraded({
			terminal,
			options: { root: '/', state },
			ports: { machine: () => machine, pid: 17 } as unknown as MtaPorts,
		});
	const plugin = async (verb: 'install' | 'remove') => {
		const { speaker, said } = listener();
		await changePlugin({ terminal, options: { yes: true }, machine, speaker, pid: 17 }, verb);
		assert.ok(said().ok);
	};
	/** What an update may do. */
	const wipe = (paths: readonly string[]): void => {
		for (const path of paths) machine.files.delete(path);
	};
	const outcomes = async () => (await mend()).map(({ outcome }) => outcome);
	return { machine, standing, mend, plugin, wipe, outcomes };
}

const all = pluginFiles().map(({ path }) => path);

test('where nothing was ever put, or was taken out again, nothing is put', async () => {
	const { machine, standing, plugin, outcomes } = server();
	const writes = () => machine.acts.filter((act) => /^write (?!\/var\/lib\/sluice-wiring\/)/.test(act)).length;
	assert.deepEqual(await outcomes(), ['absent', 'absent']);
	assert.equal(writes(), 0);
	await plugin('install');
	await plugin('remove');
	const former = writes();
	assert.deepEqual(await outcomes(), ['absent', 'absent']);
	// Half taken out is taken out: what is left must not call the rest back.
	machine.files.set(all[0] as string, { path: all[0] as string, content: '', mode: 0o644, uid: 0, gid: 0 });
	assert.deepEqual(await outcomes(), ['absent', 'absent']);
	assert.deepEqual([writes(), standing().hooks], [former, 0]);
});

test('what an update took away comes back: some of it, or all of it; right already is left alone', async () => {
	const { machine, standing, mend, plugin, wipe, outcomes } = server();
	await plugin('install');
	assert.deepEqual(await outcomes(), ['absent', 'right']);
	wipe(all.slice(2));
	const [, mended] = await mend();
	assert.equal(mended?.outcome, 'mended');
	assert.match(mended?.text ?? '', /^The plugin was put right after cPanel’s update\. /);
	wipe(all);
	assert.deepEqual(await outcomes(), ['absent', 'mended'], 'the log knows that it was there');
	assert.ok(all.every((path) => machine.files.has(path)));
	assert.equal(standing().hooks, hooks.length);
	// Put there by hand, before there was a log.
	machine.files.delete(`${state}/acts.log`);
	wipe(all.slice(1));
	assert.deepEqual(await outcomes(), ['absent', 'mended']);
});

test('what cannot be put right is told with what mends it', async () => {
	const { machine, mend, plugin, wipe } = server();
	await plugin('install');
	wipe(all.slice(2));
	machine.files.set(`${state}/lock.99`, {
		path: `${state}/lock.99`,
		content: '5 running\n',
		mode: 0o600,
		uid: 0,
		gid: 0,
	});
	machine.folders.add('/proc/5');
	const [, failed] = await mend();
	assert.ok(failed?.outcome === 'failed');
	assert.match(failed.text, /could not be put right after cPanel’s update: Another command/);
	assert.match(failed.hint, /By hand: `sluice panel install`\. It is tried again\./);
	machine.folders.delete('/proc/5');
	// Broken I/O of the one does not keep the other from its turn.
	const broken = await mendUpgraded({
		terminal,
		options: { root: '/', state },
		ports: {
			machine: () => ({ ...machine, run: async () => Promise.reject(new Error('disk on fire')) }),
			pid: 17,
		} as unknown as MtaPorts,
	});
	assert.deepEqual(
		broken.map(({ outcome, text }) => [outcome, /disk on fire/.test(text)]),
		[
			['absent', false],
			['failed', true],
		],
	);
});
