/** The MTA's wiring: its state, the read-only checks once more. Not here: the secret (secret.ts). */
import { failureOf } from '@sluice/shared/mta/checks.ts';
import { nobody } from '../apply/run-steps.ts';
import { cpanelSecretFolder } from '../facts/cpanel.ts';
import type { Site } from '../mta/site.ts';
import { stateOf, type WiringState } from '../mta/status.ts';
import { titleOf } from '../plan/wiring-steps.ts';
import { stageOf, stageText } from '../stage/stage.ts';
import { type Finding, type Repair, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';
import { ourselves } from './ourselves.ts';
import { secretFindings } from './secret.ts';

const wiringText: { readonly [state in Exclude<WiringState, 'wired'>]: readonly [text: string, mend: string] } = {
	'not-wired': ['is not wired: its mail does not pass the agent.', '`sluice mta wire`'],
	bypassed: ['is bypassed: its mail does not pass the agent.', '`sluice mta wire` when the agent is well again'],
	changed: ['is not wired as it should be: somebody has changed it.', '`sluice mta ensure`'],
	interrupted: ['is half wired: a command was cut off.', '`sluice mta ensure`, or `sluice mta unwire`'],
};
/** Leading mail another way than now is a person's decision; putting right what was decided is not. */
const isRepairable = (state: WiringState): boolean => state === 'changed' || state === 'interrupted';

export async function wiringFindings(ground: Ground): Promise<readonly Finding[]> {
	const { call, site: opened } = ground;
	if (!opened.ok) return [wrong(`mta.${opened.error.code}`, opened.error.text, opened.error.hint)];
	const site = opened.value;
	const state = stateOf(site);
	const repair = ensure(ground);
	const states =
		state === 'wired'
			? []
			: [
					wrong(
						`mta.${state}`,
						`${titleOf(site)} ${wiringText[state][0]}`,
						wiringText[state][1],
						isRepairable(state) ? repair : undefined,
					),
				];
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
		...(state === 'wired' ? await checksFailed(site, repair) : []),
		...(state === 'wired' ? stageFindings(site) : []),
		...(await secretFindings(site)),
		...site.wiring.value.findings.map(({ code, text, evidence }) =>
			watch(`mta.${code}`, `${text} (${evidence})`, code === 'jail' ? jailMend : 'docs/wiring.md tells what it means.'),
		),
	];
}

/** A stage is not meant to last: whoever looks is reminded of it. */
function stageFindings({ only, config }: Site): readonly Finding[] {
	const stage = stageOf(only, config);
	return stage === 'full'
		? []
		: [watch('mta.stage', `Stage ${stageText(stage, only)}.`, 'When it has shown itself: `sluice stage full`.')];
}

const ensure = (ground: Ground): Repair => {
	const { config, port } = ground.call.options;
	const words = [
		...(config === undefined ? [] : ['--config', config]),
		...(port === undefined ? [] : ['--port', String(port)]),
	];
	return {
		id: 'mta',
		what: 'Put the wiring right, with a test message (sluice mta ensure).',
		apply: [{ kind: 'run', command: ourselves(ground, ['mta', 'ensure', '--keep-bypass', ...words]) }],
	};
};

const jailMend = `CageFS: show ${cpanelSecretFolder} to nobody; look at the alarms (\`sluice status\`) whether such mail comes at all. docs/wiring.md, section cPanel.`;

/** The checks of wiring that change nothing, once more. */
async function checksFailed({ wiring, machine }: Site, repair: Repair): Promise<readonly Finding[]> {
	const found: Finding[] = [];
	for (const check of wiring.ok ? wiring.value.checks : []) {
		if (check.kind !== 'command' || !check.isReadOnly) continue;
		const outcome = await machine.run(check.command, check.runAs === 'nobody' ? { user: nobody } : {});
		const why = failureOf(check, outcome);
		if (why !== undefined)
			found.push(wrong(check.id, `Not so: ${check.sentence} (${why})`, '`sluice mta ensure`', repair));
	}
	return found;
}
