/**
 * `sluice mta status`: is the MTA wired, by whom was it changed, does the agent answer, what did the last test say. Changes nothing.
 */
import { timeText } from '@sluice/agent/main/commands/render/time.ts';
import { viewOf } from '@sluice/agent/main/commands/render/view.ts';
import { changedFiles, firstDifference, hasTraces, unifiedDiff } from '../plan/wiring.ts';
import { titleOf } from '../plan/wiring-steps.ts';
import { stageOf, stageText } from '../stage/stage.ts';
import type { Call } from './perform.ts';
import { openSite, type Site } from './site.ts';

/** `changed`: not as we left it. `interrupted`: a command was cut off. */
export type WiringState = 'wired' | 'not-wired' | 'bypassed' | 'changed' | 'interrupted';

export function stateOf(site: Site): WiringState {
	const { journal, wiring, traces } = site;
	if (journal?.phase === 'wiring' || journal?.phase === 'unwiring') return 'interrupted';
	const isThere = traces.ok ? hasTraces(traces.value) : true;
	if (site.isBypassed && (isThere || site.mta === 'postfix')) return 'bypassed';
	if (journal?.phase === 'bypassed') return 'interrupted';
	if (!isThere) return journal === undefined ? 'not-wired' : 'changed';
	return wiring.ok && changedFiles(wiring.value).length === 0 && site.isEffective ? 'wired' : 'changed';
}

const stateText: { readonly [state in WiringState]: string } = {
	wired: 'wired',
	'not-wired': 'not wired',
	bypassed: 'bypassed: mail goes directly, the wiring is remembered',
	changed: 'changed by somebody else since it was wired',
	interrupted: 'interrupted: a command was cut off here',
};

const stateHint: { readonly [state in WiringState]: string | undefined } = {
	wired: undefined,
	'not-wired': '`sluice mta wire` wires it.',
	bypassed: '`sluice mta wire` leads mail to the agent again.',
	changed: '`sluice mta ensure` puts it right, `sluice mta unwire` takes out what is left.',
	interrupted: '`sluice mta ensure` goes on, `sluice mta unwire` takes it out.',
};

export async function status(call: Call): Promise<void> {
	const { terminal, options, ports, speaker } = call;
	const opened = await openSite(terminal, options, ports);
	if (!opened.ok) return speaker.refuse(opened.error, opened.error.code === 'which-mta' ? 2 : 1);
	const site = opened.value;
	const { wiring, journal } = site;
	const state = stateOf(site);
	const stage = stageOf(site.only, site.config);
	const answer = await ports.relayAnswer(site.agentPort);
	const differences =
		wiring.ok && (state === 'changed' || state === 'interrupted')
			? changedFiles(wiring.value).map(({ path, current, wanted }) => ({
					path,
					line: firstDifference(current?.content ?? '', wanted ?? ''),
					diff: unifiedDiff(path, current?.content, wanted),
				}))
			: [];
	const view = viewOf(terminal);
	const { paint } = view;
	const local = (at: string): string => timeText(view, Date.parse(at));
	const version = wiring.ok ? ` ${wiring.value.version}` : '';
	const isWell = state === 'wired' && answer.ok;
	speaker.end(
		isWell ? 0 : 1,
		{
			ok: isWell,
			state,
			stage,
			...(site.only === undefined ? {} : { only: site.only }),
			mta: site.mta,
			...(wiring.ok ? { version: wiring.value.version, findings: wiring.value.findings } : { problem: wiring.error }),
			agent: { port: site.agentPort, answers: answer.ok, text: answer.ok ? answer.value : answer.error },
			...(journal === undefined ? {} : { since: journal.since, lastTest: journal.lastTest }),
			differences,
		},
		[
			`${titleOf(site)}${version}: ${state === 'wired' ? paint.good(stateText[state]) : paint.warning(stateText[state])}`,
			...(state === 'not-wired' ? [] : [`Stage ${stageText(stage, site.only)}.`]),
			`Agent on 127.0.0.1:${site.agentPort}: ${answer.ok ? `answers (${answer.value})` : paint.bad(`does not answer (${answer.error})`)}`,
			...(journal === undefined ? [] : [`Since ${local(journal.since)}; ${testText(site, local)}`]),
			...(wiring.ok ? [] : [`${wiring.error.text} ${wiring.error.hint}`]),
			...(wiring.ok ? wiring.value.findings.map(({ text, evidence }) => `Note: ${text} (${evidence})`) : []),
			...differences.map(({ path, line }) => `${path}, line ${line}: not as it should be`),
			...(state === 'changed' && wiring.ok && differences.length === 0
				? ['The files are as they should be, but what the MTA reads was made without them.']
				: []),
			...(stateHint[state] === undefined ? [] : [stateHint[state]]),
		],
	);
}

function testText({ journal }: Site, local: (at: string) => string): string {
	const test = journal?.lastTest;
	if (test === undefined) return 'never tested with a message.';
	return `last test ${local(test.at)}: ${test.ok ? '' : 'failed: '}${test.text}`;
}
