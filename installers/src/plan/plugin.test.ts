/** The plugin's steps on a machine in memory: all of it in, nothing left, and back again from every step that fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import { runSteps, type StepPorts } from '../apply/run-steps.ts';
import { cpanelMachine } from '../facts/cpanel-machine.fixture.ts';
import { fileOf, type MemoryMachine, memoryMachine } from '../facts/memory-machine.fixture.ts';
import { type PluginFacts, pluginFacts, pluginFiles } from '../facts/plugin.ts';
import { installPluginSteps, isInstalled, removePluginSteps } from './plugin.ts';

const portsOf = (machine: MemoryMachine): StepPorts => ({
	machine,
	onStep: () => {},
	test: async () => assert.fail('no mail'),
	reloadAgent: async () => assert.fail('no mail'),
});

async function factsOf(machine: MemoryMachine): Promise<PluginFacts> {
	const facts = await pluginFacts(machine);
	assert.ok(facts.ok);
	return facts.value;
}

const pathsOf = ({ files }: MemoryMachine): readonly string[] => [...files.keys()].toSorted();

test('all of it in, nothing to do the second time, nothing left behind', async () => {
	const { machine, state } = cpanelMachine();
	const before = pathsOf(machine);
	const installed = await runSteps(installPluginSteps(await factsOf(machine)), portsOf(machine));
	assert.ok(installed.ok);
	assert.deepEqual(state(), { isRegistered: true, hasItem: true, hooks: hooks.length });
	for (const { path, content, mode } of pluginFiles())
		assert.deepEqual([machine.files.get(path)?.content, machine.files.get(path)?.mode], [content, mode], path);
	assert.ok(isInstalled(await factsOf(machine)));
	const again = await runSteps(installPluginSteps(await factsOf(machine)), portsOf(machine));
	assert.ok(again.ok && again.value.every(({ outcome }) => outcome === 'was-so'));
	const removed = await runSteps(removePluginSteps(await factsOf(machine)), portsOf(machine));
	assert.ok(removed.ok);
	assert.deepEqual(pathsOf(machine), before);
	assert.deepEqual(state(), { isRegistered: false, hasItem: false, hooks: 0 });
});

test('whichever command fails, everything is as before', async () => {
	const { machine: sample, changes } = cpanelMachine();
	await runSteps(installPluginSteps(await factsOf(sample)), portsOf(sample));
	assert.ok(changes() > hooks.length);
	for (let failAt = 1; failAt <= changes(); failAt++) {
		const { machine, state } = cpanelMachine(failAt);
		const before = pathsOf(machine);
		const ran = await runSteps(installPluginSteps(await factsOf(machine)), portsOf(machine));
		assert.ok(!ran.ok && ran.error.stuck.length === 0, `command ${failAt}`);
		assert.deepEqual(pathsOf(machine), before);
		assert.deepEqual(state(), { isRegistered: false, hasItem: false, hooks: 0 }, `command ${failAt}`);
	}
});

test('an update changes what has changed, registers anew what it must, and takes the old files of the pages away', async () => {
	const { machine } = cpanelMachine();
	await runSteps(installPluginSteps(await factsOf(machine)), portsOf(machine));
	const conf = '/opt/sluice/cpanel/sluice.conf';
	const old = '/usr/local/cpanel/whostmgr/docroot/cgi/sluice/assets-0123456789ab';
	machine.files.set(conf, fileOf(conf, 'name=sluice\n'));
	machine.files.set(`${old}/sluice.css`, fileOf(`${old}/sluice.css`, ''));
	// Names of a folder's folders are seen through what lies in them.
	const list = machine.list;
	const withFolders: MemoryMachine = {
		...machine,
		list: async (folder) => [...(await list(folder)), ...(old.startsWith(`${folder}/`) ? ['assets-0123456789ab'] : [])],
	};
	const ran = await runSteps(installPluginSteps(await factsOf(withFolders)), portsOf(withFolders));
	assert.ok(ran.ok);
	assert.deepEqual(
		ran.value.map(({ id, outcome }) => `${id} ${outcome}`),
		['files done', 'whm done', 'cpanel was-so', 'hooks was-so', 'old files done'],
	);
	assert.equal(machine.files.has(`${old}/sluice.css`), false);
	assert.notEqual(machine.files.get(conf)?.content, 'name=sluice\n');
});

test('no cPanel: said, and nothing is asked', async () => {
	const machine = memoryMachine();
	const facts = await pluginFacts(machine);
	assert.ok(!facts.ok && /no cPanel server/.test(facts.error.text));
	assert.deepEqual(machine.ran, []);
});
