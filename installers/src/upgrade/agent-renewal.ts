/**
 * One agent in place of another: restarted, judged, and brought back when it is no good.
 *
 * Well is: it says its version, is ready (if the one before was), and takes a probe message through the relay port. Systemd is told to
 * restart and not waited for: the deadline is ours, and covers the old agent's last deliveries. A unit that fails or is started again and
 * again is known before the deadline.
 *
 * Going back asks which state.db the former agent left. If the later one has brought it forward, the copy is asked for, and the agent
 * itself puts it in place (agent/io/store/state-versions.ts). A log that was written in a later format cannot be read by the former agent:
 * then the later one is started again, since mail at an agent that works badly is better than mail that nobody takes.
 */
import { join } from 'node:path';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { stateOfVersion, stateUseFile } from '@sluice/shared/words/state-files.ts';
import type { Machine } from '../facts/machine.ts';
import { currentRelease } from '../facts/places.ts';
import { agentUnit } from '../units/names.ts';
import { dataRefusal, type Stored } from './data-plan.ts';
import { linkOf, type Release } from './releases.ts';
import type { UpgradeJournal } from './upgrade-journal.ts';

export type AgentPorts = {
	/** What the agent says of itself; undefined: it does not answer. */
	readonly health: () => Promise<{ readonly version: string; readonly isReady: boolean } | undefined>;
	/** Hands in a probe message at the relay port. Undefined: it was taken; else why not. */
	readonly probe: () => Promise<string | undefined>;
	/** Formats of log and state.db as they stand in the data folder. */
	readonly stored: () => Stored;
	/** Data folder of the agent, and who owns what is put there. */
	readonly dataDir: string;
	readonly owner: { readonly uid: number; readonly gid: number };
	readonly now: () => number;
	readonly pause: (ms: number) => Promise<void>;
};

/** The new one has this long, once the old one has ended its deliveries (systemd waits 60 s at most). */
const wellMsMax = 60_000 + 60_000;
const pollMs = 200;
/** Started again so often: it will not get better. */
const startsMax = 3;
const logLines = 15;

/** The agent of `to` runs and is well; an error is why not. Does nothing when it is so already. */
export async function renewAgent(
	machine: Machine,
	ports: AgentPorts,
	{ to, wasReady }: Pick<UpgradeJournal, 'to' | 'wasReady'>,
): Promise<Result<string, string>> {
	const present = await ports.health();
	// Systemd counts on over restarts that somebody asks for.
	const { restarts } = await unitState(machine);
	if (present?.version !== to.version || (wasReady && !present.isReady)) {
		const { exitCode, output } = await machine.run(['systemctl', 'restart', '--no-block', agentUnit]);
		if (exitCode !== 0) return failed(`systemctl restart ${agentUnit} ended with ${exitCode}: ${output.trim()}`);
	}
	const why = await becomesWell(machine, ports, { version: to.version, wasReady, restarts });
	return why === undefined ? ok('well') : failed(why);
}

async function becomesWell(
	machine: Machine,
	{ health, probe, now, pause }: AgentPorts,
	{ version, wasReady, restarts }: { readonly version: string; readonly wasReady: boolean; readonly restarts: number },
): Promise<string | undefined> {
	const deadlineMs = now() + wellMsMax;
	let last = 'does not answer';
	for (;;) {
		const found = await health();
		if (found?.version === version) {
			if (!wasReady) return undefined;
			const why = found.isReady ? await probe() : 'it is not ready to take mail (`sluice status`)';
			if (why === undefined) return undefined;
			last = why;
		} else if (found !== undefined) last = `release ${found.version} answers`;
		const broken = brokenUnit(await unitState(machine), restarts);
		if (broken !== undefined) return `the agent of ${version} ${broken}`;
		if (now() >= deadlineMs) return `the agent of ${version} is not well after ${wellMsMax / 1000} s: ${last}`;
		await pause(pollMs);
	}
}

type UnitState = { readonly hasFailed: boolean; readonly restarts: number };

async function unitState(machine: Machine): Promise<UnitState> {
	const { output } = await machine.run(['systemctl', 'show', agentUnit, '-p', 'ActiveState', '-p', 'NRestarts']);
	const restarts = Number(/^NRestarts=(\d+)$/m.exec(output)?.[1] ?? 0);
	return { hasFailed: /^ActiveState=failed$/m.test(output), restarts };
}

function brokenUnit({ hasFailed, restarts }: UnitState, before: number): string | undefined {
	if (hasFailed) return 'has ended and is not started again';
	const own = restarts - before;
	return own >= startsMax ? `was started ${own} times and ended each time` : undefined;
}

/** Its last words, for whoever wants to know why. */
export async function lastWords(machine: Machine): Promise<readonly string[]> {
	const command = ['journalctl', '-u', agentUnit, '-n', String(logLines), '--no-pager', '-o', 'cat'];
	const { exitCode, output } = await machine.run(command);
	return exitCode === 0 ? output.trimEnd().split('\n') : [];
}

/** Link and units are of `from` again: its agent comes back, with the data it knows. An error is why it does not. */
export async function returnAgent(
	machine: Machine,
	ports: AgentPorts,
	journal: UpgradeJournal,
): Promise<Result<string, string>> {
	const { from, to } = journal;
	const stored = ports.stored();
	const hasCopy = await hasStateCopy(machine, ports, from);
	const unreadable = dataRefusal(from, stored, hasCopy);
	if (unreadable !== undefined) {
		await machine.link(currentRelease, linkOf(to.version));
		await machine.run(['systemctl', 'restart', '--no-block', agentUnit]);
		return failed(`${unreadable.text} Release ${to.version} stays.`);
	}
	if (hasCopy && journal.stored.state !== undefined && stored.state !== journal.stored.state)
		await askForState(machine, ports, journal.stored.state);
	else await machine.remove(stateUse(ports));
	return renewAgent(machine, ports, { to: from, wasReady: journal.wasReady });
}

const statePath = ({ dataDir }: Pick<AgentPorts, 'dataDir'>): string => join(dataDir, 'state.db');
const stateUse = (ports: Pick<AgentPorts, 'dataDir'>): string => stateUseFile(statePath(ports));

/** state.db as a release of this format left it stands beside the present one. */
export const hasStateCopy = async (
	machine: Machine,
	ports: Pick<AgentPorts, 'dataDir'>,
	{ formats }: Release,
): Promise<boolean> => formats.state !== undefined && machine.exists(stateOfVersion(statePath(ports), formats.state));

/**
 * The agent puts that version in place at its next start. Its user may have put a link at that name: root follows none, and makes nothing
 * its user's that was not there before.
 */
export async function askForState(
	machine: Machine,
	ports: Pick<AgentPorts, 'dataDir' | 'owner'>,
	version: number,
): Promise<void> {
	await machine.remove(stateUse(ports));
	await machine.create({ path: stateUse(ports), content: `${version}\n`, mode: 0o600, ...ports.owner });
}

export const forgetAskedState = (machine: Machine, ports: Pick<AgentPorts, 'dataDir'>): Promise<void> =>
	machine.remove(stateUse(ports));
