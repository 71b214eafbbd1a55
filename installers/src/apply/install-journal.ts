/**
 * What an installation remembers: every step that was begun, with what undoes it, in a folder of root's own.
 *
 * A step is written down before it is done, durably, so that whatever was cut off anywhere can be gone on with and taken out. What undoes
 * it is data and leads back to how the server was before the first attempt: a later attempt finds what an earlier one has made, and must
 * never take that for the server's own; so what an earlier one wrote down stays, and only what is new is added. Beside it `install.log`, for
 * people. Format version 1.
 */
import type { FirewallChoice } from '../facts/firewall.ts';
import type { Machine } from '../facts/machine.ts';
import { installFolder } from '../facts/places.ts';
import { withoutOurs } from '../plan/firewall-files.ts';
import type { Action, PutBack, Step } from '../plan/step.ts';
import { readState, stateText, writeRemembered } from './state-file.ts';

/** `repairing`: it was whole, and something is being put right. */
export type InstallPhase = 'installing' | 'installed' | 'repairing' | 'uninstalling';

/** Parts of an installation, in the order in which they come; they go the other way. */
export const installParts = [
	'program',
	'users',
	'configuration',
	'firewall',
	'units',
	'learn',
	'panel',
	'confirm',
	'wiring',
	'proof',
	'timers',
] as const;
export type InstallPart = (typeof installParts)[number];

export type InstallStep = Step & {
	readonly part: InstallPart;
	/** Ids of earlier steps of this part that this one has taken out once everything is done: they are forgotten then, and so is it. */
	readonly supersedes?: readonly string[];
};

export type RecordedStep = {
	readonly part: InstallPart;
	readonly id: string;
	readonly what: string;
	readonly undo: readonly Action[];
};

export type InstallJournal = {
	readonly version: 1;
	readonly phase: InstallPhase;
	/** Version of the release. */
	readonly release: string;
	/** RFC 3339. */
	readonly since: string;
	/** Who began it. */
	readonly by: string;
	/** Folders of data that were not there before: nothing of them is the server's. */
	readonly madeFolders: readonly string[];
	/** How the agent gets out past a firewall, where somebody has chosen (`--firewall`). */
	readonly firewall?: FirewallChoice;
	readonly steps: readonly RecordedStep[];
};

/** One line of the log. */
export type LogEntry = { readonly step: string; readonly outcome: string; readonly output?: string };

const logBytesMax = 1 << 20;
const outputCharsMax = 4000;
const statePath = `${installFolder}/state.json`;
export const installLog = `${installFolder}/install.log`;

export class InstallStore {
	readonly #machine: Machine;

	constructor(machine: Machine) {
		this.#machine = machine;
	}

	/** Undefined: nothing was ever installed here, or it was taken out. Throws when it is not ours to understand. */
	async read(): Promise<InstallJournal | undefined> {
		return readState<InstallJournal>(this.#machine, statePath);
	}

	async write(journal: InstallJournal): Promise<void> {
		await writeRemembered(this.#machine, statePath, stateText(journal));
	}

	/** The log stays. */
	async forget(): Promise<void> {
		await this.#machine.remove(statePath);
	}

	/** A line a step: when, who, what, how it went; the output of what failed stands below it. */
	async log(atMs: number, by: string, { step, outcome, output }: LogEntry): Promise<void> {
		const former = (await this.#machine.read(installLog))?.content ?? '';
		const kept = former.length > logBytesMax ? former.slice(former.indexOf('\n', former.length / 2) + 1) : former;
		const below =
			output === undefined ? '' : `\t${output.slice(0, outputCharsMax).trimEnd().replaceAll('\n', '\n\t')}\n`;
		const line = `${new Date(atMs).toISOString()} ${by} ${outcome.toUpperCase()} ${step.replaceAll('\n', ' ')}\n${below}`;
		await writeRemembered(this.#machine, installLog, kept + Buffer.from(line, 'utf8').toString('latin1'));
	}
}

/** What two actions must have in common to be about the same thing. */
function subjectOf(action: Action): string {
	switch (action.kind) {
		case 'write':
			return `file ${action.file.path}`;
		case 'remove':
		case 'put-back':
		case 'link':
			return `file ${action.path}`;
		default:
			return JSON.stringify(action);
	}
}

/** What undoes a step: first that of this time which no earlier time knows, then that of the earlier ones. */
function mergedUndo(earlier: readonly Action[], later: readonly Action[]): readonly Action[] {
	const known = new Map(earlier.map((action) => [subjectOf(action), action]));
	const kept = earlier.map((action) => followed(action, later));
	const fresh = later.filter((action) => !known.has(subjectOf(action)));
	return [...fresh, ...kept];
}

/** How we leave a file is what this time writes; how it was is what the first time found. */
function followed(action: Action, later: readonly Action[]): Action {
	if (action.kind !== 'put-back') return action;
	const now = later.find((other) => other.kind === 'put-back' && other.path === action.path);
	if (now?.kind !== 'put-back') return action;
	const { ours: _, ...rest } = action;
	return { ...rest, ...formerOf(action, now), ...(now.ours === undefined ? {} : { ours: now.ours }) };
}

/** What others have written since into a file that we share with them is theirs, and comes back too. */
function formerOf({ path, ours, former }: PutBack, now: PutBack): Pick<PutBack, 'former'> {
	const found = now.former;
	if (former === undefined || found === undefined || found.content === ours) return {};
	const rest = withoutOurs(path, found.content);
	return rest?.kind === 'keep' ? { former: { ...found, content: rest.content } } : {};
}

/** The undo of a step as data that still does right when somebody else has written into its files since. */
export function lastingUndo({ apply, undo }: Pick<Step, 'apply' | 'undo'>): readonly Action[] {
	return undo.map((action): Action => {
		if (action.kind !== 'write' && action.kind !== 'remove') return action;
		const path = action.kind === 'write' ? action.file.path : action.path;
		const done = apply.find(
			(each) => (each.kind === 'write' && each.file.path === path) || (each.kind === 'remove' && each.path === path),
		);
		if (done === undefined) return action.kind === 'write' ? { kind: 'write', file: action.file } : action;
		return {
			kind: 'put-back',
			path,
			...(action.kind === 'write' ? { former: action.file } : {}),
			...(done.kind === 'write' ? { ours: done.file.content } : {}),
		};
	});
}

/** Without the steps that these have taken out, and without these. */
export function settled(journal: InstallJournal, steps: readonly InstallStep[]): InstallJournal {
	const gone = steps.flatMap(({ part, id, supersedes }) =>
		supersedes === undefined ? [] : [id, ...supersedes].map((each) => `${part} ${each}`),
	);
	return { ...journal, steps: journal.steps.filter(({ part, id }) => !gone.includes(`${part} ${id}`)) };
}

/** The journal with this step in it, at the place where it was or at the end. */
export function recorded(journal: InstallJournal, step: InstallStep): InstallJournal {
	const { part, id, what } = step;
	// What takes an earlier step out is put back within its run only; later the server is to be as before both.
	const undo = step.supersedes === undefined ? lastingUndo(step) : [];
	const isSame = (other: RecordedStep): boolean => other.part === part && other.id === id;
	const earlier = journal.steps.find(isSame);
	if (earlier === undefined) return { ...journal, steps: [...journal.steps, { part, id, what, undo }] };
	const merged = { ...earlier, undo: mergedUndo(earlier.undo, undo) };
	return { ...journal, steps: journal.steps.map((other) => (isSame(other) ? merged : other)) };
}
