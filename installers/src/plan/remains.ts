/**
 * What of us is on a server, whoever has put it there, and what of it was written down.
 *
 * Types and words that all of taking out goes by. Pure. Not here: finding it (install/remains.ts), what is done about it (install-undo.ts).
 */
import type { InstallJournal, InstallPart, RecordedStep } from '../apply/install-journal.ts';
import type { Action } from './step.ts';
import { undoText } from './undo-words.ts';

export type Remains = {
	readonly journal: InstallJournal | undefined;
	/** Unit files of ours, by name. */
	readonly units: readonly string[];
	readonly hasTmpfiles: boolean;
	readonly hasGuardTable: boolean;
	/** Where nft is. */
	readonly nft: string | undefined;
	/** Users and groups of our names that are ours to take. */
	readonly users: readonly string[];
	readonly groups: readonly string[];
	readonly hasPlugin: boolean;
	/** Something of the wiring is in the MTA's files, or written down. */
	readonly isWired: boolean;
	readonly hasCurrent: boolean;
	/** The command leads to a release of ours. */
	readonly hasCommand: boolean;
	readonly releases: readonly string[];
	/** Folders of data that are there. */
	readonly data: readonly string[];
	/** The agent's folder where the configuration names another one; it may hold more than ours. */
	readonly dataElsewhere?: string;
	readonly hasConfig: boolean;
	/** Ways through a firewall that are ours by name and not written down, with what takes them out. */
	readonly ways: readonly RecordedStep[];
	readonly isCpanel: boolean;
	/** Something waits to be confirmed. */
	readonly isPending: boolean;
};

/** A step of taking out: its `undo` is what is done. */
export const undoStep = (part: InstallPart, id: string, what: string, undo: readonly Action[]): RecordedStep => ({
	part,
	id,
	what,
	undo,
});

/** What was written down of these parts, from the last to the first. */
export const recordedOf = (
	{ journal }: Pick<Remains, 'journal'>,
	parts: readonly InstallPart[],
): readonly RecordedStep[] =>
	(journal?.steps ?? [])
		.filter(({ part, undo }) => parts.includes(part) && undo.length > 0)
		.map((recorded) => ({ ...recorded, what: undoText(recorded) }))
		.toReversed();
