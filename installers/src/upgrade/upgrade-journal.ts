/**
 * What an upgrade remembers: from which release to which, and how everything was before, in a folder of root's own.
 *
 * Written whole before the first change. An upgrade that was cut off is gone on with by running it again, with what stands here about
 * before, not with what it finds half done; a rollback goes by it too, the day after as well. Format version 1.
 * Not here: the journal of the installation itself (apply/install-journal.ts).
 */
import { readState, stateText, writeRemembered } from '../apply/state-file.ts';
import type { FileFact, Machine } from '../facts/machine.ts';
import { installFolder } from '../facts/places.ts';
import type { Stored } from './data-plan.ts';
import type { Release } from './releases.ts';

export type ChangedFile = {
	readonly file: FileFact;
	/** Absent: there was none. */
	readonly former?: FileFact;
};

export type UpgradeJournal = {
	readonly version: 1;
	/** `moving`: begun, and not known to have ended. */
	readonly phase: 'moving' | 'done';
	readonly from: Release;
	readonly to: Release;
	/** RFC 3339. */
	readonly since: string;
	/** Unit files and the like that differ between the two. */
	readonly files: readonly ChangedFile[];
	/** Formats of the truth before the first change. */
	readonly stored: Stored;
	/** The agent took mail before. */
	readonly wasReady: boolean;
	/** The one before, which ended well: what a rollback goes by when this one comes to nothing. */
	readonly former?: UpgradeJournal;
};

const path = `${installFolder}/upgrade.json`;

/** Undefined: there never was one. Throws when it is not ours to understand. */
export const readUpgrade = (machine: Machine): Promise<UpgradeJournal | undefined> => readState(machine, path);

export const writeUpgrade = (machine: Machine, journal: UpgradeJournal): Promise<void> =>
	writeRemembered(machine, path, stateText(journal));

/** Everything is as before it. */
export const forgetUpgrade = (machine: Machine, { former }: UpgradeJournal): Promise<void> =>
	former === undefined ? machine.remove(path) : writeUpgrade(machine, former);

/** A journal that ended well, as the next one keeps it: one is enough. */
export function formerOf(last: UpgradeJournal | undefined): Pick<UpgradeJournal, 'former'> {
	if (last?.phase !== 'done') return last?.former === undefined ? {} : { former: last.former };
	const { former: _, ...own } = last;
	return { former: own };
}
