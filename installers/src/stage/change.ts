/**
 * `sluice stage`: shows the stage, or goes to another one: the agent's configuration first, then whose mail comes to it, then a proof by
 * a message; whatever fails, all of it is put back.
 *
 * On a wired Exim nothing is built or restarted for it: the list is looked up at each message. Postfix reads its settings anew.
 */
import type { CanaryKey } from '@sluice/shared/mta/canary.ts';
import { type Call, failureRefusal, journalOf, locked, note, performSteps } from '../mta/perform.ts';
import { openSite, type Site } from '../mta/site.ts';
import { stateOf } from '../mta/status.ts';
import { changedFiles, hasTraces, type Wiring } from '../plan/wiring.ts';
import { titleOf, wireSteps } from '../plan/wiring-steps.ts';
import { canaryKeys } from './names.ts';
import { type Stage, stageOf, stagePart, stageStep, stageText } from './stage.ts';

export type StageWish = { readonly stage: Stage; readonly names: readonly string[] };

export async function showStage(call: Call): Promise<void> {
	const opened = await openSite(call.terminal, call.options, call.ports);
	if (!opened.ok) return call.speaker.refuse(opened.error, opened.error.code === 'which-mta' ? 2 : 1);
	const site = opened.value;
	const stage = stageOf(site.only, site.config);
	const wiring = stateOf(site);
	call.speaker.end(0, { ok: true, stage, only: site.only ?? [], wiring }, [
		`Stage ${stageText(stage, site.only)}.`,
		...(wiring === 'wired'
			? []
			: [`${titleOf(site)} is ${wiring === 'not-wired' ? 'not wired' : wiring}: \`sluice mta status\`.`]),
	]);
}

export async function changeStage(call: Call, { stage, names }: StageWish): Promise<void> {
	const { terminal, options, ports, speaker } = call;
	const machine = ports.machine(options.root);
	const client = await ports.client(terminal, options);
	const only = stage === 'canary' ? await canaryKeys(names, { machine, client }) : undefined;
	if (only?.ok === false) return speaker.refuse(only.error);
	const opened = await openSite(terminal, { ...options, only: only?.value ?? 'everybody' }, ports);
	if (!opened.ok) return speaker.refuse(opened.error, opened.error.code === 'which-mta' ? 2 : 1);
	await locked(call, opened.value, () => changeHere(call, opened.value, stage));
}

async function changeHere(call: Call, site: Site, stage: Stage): Promise<void> {
	const { speaker } = call;
	const isWired = site.traces.ok && site.journal !== undefined && hasTraces(site.traces.value);
	if (site.config === undefined)
		return speaker.refuse({
			code: 'agent-config',
			text: `There is no configuration of the agent (${site.configFile}).`,
			hint: 'Name it with --config FILE.',
		});
	if (!isWired || site.isBypassed)
		return speaker.refuse({
			code: site.isBypassed ? 'bypassed' : 'not-wired',
			text: `No mail is led to the agent now: ${titleOf(site)} is ${site.isBypassed ? 'bypassed' : 'not wired'}.`,
			hint: '`sluice mta wire` leads mail to it; then choose the stage.',
		});
	if (!site.wiring.ok) return speaker.refuse(site.wiring.error);
	await perform(call, site, { wiring: site.wiring.value, stage });
}

async function perform(
	call: Call,
	site: Site,
	{ wiring, stage }: { readonly wiring: Wiring; readonly stage: Stage },
): Promise<void> {
	const { terminal, speaker } = call;
	const former = site.journal;
	const path = stagePart(site.configFile);
	const like = await site.machine.read(site.configFile);
	const { mode = 0o640, uid = 0, gid = 0 } = like ?? {};
	const step = stageStep(stage, { path, former: await site.machine.read(path), like: { mode, uid, gid } });
	const files = await site.store.remember(wiring);
	const { overSmarthost = false } = former ?? {};
	const journal = (phase: 'wiring' | 'wired', test = former?.lastTest) =>
		journalOf(site, wiring, { phase, files, overSmarthost, nowMs: terminal.now(), test, stage });
	await site.store.write(journal('wiring'));
	const steps = wireSteps(wiring, {
		isBypassed: false,
		isInterrupted: former?.phase === 'wiring',
		isEffective: site.isEffective,
		isOffline: !site.machine.isLive,
		hasTest: true,
		before: [step],
		isStage: true,
	});
	const ran = await performSteps(call, site, wiring, steps);
	const detail = { stage, only: wiring.only ?? [] };
	if (!ran.ok) {
		if (ran.error.stuck.length === 0 && former !== undefined) await site.store.write(former);
		await note(call, site, 'stage', 'failed', { ...detail, step: ran.error.step, why: ran.error.why });
		return speaker.refuse(failureRefusal(ran.error), 1, { step: ran.error.step, why: ran.error.why });
	}
	await site.store.write(journal('wired', ran.value.test));
	await note(call, site, 'stage', 'done', detail);
	speaker.end(
		0,
		{ ok: true, ...detail, changed: changedFiles(wiring).map((file) => file.path), test: ran.value.test },
		[
			`Stage ${stageText(stage, wiring.only)}.`,
			ran.value.test?.text ?? 'No test message was sent.',
			...jailLines(wiring),
		],
	);
}

/** In a jail the list is not seen. */
const jailLines = ({
	only,
	findings,
}: { readonly only?: readonly CanaryKey[] | undefined } & Pick<Wiring, 'findings'>): readonly string[] =>
	only !== undefined && findings.some(({ code }) => code === 'jail')
		? ['Programs of users in a jail do not see the list: their mail comes to the agent whoever they are.']
		: [];
