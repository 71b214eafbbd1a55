/**
 * The steps that put the plugin into WHM and cPanel, and those that take it out.
 *
 * Files first, since cPanel's own commands read them; then the item in WHM, the item in cPanel, the hooks. Each step is undone by the
 * command that cPanel has for that. Taking out goes backwards and leaves nothing: no file, menu item, hook, feature or package field.
 * Pure. Not here: what is there (facts/plugin.ts), doing it (apply/run-steps.ts).
 */
import { dirname } from 'node:path';
import { hookCommand, hookName, hooks } from '@sluice/panel-cpanel/hooks.ts';
import { appConfigFile, driversFolder, pluginFolder } from '@sluice/panel-cpanel/install-map.ts';
import type { FileFact } from '../facts/machine.ts';
import { appConfigName, type PluginFacts, type PluginFile, pluginPrograms } from '../facts/plugin.ts';
import { type Action, type Condition, never, run, type Step, setFile, tried } from './step.ts';

const theme = '--theme=jupiter';
/** WHM looks for rights of plugins when this folder is younger than its cache. */
const newDrivers = run('/usr/bin/touch', driversFolder);
const known = (isSo: boolean): Condition => (isSo ? { kind: 'is-so' } : never);

/** As it should be, with mode and owner. */
export const isRight = ({ wanted, current }: PluginFile): boolean =>
	current?.content === wanted.content && current.mode === wanted.mode && current.uid === 0 && current.gid === 0;

const isStale = ({ stale }: PluginFacts): boolean => stale.size > 0;

/** True when nothing has to be done. */
export const isInstalled = (facts: PluginFacts): boolean =>
	facts.files.every(isRight) && facts.isRegistered && facts.hooked.size === hooks.length && !isStale(facts);

/** Nothing of ours is here. */
export const isOut = ({ files, stale, isRegistered, hooked }: PluginFacts): boolean =>
	files.every(({ current }) => current === undefined) && stale.size === 0 && !isRegistered && hooked.size === 0;

/** Deepest first, so that each is empty when its turn comes. */
const foldersOf = (paths: readonly string[]): readonly string[] =>
	[...new Set(paths.map((path) => dirname(path)))].filter(isOurs).toSorted((one, other) => other.length - one.length);

/** A folder that nobody else puts anything into. Others are cPanel's. */
const isOurs = (folder: string): boolean =>
	/\/(?:sluice|Sluice|sluice\/cpanel|cpanel\/jupiter|assets-[0-9a-f]+)$/.test(folder);

export function installPluginSteps(facts: PluginFacts): readonly Step[] {
	const changed = facts.files.filter((file) => !isRight(file));
	const registerChanges = changed.some(({ wanted }) => wanted.path === appConfigFile);
	const itemChanges = changed.some(({ wanted }) => dirname(wanted.path) === pluginFolder);
	return [
		{
			id: 'files',
			what: `Put ${changed.length} of ${facts.files.length} files of the plugin in place.`,
			doneWhen: known(changed.length === 0),
			apply: [...changed.map(({ wanted }): Action => ({ kind: 'write', file: wanted })), newDrivers],
			undo: [
				...changed.map(({ wanted, current }) => setFile(wanted.path, current?.content, current)),
				...foldersOf(changed.map(({ wanted }) => wanted.path)).map((path): Action => ({ kind: 'remove-folder', path })),
				newDrivers,
			],
		},
		{
			id: 'whm',
			what: 'Put the item “Sluice: outgoing mail” into WHM (register_appconfig).',
			doneWhen: known(facts.isRegistered && !registerChanges),
			apply: [run(pluginPrograms.register, appConfigFile)],
			undo: facts.isRegistered ? [] : [tried(pluginPrograms.unregister, appConfigName)],
		},
		...(facts.hasJupiter
			? [
					{
						id: 'cpanel',
						what: 'Put the item “Outgoing mail” into cPanel (install_plugin); a feature list decides who sees it.',
						doneWhen: known(facts.isRegistered && !itemChanges),
						apply: [run(pluginPrograms.addItem, pluginFolder, theme)],
						undo: facts.isRegistered ? [] : [tried(pluginPrograms.removeItem, pluginFolder, theme)],
					},
				]
			: []),
		...hookSteps(facts),
		...(isStale(facts) ? [staleStep(facts.stale)] : []),
	];
}

function hookSteps({ hooked }: PluginFacts): readonly Step[] {
	const missing = hooks.filter((hook) => !hooked.has(hookName(hook)));
	return [
		{
			id: 'hooks',
			what: `Register ${missing.length} of ${hooks.length} hooks, so that changes of accounts arrive at once (manage_hooks).`,
			doneWhen: known(missing.length === 0),
			apply: missing.map((hook) => run(pluginPrograms.manageHooks, ...hookCommand('add', hook))),
			undo: missing.map((hook) => tried(pluginPrograms.manageHooks, ...hookCommand('delete', hook))),
		},
	];
}

/** Browsers that have an old page open ask for its files until they load it anew: not before everything else is done. */
const staleStep = (stale: PluginFacts['stale']): Step => ({
	id: 'old files',
	what: 'Remove the files of the pages of an older version.',
	doneWhen: { kind: 'never' },
	apply: removal([...stale.values()].flat(), [...stale.keys()]),
	undo: [...stale.values()].flat().map((file): Action => ({ kind: 'write', file })),
});

const removal = (files: readonly FileFact[], folders: readonly string[]): readonly Action[] => [
	...files.map(({ path }): Action => ({ kind: 'remove', path })),
	...folders.map((path): Action => ({ kind: 'remove-folder', path })),
];

/** Every step is tried, whatever became of the one before. */
export function removePluginSteps(facts: PluginFacts): readonly Step[] {
	const present = facts.files.flatMap(({ current }) => (current === undefined ? [] : [current]));
	const paths = [...present, ...[...facts.stale.values()].flat()].map(({ path }) => path);
	const hooked = hooks.filter((hook) => facts.hooked.has(hookName(hook)));
	const has = (path: string): boolean => present.some((file) => file.path.startsWith(path));
	const step = (id: string, what: string, apply: readonly Action[]): Step => ({
		id,
		what,
		doneWhen: known(apply.length === 0),
		apply,
		undo: [],
	});
	return [
		step(
			'hooks',
			`Take ${hooked.length} hooks out.`,
			hooked.map((hook) => run(pluginPrograms.manageHooks, ...hookCommand('delete', hook))),
		),
		step(
			'cpanel',
			'Take the item out of cPanel.',
			facts.hasJupiter && has(`${pluginFolder}/`) ? [run(pluginPrograms.removeItem, pluginFolder, theme)] : [],
		),
		step('whm', 'Take the item out of WHM.', facts.isRegistered ? [run(pluginPrograms.unregister, appConfigName)] : []),
		step(
			'files',
			`Remove ${paths.length} files.`,
			paths.length === 0
				? []
				: [...removal([...present, ...[...facts.stale.values()].flat()], foldersOf(paths)), newDrivers],
		),
	];
}
