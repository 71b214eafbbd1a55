/**
 * The upgrade as a part of `sluice install`: shown, asked, done, or refused. Plugin, wiring and the rest of the plan follow it.
 */

import { clean } from '@sluice/agent/main/commands/render/text.ts';
import { configFile } from '../facts/places.ts';
import type { InstallCall } from '../install/call.ts';
import { logOf, machineOf, storeOf } from '../install/call.ts';
import { mayGoOn, progressOf } from '../mta/perform.ts';
import type { InstallFacts, MtaFacts, OwnRelease } from '../plan/install-facts.ts';
import { unitSettings } from '../plan/install-plan.ts';
import { unifiedDiff } from '../plan/wiring.ts';
import { wantedFiles } from '../units/unit-steps.ts';
import { agentOf } from './agent-of.ts';
import { recordMove } from './install-record.ts';
import { isOlder, isOtherInstalled } from './releases.ts';
import { planUpgrade, type UpgradeFailure, type UpgradeInput, upgrade } from './upgrade.ts';
import { readUpgrade } from './upgrade-journal.ts';

/** Another release is installed here, or an upgrade to this one was cut off. */
export async function isUpgrade(call: InstallCall, { version }: OwnRelease): Promise<boolean> {
	const machine = machineOf(call);
	return (await isOtherInstalled(machine, version)) || (await readUpgrade(machine))?.phase === 'moving';
}

/** `done`: this release runs now. `ended`: the command has ended, and has said why. */
export async function upgradeHere(
	call: InstallCall,
	facts: InstallFacts & { readonly release: OwnRelease; readonly mta: MtaFacts },
): Promise<'done' | 'ended'> {
	const { speaker, options } = call;
	const machine = machineOf(call);
	const input: UpgradeInput = {
		machine,
		agent: await agentOf(call, facts.server.relayPort.port),
		source: facts.release.folder,
		files: wantedFiles(unitSettings(facts)),
		configFile,
		...progressOf(speaker),
	};
	const planned = await planUpgrade(input);
	if (planned === undefined) return 'done';
	if (!planned.ok) {
		speaker.refuse(planned.error);
		return 'ended';
	}
	const { sentences, isGoingOn, journal } = planned.value;
	const { from, to, files } = journal;
	speaker.say(`${isGoingOn ? 'Going on with the upgrade' : 'Upgrade'} from ${from.version} to ${to.version}:`);
	if (isOlder(to.version, from.version))
		speaker.say(
			`Watch out: ${to.version} is OLDER than what is installed, and has the faults that were mended since. \`sluice rollback\` goes back to the release before.`,
		);
	for (const { file, former } of files) speaker.diff(unifiedDiff(file.path, former?.content, file.content));
	for (const sentence of sentences) speaker.say(`  ${sentence}`);
	speaker.say('Connections of the mail server wait meanwhile. If the new agent is no good, the former one comes back.');
	const report = { from: from.version, to: to.version, steps: sentences };
	if (options.dryRun === true) {
		speaker.end(0, { ok: true, dryRun: true, ...report }, ['Nothing was changed (--dry-run).']);
		return 'ended';
	}
	if (!(await mayGoOn(call, 'Do this?'))) return 'ended';
	speaker.say('');
	const log = logOf(call);
	const what = `Upgrade from ${from.version} to ${to.version}.`;
	await log(what, 'begun');
	const upgraded = await upgrade(input, planned.value);
	if (!upgraded.ok) {
		await log(what, 'failed', upgraded.error.why);
		tellFailure(call, upgraded.error, from.version);
		return 'ended';
	}
	await recordMove(storeOf(call), journal);
	await log(what, 'done');
	if (upgraded.value.length > 0) speaker.say(`Removed older releases: ${upgraded.value.join(', ')}.`);
	return 'done';
}

export function tellFailure(
	{ speaker }: Pick<InstallCall, 'speaker'>,
	{ why, step, stuck, agentLog }: UpgradeFailure,
	former: string,
): void {
	for (const line of agentLog) speaker.say(`  | ${clean(line)}`);
	const isBack = stuck.length === 0;
	speaker.refuse(
		{
			code: isBack ? 'failed' : 'half-done',
			text: `This did not work: ${why}.${isBack ? '' : ` And not everything could be put back: ${stuck.join(' ')}`}`,
			hint: isBack
				? `Release ${former} runs as before; nothing that was accepted meanwhile is lost. \`journalctl -u sluice-agent\` has more.`
				: '`sluice doctor` tells how it stands; running the same command again goes on.',
		},
		1,
		{ step, why, stuck, agentLog },
	);
}
