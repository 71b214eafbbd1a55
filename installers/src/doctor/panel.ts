/** The plugin in WHM and cPanel, what runs behind it, and the panel's own limits. */
import { limitSettings, tweakSettingsFile, tweakSettingsIn } from '@sluice/panel-cpanel/api/files.ts';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import { pluginFacts, silentMend, silentText } from '../facts/plugin.ts';
import { isInstalled, isOut } from '../plan/plugin.ts';
import { type Finding, type Repair, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';
import { ourselves } from './ourselves.ts';
import { unitRepair } from './units.ts';

export async function pluginFindings(ground: Ground): Promise<readonly Finding[]> {
	const { machine } = ground;
	if (!ground.isCpanel) return [];
	const facts = await pluginFacts(machine);
	if (!facts.ok) return [wrong('panel.plugin', facts.error.text, facts.error.hint)];
	if (isInstalled(facts.value)) {
		const repair = ground.isInstalled ? await unitRepair(ground) : undefined;
		return facts.value.silent.map((name) =>
			wrong(`panel.${name.replace(' ', '-')}`, silentText(name), silentMend[name], repair),
		);
	}
	const repair: Repair = {
		id: 'plugin',
		what: 'Put the plugin into WHM and cPanel as it should be (sluice panel install).',
		apply: [{ kind: 'run', command: ourselves(ground, ['panel', 'install', '--yes']) }],
	};
	if (isOut(facts.value))
		return [
			watch(
				'panel.plugin',
				'The plugin is not installed: WHM and cPanel have no pages of ours.',
				'`sluice panel install`',
			),
		];
	const { isRegistered, hooked, files } = facts.value;
	const missing = files.filter(({ current }) => current === undefined).length;
	const parts = [
		...(missing > 0 ? [`${missing} of ${files.length} files are missing`] : []),
		...(isRegistered ? [] : ['WHM does not list it (AppConfig)']),
		...(hooked.size < hooks.length
			? [`${hooks.length - hooked.size} of ${hooks.length} hooks are not registered`]
			: []),
	];
	const why = parts.length === 0 ? 'files are not as they should be' : parts.join(', ');
	const text = `The plugin is not installed as it should be: ${why}.`;
	return [wrong('panel.plugin', text, '`sluice panel install`', repair)];
}

const limitNames = {
	[limitSettings.hourMessages]: (value: string) =>
		`The panel discards what a domain sends beyond ${value} messages an hour`,
	[limitSettings.failPercent]: (value: string) =>
		`The panel discards all mail of a domain of which ${value} % fail or are deferred within an hour`,
} as const;

/** Tweak Settings, read only. `0`, empty and `unlimited` are no limit. */
export async function panelLimits({ machine }: Ground): Promise<readonly Finding[]> {
	const settings = tweakSettingsIn((await machine.read(tweakSettingsFile))?.content ?? '');
	return Object.entries(limitNames).flatMap(([name, sentence]) => {
		const value = settings.get(name) ?? '';
		if (!(Number(value) > 0)) return [];
		const text = `${sentence(value)}, before the agent could make it wait (${name}=${value}).`;
		return [watch('panel.limits', text, '`sluice panel limits lift`; `sluice panel limits restore` puts it back')];
	});
}
