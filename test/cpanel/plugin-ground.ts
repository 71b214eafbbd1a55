/**
 * What is on a cPanel server before the plugin is: folders, cPanel's own commands as stand-ins; and `sluice panel install` on it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitCode, Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Machine } from '@sluice/installers/facts/machine.ts';
import { speakerFor } from '@sluice/installers/mta/speak.ts';
import { changePlugin, type PluginCall, type PluginOptions } from '@sluice/installers/panel/plugin.ts';
import type { Box } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';

const programs = join(import.meta.dirname, 'programs');
const scripts = new Set(['install_plugin', 'uninstall_plugin']);
/** What was there before a plugin was. */
const folders = [
	'/usr/local/cpanel/bin',
	'/usr/local/cpanel/scripts',
	'/usr/local/cpanel/Cpanel/API',
	'/usr/local/cpanel/Cpanel/Config/ConfigObj/Driver',
	'/usr/local/cpanel/base/frontend/jupiter/dynamicui',
	'/usr/local/cpanel/whostmgr/docroot/cgi',
	'/usr/local/cpanel/whostmgr/docroot/addon_plugins',
	'/usr/local/cpanel/whostmgr/addonfeatures',
	'/opt/sluice',
	'/var/cpanel/apps',
	'/var/cpanel/packages/extensions',
	'/var/cpanel/perl/Cpanel/Admin/Modules',
];

export async function layCpanel(box: Box): Promise<void> {
	for (const folder of folders) await box.makeFolder(folder);
	await box.writeFile('/usr/local/cpanel/version', '11.138.0.6\n');
	await box.writeFile('/var/cpanel/hooks.list', '');
	for (const name of readdirSync(programs))
		await box.writeFile(
			`/usr/local/cpanel/${scripts.has(name) ? 'scripts' : 'bin'}/${name}`,
			readFileSync(join(programs, name), 'utf8'),
			{ mode: 0o755 },
		);
}

export type PluginRun = { readonly call: PluginCall; readonly said: readonly string[]; code(): ExitCode };

/** A command of `sluice panel` with what it says and how it ends. */
export function pluginCall(machine: Machine, options: PluginOptions = { yes: true }): PluginRun {
	let code: ExitCode = 0;
	const said: string[] = [];
	const terminal = {
		writeOut: (text: string) => void said.push(text),
		writeErr: (text: string) => void said.push(text),
		canAsk: false,
		isTerminal: false,
		hasColour: false,
		width: 100,
		zone: 'UTC',
		environment: {},
		now: Date.now,
		actor: { role: 'admin', id: 'test' },
		endWith(ending: ExitCode) {
			code = ending;
		},
	} as unknown as Terminal;
	const speaker = speakerFor(terminal, options.json === true);
	return { call: { terminal, options, machine, speaker, pid: process.pid }, said, code: () => code };
}

/** `sluice panel install`, which has to succeed. */
export async function installPlugin(box: Box): Promise<void> {
	const { call, said, code } = pluginCall(machineOf(box));
	await changePlugin(call, 'install');
	assert.equal(code(), 0, said.join(''));
}
