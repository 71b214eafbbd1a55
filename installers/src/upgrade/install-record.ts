/**
 * The journal of the installation after another release has taken over: what undoes it is still right.
 *
 * Files that the new release has written are ours as they are now; its folder goes with the others.
 */
import type { InstallJournal, InstallStore, RecordedStep } from '../apply/install-journal.ts';
import type { Action } from '../plan/step.ts';
import { folderOf } from './releases.ts';
import type { UpgradeJournal } from './upgrade-journal.ts';

/** The installation's own journal follows a move that ended well; a program that stands here without one has none to follow. */
export async function recordMove(store: InstallStore, move: Pick<UpgradeJournal, 'to' | 'files'>): Promise<void> {
	const installed = await store.read();
	if (installed !== undefined) await store.write(recordedMove(installed, move));
}

export function recordedMove(
	journal: InstallJournal,
	{ to, files }: Pick<UpgradeJournal, 'to' | 'files'>,
): InstallJournal {
	const known = new Set(journal.steps.flatMap(({ undo }) => undo.flatMap((action) => pathOf(action) ?? [])));
	const fresh = files
		.filter(({ file }) => !known.has(file.path))
		.map(
			({ file, former }): Action => ({
				kind: 'put-back',
				path: file.path,
				ours: file.content,
				...(former === undefined ? {} : { former }),
			}),
		);
	const steps = journal.steps.map((step): RecordedStep => {
		const undo = step.undo.map((action) => followed(action, files));
		if (step.part === 'program' && step.id === 'release')
			return { ...step, undo: withRemoval(undo, folderOf(to.version)) };
		if (step.part === 'units' && step.id === 'units') return { ...step, undo: [...fresh, ...undo] };
		return { ...step, undo };
	});
	return { ...journal, release: to.version, steps };
}

const pathOf = (action: Action): string | undefined => (action.kind === 'put-back' ? action.path : undefined);

function followed(action: Action, files: UpgradeJournal['files']): Action {
	const path = pathOf(action);
	const changed = files.find(({ file }) => file.path === path);
	return action.kind === 'put-back' && changed !== undefined ? { ...action, ours: changed.file.content } : action;
}

function withRemoval(undo: readonly Action[], path: string): readonly Action[] {
	const isThere = undo.some((action) => action.kind === 'remove-tree' && action.path === path);
	return isThere ? undo : [{ kind: 'remove-tree', path }, ...undo];
}
