/**
 * `sluice panel install` and `remove` on a cPanel server in a box: every file where it belongs, registered by cPanel's own commands, and
 * nothing left of it afterwards: the tree is as before by names, modes and bytes.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Machine } from '@sluice/installers/facts/machine.ts';
import { changePlugin, type PluginOptions, pluginStatus } from '@sluice/installers/panel/plugin.ts';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import { type Box, boxesUnavailable, startBox } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';
import { unpackedLayer } from '../mta/debs.ts';
import { layCpanel, pluginCall } from './plugin-ground.ts';

const skip = (await boxesUnavailable()) ?? false;
let box: Box;
let machine: Machine;
before(async () => {
	if (skip !== false) return;
	box = await startBox({ name: 'plugin', layers: [await unpackedLayer('exim')], users: [] });
	machine = machineOf(box);
	await layCpanel(box);
});
after(() => box?.stop());

async function run(verb: 'install' | 'remove' | 'status', options: PluginOptions = { yes: true }) {
	const { call, said, code } = pluginCall(machine, options);
	if (verb === 'status') await pluginStatus(call);
	else await changePlugin(call, verb);
	return { code: code(), said: said.join('') };
}

/** Names, modes and bytes of all that a plugin could leave behind. */
async function tree(): Promise<readonly string[]> {
	const find =
		'find /usr/local/cpanel /var/cpanel /opt /var/lib -xdev -path /var/lib/sluice-wiring -prune -o -printf "%p %m %u %y " \\( -type f -exec sha256sum {} \\; -o -printf "\\n" \\)';
	return (await box.run(['/bin/sh', '-c', `${find} 2>/dev/null | sort`])).stdout.split('\n');
}

test('in and out: every file, item and hook; then the tree is as before', { skip }, async () => {
	const pristine = await tree();
	const dry = await run('install', { dryRun: true });
	assert.match(dry.said, /Put \d+ of \d+ files of the plugin in place/);
	assert.match(dry.said, /^ +\/usr\/local\/cpanel\/whostmgr\/docroot\/cgi\/sluice\/index\.cgi$/m, 'each file by name');
	assert.deepEqual(await tree(), pristine, 'a dry run changes nothing');

	const installed = await run('install');
	assert.equal(installed.code, 0, installed.said);
	assert.match(await box.readFile('/var/cpanel/apps/sluice.conf'), /^acls=software-Sluice$/m);
	assert.match(
		await box.readFile('/usr/local/cpanel/base/frontend/jupiter/dynamicui/dynamicui_sluice.conf'),
		/"Outgoing mail"/,
	);
	const lines = (await box.readFile('/var/cpanel/hooks.list')).trim().split('\n');
	assert.equal(lines.length, hooks.length);
	assert.ok(lines.every((line) => line.endsWith(' post /var/cpanel/sluice/sluice-hook')));
	const idle = await run('status');
	assert.equal(idle.code, 0);
	assert.match(idle.said, /panel server does not run: there is no \/run\/sluice\/panel\.sock.*Mail goes on/);
	for (const name of ['panel', 'helper']) await box.writeFile(`/run/sluice/${name}.sock`, '');
	assert.match((await run('status')).said, /The plugin is installed\.$/m);
	const whole = await tree();
	assert.match((await run('install')).said, /nothing to do/);
	assert.deepEqual(await tree(), whole, 'once more changes nothing');

	const removed = await run('remove');
	assert.equal(removed.code, 0, removed.said);
	assert.deepEqual(await tree(), pristine);
	assert.match((await run('remove')).said, /No plugin is installed here/);
});

test('what an update of cPanel took away is put right; what fails half way is taken back', { skip }, async () => {
	await run('install');
	const whole = await tree();
	await box.run(['/bin/rm', '-r', '/usr/local/cpanel/whostmgr/docroot/cgi/sluice', '/var/cpanel/apps/sluice.conf']);
	await box.writeFile('/var/cpanel/hooks.list', '');
	const status = await run('status');
	assert.equal(status.code, 1);
	assert.match(status.said, /not registered. Hooks: 0 of/);
	assert.equal((await run('install')).code, 0);
	assert.deepEqual(await tree(), whole);
	await run('remove');

	const pristine = await tree();
	const script = '/usr/local/cpanel/scripts/install_plugin';
	const good = await box.readFile(script);
	await box.writeFile(script, '#!/bin/sh\necho full of errors >&2\nexit 3\n', { mode: 0o755 });
	const failing = await tree();
	const failed = await run('install');
	assert.equal(failed.code, 1);
	assert.match(failed.said, /install_plugin .* ended with 3: full of errors/);
	assert.match(failed.said, /Everything was put back as it was/);
	assert.deepEqual(await tree(), failing);
	await box.writeFile(script, good, { mode: 0o755 });
	assert.deepEqual(await tree(), pristine);
});
