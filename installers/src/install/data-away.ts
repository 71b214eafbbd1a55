/**
 * The agent's data after an installation that was put back: gone, where it was not there before, unless mail is in it.
 *
 * Between wiring and going back, mail may have come; it is never removed with the rest. What is left open is written out as files first,
 * and said. The agent does not run any more when this is done.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import {
	dataFolder,
	helperDataFolder,
	installFolder,
	panelDataFolder,
	reconcileFolder,
	watchFolder,
} from '../facts/places.ts';
import { machineOf, type NestedCall } from './call.ts';

/** Everything that the parts of an installed server write, but for the memory of installing itself. */
export const dataFolders = [dataFolder, panelDataFolder, helperDataFolder, watchFolder, reconcileFolder] as const;

export async function dataAway(call: NestedCall): Promise<Result<string, string>> {
	const machine = machineOf(call);
	const { madeFolders, terminal, ports, note } = call;
	const isSpoolOurs = madeFolders.includes(dataFolder);
	if (isSpoolOurs && (await machine.exists(dataFolder))) {
		const to = `${installFolder}/mail-${new Date(terminal.now()).toISOString().replace(/\D/g, '').slice(0, 14)}`;
		const exported = await ports.exportQueue(dataFolder, to);
		if (!exported.ok) return failed(`${dataFolder} stays, since its mail could not be written out: ${exported.error}`);
		if (exported.value.messages > 0)
			note(
				`${exported.value.messages} messages for ${exported.value.recipients} recipients had come to the agent and not left: they are in ${to}.`,
			);
	}
	for (const folder of madeFolders) await machine.removeTree(folder);
	return ok('The data is gone.');
}
