/**
 * From the release that is installed to another one, and everything back when its agent is no good.
 *
 * Refused before anything changes: a configuration that the new program does not take, data that it cannot read, a disk without room.
 * Then the journal, then the steps (move-steps.ts). Cut off anywhere and run again it goes on, with the journal's word on how things were.
 * Plugin, wiring and the installation's own journal follow when the agent is well; they are the caller's, whose failure takes nothing back.
 *
 * Not here: unpacking and verifying a release (install.sh), going back later (rollback.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { runSteps, type StepPorts, type StepReport, type StepsFailure } from '../apply/run-steps.ts';
import type { FileFact, Machine } from '../facts/machine.ts';
import { releasesFolder } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { NestedAct } from '../plan/step.ts';
import { type AgentPorts, forgetAskedState, lastWords, renewAgent, returnAgent } from './agent-renewal.ts';
import { dataRefusal, forwardSentences } from './data-plan.ts';
import { type Move, moveSteps, staleSockets } from './move-steps.ts';
import { folderOf, installedVersion, releaseIn, removeOldReleases } from './releases.ts';
import { roomRefusal } from './room.ts';
import {
	type ChangedFile,
	forgetUpgrade,
	formerOf,
	readUpgrade,
	type UpgradeJournal,
	writeUpgrade,
} from './upgrade-journal.ts';

export type UpgradeInput = {
	readonly machine: Machine;
	readonly agent: AgentPorts;
	/** Folder of the unpacked release to go to; may be the installed place itself. */
	readonly source: string;
	/** Unit files, relay guard and the like as the new release wants them (units/unit-steps.ts, wantedFiles). */
	readonly files: readonly FileFact[];
	readonly configFile: string;
	readonly onStep: (report: StepReport) => void;
} & Pick<StepPorts, 'onBegin' | 'onFailure'>;

export type UpgradePlan = {
	/** An upgrade to this release was cut off, and is gone on with. */
	readonly isGoingOn: boolean;
	/** What is done and what becomes of the data, in sentences. */
	readonly sentences: readonly string[];
	/** Between which releases, which files, and how everything was before. */
	readonly journal: UpgradeJournal;
};

export type UpgradeFailure = {
	readonly step: string;
	readonly why: string;
	/** Last lines of the agent that was no good. */
	readonly agentLog: readonly string[];
	/** What could not be put back; empty: everything is as before. */
	readonly stuck: readonly string[];
};

/** What an upgrade would do, or why it is refused. Changes nothing. Undefined: nothing else is installed. */
export async function planUpgrade(input: UpgradeInput): Promise<Result<UpgradePlan, Refusal> | undefined> {
	const { machine, agent, source, configFile } = input;
	const to = await releaseIn(machine, source);
	if (to === undefined)
		return failed({ code: 'no-release', text: `${source} holds no release.`, hint: 'Unpack it again.' });
	const former = await readUpgrade(machine);
	const isGoingOn = former?.phase === 'moving';
	if (isGoingOn && former.to.version !== to.version)
		return failed({
			code: 'interrupted',
			text: `An upgrade from ${former.from.version} to ${former.to.version} was cut off.`,
			hint: `Run the installation of ${former.to.version} again, or \`sluice rollback\`.`,
		});
	const installed = await installedVersion(machine);
	if (!isGoingOn && (installed === undefined || installed === to.version)) return undefined;
	const from = isGoingOn ? former.from : await releaseIn(machine, folderOf(installed as string));
	if (from === undefined)
		return failed({
			code: 'unknown-release',
			text: `The release that is installed (${installed}) cannot be read.`,
			hint: 'Uninstall, keeping the data, then install.',
		});
	const refusal =
		dataRefusal(to, agent.stored(), false) ??
		(await configRefusal(machine, source, configFile)) ??
		(await roomRefusal(machine, { from, to, source, dataDir: agent.dataDir }));
	if (refusal !== undefined) return failed(refusal);
	const files = isGoingOn ? former.files : await changedFiles(machine, input.files);
	const journal = isGoingOn ? former : await begun(input, { from, to, files, ...formerOf(former) });
	const move = moveOf(input, journal);
	const sockets = staleSockets(files);
	const sentences = [
		...moveSteps(move).flatMap(({ what, apply }) => (apply.length === 0 ? [] : [what])),
		...(sockets.length === 0
			? []
			: [
					`${sockets.join(', ')}: the new text is in force after the next start of the server, or \`systemctl restart\` in a quiet hour.`,
				]),
	];
	return ok({ isGoingOn, journal, sentences: [...sentences, ...forwardSentences(from, to)] });
}

async function begun(
	{ agent }: UpgradeInput,
	move: Pick<UpgradeJournal, 'from' | 'to' | 'files' | 'former'>,
): Promise<UpgradeJournal> {
	const health = await agent.health();
	return {
		version: 1,
		phase: 'moving',
		...move,
		since: new Date(agent.now()).toISOString(),
		stored: agent.stored(),
		wasReady: health?.isReady ?? true,
	};
}

const moveOf = ({ source }: Pick<UpgradeInput, 'source'>, { from, to, files }: UpgradeJournal): Move => ({
	from,
	to,
	files,
	...(source === folderOf(to.version) ? {} : { source }),
});

/** With the new program: a key that it does not know any more must be known before the old one stops. */
export async function configRefusal(
	machine: Machine,
	folder: string,
	configFile: string,
): Promise<Refusal | undefined> {
	const { exitCode, output } = await machine.run([`${folder}/bin/sluice`, 'config', 'check', '--config', configFile]);
	if (exitCode === 0) return undefined;
	return {
		code: 'configuration',
		text: `That release does not take the configuration as it is: ${output.trim()}`,
		hint: `Correct ${configFile} (and conf.d), then run this again. Nothing was changed.`,
	};
}

async function changedFiles(machine: Machine, wanted: readonly FileFact[]): Promise<readonly ChangedFile[]> {
	const found = await Promise.all(wanted.map(async (file) => ({ file, former: await machine.read(file.path) })));
	return found
		.filter(({ file, former }) => former?.content !== file.content)
		.map(({ file, former }) => (former === undefined ? { file } : { file, former }));
}

/** Does it; answers the older releases that it has removed. After a failure everything is as before, save what `stuck` names. */
export async function upgrade(
	input: UpgradeInput,
	{ journal }: Pick<UpgradePlan, 'journal'>,
): Promise<Result<readonly string[], UpgradeFailure>> {
	const { machine, agent } = input;
	await writeUpgrade(machine, journal);
	// Of an earlier way back, long done with.
	await forgetAskedState(machine, agent);
	const move = moveOf(input, journal);
	const ran = await runMove(input, journal, move);
	if (!ran.ok) {
		if (ran.error.stuck.length > 0) return ran;
		await forgetUpgrade(machine, journal);
		if (move.source !== undefined) await machine.removeTree(folderOf(journal.to.version));
		return ran;
	}
	await writeUpgrade(machine, { ...journal, phase: 'done' });
	return ok(await tidied(machine, [journal.from.version, journal.to.version]));
}

/** What cannot be removed takes room and nothing else: the next upgrade tries again. */
async function tidied(machine: Machine, kept: readonly string[]): Promise<readonly string[]> {
	try {
		return await removeOldReleases(machine, await machine.list(releasesFolder), kept);
	} catch {
		return [];
	}
}

/** Performs the steps; the agent's last words are taken before anything is put back. */
export async function runMove(
	{ machine, agent, ...progress }: Pick<UpgradeInput, 'machine' | 'agent' | 'onStep' | 'onBegin' | 'onFailure'>,
	journal: UpgradeJournal,
	move: Move,
): Promise<Result<readonly StepReport[], UpgradeFailure>> {
	let agentLog: readonly string[] = [];
	const nested = async (act: NestedAct): Promise<Result<string, string>> => {
		if (act === 'agent-return') return returnAgent(machine, agent, journal);
		if (act !== 'agent-renew') return failed(`nobody here can do ${act}`);
		const renewed = await renewAgent(machine, agent, journal);
		if (!renewed.ok) agentLog = await lastWords(machine);
		return renewed;
	};
	const ran = await runSteps(moveSteps(move), {
		machine,
		nested,
		onStep: progress.onStep,
		...(progress.onBegin === undefined ? {} : { onBegin: progress.onBegin }),
		...(progress.onFailure === undefined ? {} : { onFailure: progress.onFailure }),
		test: async () => failed('no test message here'),
		reloadAgent: async () => ok(undefined),
	});
	return ran.ok ? ran : failed(failureOf(ran.error, agentLog));
}

const failureOf = ({ step, why, stuck }: StepsFailure, agentLog: readonly string[]): UpgradeFailure => ({
	step,
	why,
	agentLog,
	stuck,
});
