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
	/** A symbolic link, made or led elsewhere. */
	| { readonly kind: 'link'; readonly path: string; readonly target: string }
	| { readonly kind: 'copy-tree'; readonly from: string; readonly to: string }
	| { readonly kind: 'remove-tree'; readonly path: string }
	| PutBack
	/** A whole command of ours, which knows by itself how to go back when it fails. */
	| { readonly kind: 'nested'; readonly act: NestedAct; readonly mayFail?: boolean }
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
	| {
			readonly kind: 'reload-agent';
			readonly upstream?: string;
			/** It must say so afterwards. */
			readonly monitorOnly?: boolean;
			readonly mayFail?: boolean;
	  };

/**
 * The file as it was, if it still is as we left it; where somebody else has changed it since, only our change is taken out.
 * All of it is data, so that another process can do it, long after.
 */
export type PutBack = {
	readonly kind: 'put-back';
	readonly path: string;
	/** Absent: there was no such file. */
	readonly former?: FileFact;
	/** As we left it. Absent: we took it away. */
	readonly ours?: string;
};

/** Acts of an installation that are commands of their own. */
export const nestedActs = [
	'learn',
	'agent-answers',
	'reconcile',
	'plugin-install',
	'plugin-remove',
	'limits-restore',
	'arm',
	'disarm',
	'wire',
	'unwire',
	'stage',
	'queue-empty',
	'data-away',
	'agent-renew',
	'agent-return',
] as const;
export type NestedAct = (typeof nestedActs)[number];

export type Condition =
	/** The file holds just this; undefined: it is not there. */
	| { readonly kind: 'file-is'; readonly path: string; readonly content: string | undefined }
	| { readonly kind: 'link-is'; readonly path: string; readonly target: string }
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

/** Of no condition: done each time. */
export const never = { kind: 'never' } as const;
export const run = (...command: readonly string[]): Action => ({ kind: 'run', command });
/** What may fail: taking back what perhaps was never done. */
export const tried = (...command: readonly string[]): Action => ({ kind: 'run', command, mayFail: true });

export const nested = (act: NestedAct, mayFail = false): Action => ({
	kind: 'nested',
	act,
	...(mayFail ? { mayFail } : {}),
});

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
