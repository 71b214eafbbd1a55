/**
 * Steps: what a command will do to a machine, as data that can be shown before and undone after.
 *
 * Each has one sentence, a condition under which it is done already, what it does, and what undoes it. Undoing runs backwards from the
 * step that failed. Pure; apply/run-steps.ts performs them. Not here: which steps there are (wiring-steps.ts, plugin.ts, upstream.ts).
 */
import type { CommandCheck, ProbeCheck } from '@sluice/shared/mta/checks.ts';
import type { FileFact } from '../facts/machine.ts';

export type Action =
	/** `verify`: run on the new text, at a path of its own, before it takes the place of the old one. */
	| { readonly kind: 'write'; readonly file: FileFact; readonly verify?: (path: string) => readonly string[] }
	| { readonly kind: 'remove'; readonly path: string }
	| { readonly kind: 'make-folder'; readonly path: string; readonly mode: number }
	| { readonly kind: 'remove-folder'; readonly path: string }
	/** `mayFail`: taking back what perhaps was never done. */
	| {
			readonly kind: 'run';
			readonly command: readonly string[];
			readonly isDetached?: boolean;
			readonly mayFail?: boolean;
	  }
	| { readonly kind: 'check'; readonly check: CommandCheck }
	| { readonly kind: 'test'; readonly check: ProbeCheck }
	/** The agent reads its configuration anew; `upstream` must be in force afterwards. `mayFail`: on the way back, when it may have been what failed. */
	| { readonly kind: 'reload-agent'; readonly upstream?: string; readonly mayFail?: boolean };

export type Condition =
	/** The file holds just this; undefined: it is not there. */
	| { readonly kind: 'file-is'; readonly path: string; readonly content: string | undefined }
	/** Nothing to do, as the facts have shown. */
	| { readonly kind: 'is-so' }
	/** Has to be done whatever there is. */
	| { readonly kind: 'never' };

export type Step = {
	readonly id: string;
	readonly what: string;
	readonly doneWhen: Condition;
	readonly apply: readonly Action[];
	readonly undo: readonly Action[];
};

const fileModeNew = 0o644;

/** Mode and owner of what is there; a new file is root's and readable. */
const asFile = (path: string, content: string, like: FileFact | undefined): FileFact => ({
	path,
	content,
	mode: like?.mode ?? fileModeNew,
	uid: like?.uid ?? 0,
	gid: like?.gid ?? 0,
});

/** Makes `path` hold `content`; undefined: makes it go away. */
export const setFile = (path: string, content: string | undefined, like: FileFact | undefined): Action =>
	content === undefined ? { kind: 'remove', path } : { kind: 'write', file: asFile(path, content, like) };
