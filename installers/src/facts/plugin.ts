/**
 * What of the plugin lies on a cPanel server, beside what should: files, registration, hooks, folders of older versions.
 *
 * cPanel's own programs are asked where they can tell (`is_registered_with_appconfig`, `manage_hooks list`). How they print is loosely
 * known, so their answers are searched, not parsed. Not here: what is to be done (plan/plugin.ts).
 */
import { type Hook, hookName, hookScript, hooks, manageHooksProgram } from '@sluice/panel-cpanel/hooks.ts';
import { pluginSources, presentAssetFolders } from '@sluice/panel-cpanel/plugin-files.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { isCpanel } from './cpanel.ts';
import type { FileFact, Machine } from './machine.ts';
import { helperSocket, panelSocket } from './places.ts';
import type { Refusal } from './refusal.ts';

export type PluginFile = { readonly wanted: FileFact; readonly current: FileFact | undefined };

export type PluginFacts = {
	readonly files: readonly PluginFile[];
	/** Files of folders that an older version left, by folder. */
	readonly stale: ReadonlyMap<string, readonly FileFact[]>;
	readonly isRegistered: boolean;
	/** `CATEGORY EVENT` of the hooks that are registered with our script. */
	readonly hooked: ReadonlySet<string>;
	/** Sockets of the panel server and the root helper that are not there. */
	readonly silent: readonly PluginSocket[];
	/** The theme that the item of cPanel's menu stands in is there. */
	readonly hasJupiter: boolean;
};

export const pluginPrograms = {
	register: '/usr/local/cpanel/bin/register_appconfig',
	unregister: '/usr/local/cpanel/bin/unregister_appconfig',
	isRegistered: '/usr/local/cpanel/bin/is_registered_with_appconfig',
	addItem: '/usr/local/cpanel/scripts/install_plugin',
	removeItem: '/usr/local/cpanel/scripts/uninstall_plugin',
	manageHooks: manageHooksProgram,
} as const;
export const appConfigName = 'sluice';

/** Who draws the pages, and who does for them what only root may. */
const pluginSockets = {
	'panel server': panelSocket,
	'root helper': helperSocket,
} as const;
export type PluginSocket = keyof typeof pluginSockets;

const jupiterTheme = '/usr/local/cpanel/base/frontend/jupiter';
const root = { uid: 0, gid: 0 } as const;

/** Every file of the plugin as it should be. Text and pictures alike are read as latin1: a byte a character. */
export const pluginFiles = (): readonly FileFact[] =>
	pluginSources().map(({ content, to, mode }) => ({ path: to, content: content().toString('latin1'), mode, ...root }));

export async function pluginFacts(machine: Machine): Promise<Result<PluginFacts, Refusal>> {
	if (!(await isCpanel(machine)))
		return failed({
			code: 'panel',
			text: 'This is no cPanel server: /usr/local/cpanel/version is missing.',
			hint: 'Without a panel the pages are served on loopback (docs/panel.md).',
		});
	for (const program of Object.values(pluginPrograms))
		if (!(await machine.exists(program)))
			return failed({
				code: 'panel',
				text: `This is a cPanel server, and ${program} is missing.`,
				hint: 'Let cPanel mend itself (`/usr/local/cpanel/scripts/check_cpanel_pkgs --fix`), then try again.',
			});
	const files = await Promise.all(
		pluginFiles().map(async (wanted) => ({ wanted, current: await machine.read(wanted.path) })),
	);
	const [registered, listed] = await Promise.all([
		machine.run([pluginPrograms.isRegistered, 'whostmgr', appConfigName]),
		machine.run([pluginPrograms.manageHooks, 'list', '--output', 'JSON']),
	]);
	return ok({
		files,
		stale: await staleFolders(machine),
		isRegistered: /^\s*1\s*$/m.test(registered.output),
		hooked: new Set(hooks.filter((hook) => isListed(listed.output, hook)).map(hookName)),
		silent: await silentSockets(machine),
		hasJupiter: await machine.exists(jupiterTheme),
	});
}

/** Sockets that are not there now. */
export async function silentSockets(machine: Machine): Promise<readonly PluginSocket[]> {
	const all = Object.keys(pluginSockets) as readonly PluginSocket[];
	const isThere = await Promise.all(all.map((name) => machine.exists(pluginSockets[name])));
	return all.filter((_, at) => isThere[at] !== true);
}

/** What it means that one does not run, and what to do. */
export const silentText = (name: PluginSocket): string =>
	`The ${name} does not run: there is no ${pluginSockets[name]}. ${silentMeans[name]} Mail goes on.`;
const silentMeans: { readonly [name in PluginSocket]: string } = {
	'panel server': 'The pages in WHM and cPanel cannot be drawn.',
	'root helper': 'Resellers are refused their accounts on the pages, and nothing is done in the panel itself.',
};
export const silentMend: { readonly [name in PluginSocket]: string } = {
	'panel server': '`systemctl start sluice-panel.socket` (docs/cpanel.md has the unit)',
	'root helper': '`systemctl start sluice-helper.socket` (docs/cpanel.md has the unit)',
};

/** Our script and the event stand close together, whatever stands around them. */
function isListed(text: string, { event }: Hook): boolean {
	return text
		.replaceAll('\\/', '/')
		.split(/[{}\n]/)
		.some((part) => part.includes(hookScript) && part.includes(event));
}

async function staleFolders(machine: Machine): Promise<ReadonlyMap<string, readonly FileFact[]>> {
	const found = new Map<string, readonly FileFact[]>();
	for (const present of presentAssetFolders()) {
		const parent = present.slice(0, present.lastIndexOf('/'));
		for (const name of await machine.list(parent)) {
			const folder = `${parent}/${name}`;
			if (folder === present || !/^assets-[0-9a-f]{8,64}$/.test(name)) continue;
			const files = await Promise.all((await machine.list(folder)).map((file) => machine.read(`${folder}/${file}`)));
			found.set(
				folder,
				files.filter((file) => file !== undefined),
			);
		}
	}
	return found;
}
