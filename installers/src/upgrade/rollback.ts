/**
 * `sluice rollback`: to the release before, the day after as well; and out of an upgrade that was cut off.
 *
 * Refused where the release before cannot read what was written since: a log of a later format has no way back. A later state.db has: the
 * copy from before it was brought forward, without what was set since, which is said first. If the former agent is no good after all,
 * the present one comes back. Plugin and wiring are then put right by the former release's own `sluice install`.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { configFile, currentRelease } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { InstallCall } from '../install/call.ts';
import { locked, logOf, machineOf, storeOf } from '../install/call.ts';
import { mayGoOn, progressOf } from '../mta/perform.ts';
import { agentOf } from './agent-of.ts';
import type { AgentPorts } from './agent-renewal.ts';
import { askForState, hasStateCopy } from './agent-renewal.ts';
import { backSentences, dataRefusal, projectionsSentence } from './data-plan.ts';
import { recordMove } from './install-record.ts';
import { folderOf, installedVersion, releaseIn } from './releases.ts';
import { configRefusal, runMove } from './upgrade.ts';
import { tellFailure } from './upgrade-here.ts';
import {
	type ChangedFile,
	forgetUpgrade,
	formerOf,
	readUpgrade,
	type UpgradeJournal,
	writeUpgrade,
} from './upgrade-journal.ts';

export type RollbackPlan = { readonly journal: UpgradeJournal; readonly sentences: readonly string[] };

/** What going back would do, or why it is refused. Changes nothing. */
export async function planRollback(
	machine: ReturnType<typeof machineOf>,
	agent: AgentPorts,
	configPath: string = configFile,
): Promise<Result<RollbackPlan, Refusal>> {
	const last = await readUpgrade(machine);
	const installed = await installedVersion(machine);
	if (last === undefined || (last.phase === 'done' && installed !== last.to.version))
		return failed({
			code: 'no-release-before',
			text: 'There is no release before this one here.',
			hint: '`sluice uninstall` takes the product out.',
		});
	const back = last.from;
	if ((await releaseIn(machine, folderOf(back.version))) === undefined)
		return failed({
			code: 'no-release-before',
			text: `Release ${back.version} is not here any more.`,
			hint: 'Install it from its file: a release that can read what is stored here is taken.',
		});
	const stored = agent.stored();
	const refusal =
		dataRefusal(back, stored, await hasStateCopy(machine, agent, back)) ??
		(await configRefusal(machine, folderOf(back.version), configPath));
	if (refusal !== undefined) return failed(refusal);
	const health = await agent.health();
	const journal: UpgradeJournal = {
		version: 1,
		phase: 'moving',
		from: last.to,
		to: back,
		since: new Date(agent.now()).toISOString(),
		files: last.files.map(reversed),
		stored,
		wasReady: health?.isReady ?? false,
		...formerOf(last),
	};
	const projections = projectionsSentence(last.to, back);
	return ok({
		journal,
		sentences: [...backSentences(back, stored, last.since), ...(projections === undefined ? [] : [projections])],
	});
}

/** A file that the later release brought stays: nothing of the former one reads it. */
const reversed = ({ file, former }: ChangedFile): ChangedFile => ({ file: former ?? file, former: file });

/** Does it. After a failure everything is as before, save what `stuck` names. */
export async function goBack(
	parts: Parameters<typeof runMove>[0],
	{ journal }: RollbackPlan,
): Promise<Awaited<ReturnType<typeof runMove>>> {
	const { machine, agent } = parts;
	const { to, from, stored, files } = journal;
	await writeUpgrade(machine, journal);
	const state = to.formats.state;
	if (state !== undefined && (stored.state ?? 0) > state) await askForState(machine, agent, state);
	const ran = await runMove(parts, journal, { from, to, files });
	if (ran.ok) await writeUpgrade(machine, { ...journal, phase: 'done' });
	else if (ran.error.stuck.length === 0) await forgetUpgrade(machine, journal);
	return ran;
}

export async function rollback(call: InstallCall): Promise<void> {
	const agent = await agentOf(call);
	await locked(call, () => rollbackHere(call, agent));
}

async function rollbackHere(call: InstallCall, agent: AgentPorts): Promise<void> {
	const { speaker, options } = call;
	const machine = machineOf(call);
	const planned = await planRollback(machine, agent);
	if (!planned.ok) return speaker.refuse(planned.error);
	const { journal, sentences } = planned.value;
	const { from, to } = journal;
	speaker.say(`Back from ${from.version} to ${to.version}:`);
	for (const sentence of sentences) speaker.say(`  ${sentence}`);
	if (options.dryRun === true)
		return speaker.end(0, { ok: true, dryRun: true, from: from.version, to: to.version, sentences }, [
			'Nothing was changed (--dry-run).',
		]);
	if (!(await mayGoOn(call, 'Go back?'))) return;
	speaker.say('');
	const log = logOf(call);
	const what = `Back from ${from.version} to ${to.version}.`;
	const ran = await goBack({ machine, agent, ...progressOf(speaker) }, planned.value);
	if (!ran.ok) {
		await log(what, 'failed', ran.error.why);
		return tellFailure(call, ran.error, from.version);
	}
	await recordMove(storeOf(call), journal);
	await log(what, 'done');
	speaker.end(0, { ok: true, from: from.version, to: to.version, sentences }, [
		`Release ${to.version} runs.`,
		`\`${currentRelease}/bin/sluice install\` puts plugin and wiring right, if they are not; \`sluice rollback\` leads forward again.`,
	]);
}
