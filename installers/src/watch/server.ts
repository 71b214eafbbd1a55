/**
 * The server as the watch finds it: which MTA is wired to which port, and whose bypass is in force.
 *
 * From the wiring's own journal, not from the agent's configuration: what counts is where the MTA leads mail. Whose a bypass is, is told by
 * the wiring's log and, for the file that the watch writes itself where the command fails, by what is in it. A bypass that nobody is
 * known to have ordered is a person's: a file can be made by hand.
 */
import { type Journal, JournalStore } from '../apply/journal.ts';
import { cpanelBypassPath, isCpanel } from '../facts/cpanel.ts';
import { eximBypassPath } from '../facts/exim.ts';
import type { Machine } from '../facts/machine.ts';
import type { Seen } from './judge.ts';

export type WiredServer = {
	readonly journal: Journal;
	readonly isCpanel: boolean;
	/** Exim's switch; undefined on Postfix. */
	readonly bypassPath: string | undefined;
	readonly bypass: Seen['bypass'];
	readonly mayBypass: boolean;
};

/** In whose name the watch acts: as the log of the wiring says it, `admin root as sluice-watch`. */
export const watchName = 'sluice-watch';
/** What a bypass file holds that the watch has written itself. */
export const bypassMark = `${watchName}\n`;

const isWatch = (author: string | undefined): boolean => author?.split(' ').includes(watchName) === true;

/** Undefined: no MTA is wired here. Throws when the journal cannot be understood. */
export async function wiredServer(machine: Machine, stateFolder: string): Promise<WiredServer | undefined> {
	const store = new JournalStore(machine, stateFolder);
	const journal = await store.read();
	if (journal === undefined) return undefined;
	const hasPanel = await isCpanel(machine);
	const bypassPath = journal.mta === 'postfix' ? undefined : hasPanel ? cpanelBypassPath : eximBypassPath;
	const file = bypassPath === undefined ? undefined : await machine.read(bypassPath);
	const isBypassed = bypassPath === undefined ? journal.phase === 'bypassed' : file !== undefined;
	const last = isBypassed ? await store.lastAct(['bypass', 'wire', 'ensure', 'unwire'], 'done') : undefined;
	const isOurs = file?.content === bypassMark || (last?.act === 'bypass' && isWatch(last.author));
	const isTheirs = last?.act === 'bypass' && !isWatch(last.author) && file?.content !== bypassMark;
	return {
		journal,
		isCpanel: hasPanel,
		bypassPath,
		bypass: !isBypassed ? 'none' : isOurs ? 'watch' : isTheirs ? 'person' : 'somebody',
		mayBypass: journal.phase === 'wired' || journal.phase === 'wiring',
	};
}
