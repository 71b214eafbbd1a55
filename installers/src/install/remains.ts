/** What of us is on the server, for taking it out. Asks the MTA nothing that a broken configuration could keep from being answered. */
import { resolve } from 'node:path';
import { JournalStore } from '../apply/journal.ts';
import { isCpanel } from '../facts/cpanel.ts';
import { firewallFacts } from '../facts/firewall.ts';
import type { Machine } from '../facts/machine.ts';
import {
	configFolder,
	dataFolder,
	programFolder,
	relayGuardFile,
	releasesFolder,
	tmpfilesFile,
	unitFolder,
} from '../facts/places.ts';
import { pluginFacts } from '../facts/plugin.ts';
import { earlierInstallation } from '../facts/server.ts';
import { openSite, type Site } from '../mta/site.ts';
import { unrecordedWays } from '../plan/firewall-leave.ts';
import { isOut } from '../plan/plugin.ts';
import type { Remains } from '../plan/remains.ts';
import { ownUnits } from '../plan/undo-units.ts';
import { hasTraces } from '../plan/wiring.ts';
import { guardTable, workingNft } from '../units/relay-guard.ts';
import { ourNames, userFacts, usersRefusal } from '../units/users.ts';
import { type InstallCall, machineOf, mtaOptions, serverTerminal } from './call.ts';
import { dataFolders } from './data-away.ts';
import { pendingFile } from './pending.ts';

export type Found = {
	readonly remains: Remains;
	/** Undefined: why the MTA could not be looked at. */
	readonly site: Site | undefined;
	readonly problem: string | undefined;
	readonly hasUsableConfig: boolean;
	/** Why what was written down cannot be read. */
	readonly journalProblem: string | undefined;
};

export async function findRemains(call: Pick<InstallCall<unknown>, 'terminal' | 'ports'>): Promise<Found> {
	const machine = machineOf(call);
	const asked = await openSite(await serverTerminal(call), mtaOptions({}), call.ports);
	// The wiring can be taken out whatever the agent's configuration says, or does not.
	const hasUsableConfig = asked.ok || asked.error.code !== 'agent-config';
	const blind = { ...call.terminal, exists: () => false };
	const opened = hasUsableConfig ? asked : await openSite(blind, mtaOptions({}), call.ports);
	const wiringJournal = await new JournalStore(machine).read();
	const { journal, journalProblem, currentTarget, command } = await earlierInstallation(machine);
	const site = opened.ok ? opened.value : undefined;
	const isPanel = await isCpanel(machine);
	const plugin = isPanel ? await pluginFacts(machine) : undefined;
	const units = (await machine.list(unitFolder)).filter((name) => ownUnits.includes(name));
	return {
		site,
		hasUsableConfig,
		problem: opened.ok ? (opened.value.wiring.ok ? undefined : opened.value.wiring.error.text) : opened.error.text,
		journalProblem,
		remains: {
			journal,
			units,
			hasTmpfiles: await machine.exists(tmpfilesFile),
			...(await guardOf(machine)),
			...(await peopleOf(machine, isPanel)),
			hasPlugin: plugin?.ok === true && !isOut(plugin.value),
			isWired: wiringJournal !== undefined || (site?.traces.ok === true && hasTraces(site.traces.value)),
			hasCurrent: currentTarget !== undefined,
			hasCommand: command?.startsWith(programFolder) === true,
			releases: await machine.list(releasesFolder),
			data: await present(machine, dataFolders),
			...(await elsewhere(machine, opened)),
			hasConfig: await machine.exists(configFolder),
			ways: unrecordedWays(await firewallFacts(machine), journal?.steps),
			isCpanel: isPanel,
			isPending: await machine.exists(pendingFile),
		},
	};
}

async function elsewhere(
	machine: Machine,
	opened: Awaited<ReturnType<typeof openSite>>,
): Promise<Pick<Remains, 'dataElsewhere'>> {
	const dataDir = opened.ok ? opened.value.config?.dataDir : undefined;
	if (dataDir === undefined || !dataDir.startsWith('/') || resolve(dataDir) === dataFolder) return {};
	return (await machine.exists(dataDir)) ? { dataElsewhere: resolve(dataDir) } : {};
}

async function present(machine: Machine, paths: readonly string[]): Promise<readonly string[]> {
	const found: string[] = [];
	for (const path of paths) if (await machine.exists(path)) found.push(path);
	return found;
}

async function guardOf(machine: Machine): Promise<Pick<Remains, 'hasGuardTable' | 'nft'>> {
	const nft = await workingNft(machine);
	if (nft === undefined) return { hasGuardTable: await machine.exists(relayGuardFile), nft };
	const { exitCode } = await machine.run([nft, 'list', 'table', 'inet', guardTable]);
	return { hasGuardTable: exitCode === 0, nft };
}

/** Of our names and like ours: a stranger of that name is left alone. */
async function peopleOf(machine: Machine, isPanel: boolean): Promise<Pick<Remains, 'users' | 'groups'>> {
	const facts = await userFacts(machine);
	if (usersRefusal(facts, isPanel ? 'cpanel' : 'none') !== undefined) return { users: [], groups: [] };
	return {
		users: ourNames.filter((name) => facts.users.has(name)),
		groups: ourNames.filter((name) => facts.groups.has(name)),
	};
}
