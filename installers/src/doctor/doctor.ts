/**
 * `sluice doctor`: what is wrong with this server as far as outgoing mail goes, each thing with what mends it. Changes nothing.
 *
 * It asks what is there: the agent, the wiring and its read-only checks, the plugin and what runs behind it, the panel's own limits, jails. Not here: claims that
 * only a live server can settle (unproved.ts), mending (each finding names the command).
 */
import { limitSettings, tweakSettingsFile, tweakSettingsIn } from '@sluice/panel-cpanel/api/files.ts';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import { failureOf } from '@sluice/shared/mta/checks.ts';
import { nobody } from '../apply/run-steps.ts';
import { cpanelSecretFolder, isCpanel } from '../facts/cpanel.ts';
import type { Machine } from '../facts/machine.ts';
import { pluginFacts, silentMend, silentText } from '../facts/plugin.ts';
import type { Call } from '../mta/perform.ts';
import { openSite, type Site } from '../mta/site.ts';
import { stateOf, type WiringState } from '../mta/status.ts';
import { isInstalled, isOut } from '../plan/plugin.ts';
import { titleOf } from '../plan/wiring-steps.ts';
import { type Finding, watch, wrong } from './finding.ts';

export async function findingsOf(call: Call): Promise<readonly Finding[]> {
	const machine = call.ports.machine(call.options.root);
	const found = await Promise.all([agent(call), wiring(call), plugin(machine), panelLimits(machine)]);
	return found.flat();
}

async function agent({ terminal, options, ports }: Call): Promise<readonly Finding[]> {
	const health = await (await ports.client(terminal, options)).call('health');
	if (!health.ok)
		return [
			wrong(
				'agent.silent',
				'The agent does not answer on its socket.',
				'Start it: `systemctl start sluice-agent`, or `sluice agent run --config FILE` where there is no such unit.',
			),
		];
	return health.value.problems.map(({ code, text, hint }) => wrong(`agent.${code}`, text, hint));
}

const wiringText: { readonly [state in Exclude<WiringState, 'wired'>]: readonly [text: string, mend: string] } = {
	'not-wired': ['is not wired: its mail does not pass the agent.', '`sluice mta wire`'],
	bypassed: ['is bypassed: its mail does not pass the agent.', '`sluice mta wire` when the agent is well again'],
	changed: ['is not wired as it should be: somebody has changed it.', '`sluice mta ensure`'],
	interrupted: ['is half wired: a command was cut off.', '`sluice mta ensure`, or `sluice mta unwire`'],
};

async function wiring(call: Call): Promise<readonly Finding[]> {
	const opened = await openSite(call.terminal, call.options, call.ports);
	if (!opened.ok) return [wrong(`mta.${opened.error.code}`, opened.error.text, opened.error.hint)];
	const site = opened.value;
	const state = stateOf(site);
	const states =
		state === 'wired' ? [] : [wrong(`mta.${state}`, `${titleOf(site)} ${wiringText[state][0]}`, wiringText[state][1])];
	if (!site.wiring.ok)
		return [...states, wrong(`mta.${site.wiring.error.code}`, site.wiring.error.text, site.wiring.error.hint)];
	const answer = await call.ports.relayAnswer(site.agentPort);
	return [
		...states,
		...(answer.ok
			? []
			: [
					wrong(
						'agent.relay-port',
						`The relay port of the agent does not answer: ${answer.error}.`,
						'`sluice status` tells why.',
					),
				]),
		...(state === 'wired' ? await checksFailed(site) : []),
		...(await secretModes(site)),
		...site.wiring.value.findings.map(({ code, text, evidence }) =>
			watch(`mta.${code}`, `${text} (${evidence})`, code === 'jail' ? jailMend : 'docs/wiring.md tells what it means.'),
		),
	];
}

const jailMend = `CageFS: show ${cpanelSecretFolder} to nobody; look at the alarms (\`sluice status\`) whether such mail comes at all. docs/wiring.md, section cPanel.`;

/** The checks of wiring that change nothing, once more. */
async function checksFailed({ wiring, machine }: Site): Promise<readonly Finding[]> {
	const found: Finding[] = [];
	for (const check of wiring.ok ? wiring.value.checks : []) {
		if (check.kind !== 'command' || !check.isReadOnly) continue;
		const outcome = await machine.run(check.command, check.runAs === 'nobody' ? { user: nobody } : {});
		const why = failureOf(check, outcome);
		if (why !== undefined) found.push(wrong(check.id, `Not so: ${check.sentence} (${why})`, '`sluice mta ensure`'));
	}
	return found;
}

/** Whoever can read the secret can pass for anybody. */
async function secretModes({ machine, wiring, secretFolder }: Site): Promise<readonly Finding[]> {
	const path = wiring.ok ? wiring.value.secretPath : undefined;
	const secret = path === undefined ? undefined : await machine.read(path);
	if (secret === undefined || secretFolder === undefined) return [];
	if (secret.uid === 0 && (secret.mode & 0o077) === 0) return [];
	const text = `Others than root can read or change ${secret.path}: whoever has the secret can pass for any sender.`;
	return [wrong('mta.secret-mode', text, `rm ${secret.path}; a new secret in the agent's file; \`sluice mta ensure\``)];
}

async function plugin(machine: Machine): Promise<readonly Finding[]> {
	if (!(await isCpanel(machine))) return [];
	const facts = await pluginFacts(machine);
	if (!facts.ok) return [wrong('panel.plugin', facts.error.text, facts.error.hint)];
	if (isInstalled(facts.value))
		return facts.value.silent.map((name) =>
			wrong(`panel.${name.replace(' ', '-')}`, silentText(name), silentMend[name]),
		);
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
	return [wrong('panel.plugin', `The plugin is not installed as it should be: ${why}.`, '`sluice panel install`')];
}

const limitNames = {
	[limitSettings.hourMessages]: (value: string) =>
		`The panel discards what a domain sends beyond ${value} messages an hour`,
	[limitSettings.failPercent]: (value: string) =>
		`The panel discards all mail of a domain of which ${value} % fail or are deferred within an hour`,
} as const;

/** Tweak Settings, read only. `0`, empty and `unlimited` are no limit. */
async function panelLimits(machine: Machine): Promise<readonly Finding[]> {
	const settings = tweakSettingsIn((await machine.read(tweakSettingsFile))?.content ?? '');
	return Object.entries(limitNames).flatMap(([name, sentence]) => {
		const value = settings.get(name) ?? '';
		if (!(Number(value) > 0)) return [];
		const text = `${sentence(value)}, before the agent could make it wait (${name}=${value}).`;
		return [watch('panel.limits', text, '`sluice panel limits lift`; `sluice panel limits restore` puts it back')];
	});
}
