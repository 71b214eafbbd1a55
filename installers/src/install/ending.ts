/**
 * What an installation says at its end: what was proved and what was not, how far the server goes, what to do next, and how to go back.
 */
import { installLog } from '../apply/install-journal.ts';
import { openSite } from '../mta/site.ts';
import { type Stage, stageOf, stageText } from '../stage/stage.ts';
import { type InstallCall, mtaOptions, serverTerminal } from './call.ts';

export type Standing = { readonly stage: Stage; readonly text: string };

/** Undefined: it cannot be told. */
export async function standingOf(call: InstallCall): Promise<Standing | undefined> {
	const opened = await openSite(await serverTerminal(call), mtaOptions(call.options), call.ports);
	if (!opened.ok || opened.value.config === undefined) return undefined;
	const { only, config } = opened.value;
	const stage = stageOf(only, config);
	return { stage, text: stageText(stage, only) };
}

export type Ending = {
	readonly release: string;
	/** The sentence of the test message; undefined: the wiring was as it should be, and none was sent. */
	readonly proof: string | undefined;
	readonly standing: Standing | undefined;
	readonly hasPanel: boolean;
	/** Somebody has to confirm. */
	readonly isArmed: boolean;
};

export function endingLines({ release, proof, standing, hasPanel, isArmed }: Ending): readonly string[] {
	const next = [
		...(isArmed ? ['Send a mail of your own, see it in `sluice message list`, then confirm (below).'] : []),
		'`sluice doctor`: the way out to other servers, the names and addresses that they see, and everything else around.',
		...(isArmed ? [] : ['Send a mail of your own and see it: `sluice message list`.']),
		hasPanel
			? 'The pages: WHM, Plugins, "Sluice: outgoing mail". Without them: `sluice status`, `sluice account list`.'
			: 'Who sends how much: `sluice account list`; is it well: `sluice status`.',
		...(standing === undefined ? [] : [nextStage[standing.stage]]),
	];
	return [
		'',
		`Sluice ${release} is installed.`,
		...(proof === undefined
			? []
			: [
					`Proved: ${proof}`,
					'Not proved by that: whether servers elsewhere take the mail; the test message stayed here.',
				]),
		...(standing === undefined ? [] : [`Stage ${standing.text}.`]),
		'',
		'Next, in this order:',
		...next.map((line, at) => `  ${at + 1}. ${line}`),
		'',
		'Past the agent at once: `sluice mta bypass`. Out again, all of it: `sluice uninstall`.',
		`Every step is in ${installLog}.`,
	];
}

const nextStage: { readonly [stage in Stage]: string } = {
	monitor:
		'After some days, when what the rules would have done is what you want: `sluice stage full`. Until then nothing is limited.',
	canary: 'When these are well: `sluice stage monitor`, and later `sluice stage full`.',
	full: 'Rules only count until you enforce them, one by one: `sluice limit --help`.',
};
