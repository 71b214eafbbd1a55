/**
 * A file in which one command tells the next what it has begun: JSON of format version 1, root's own.
 *
 * Not here: what is in each (journal.ts, install-journal.ts, upgrade/upgrade-journal.ts).
 */
import type { FileFact, Machine } from '../facts/machine.ts';
import { installFolder } from '../facts/places.ts';

type State = { readonly version: 1 };

const root = { uid: 0, gid: 0 } as const;

/** Undefined: it is not there. Throws, with its path, when it is not ours to understand. */
export async function readState<Found extends State>(machine: Machine, path: string): Promise<Found | undefined> {
	const file = await machine.read(path);
	if (file === undefined) return undefined;
	const state = parsed<Found>(path, file.content);
	if (state.version !== 1) throw new Error(`${path} was written by another version of Sluice`);
	return state;
}

function parsed<Found>(path: string, content: string): Found {
	try {
		return JSON.parse(content) as Found;
	} catch (error) {
		throw new Error(`${path} is damaged (${error instanceof Error ? error.message : String(error)})`);
	}
}

export const stateText = (state: State): string => `${JSON.stringify(state, undefined, '\t')}\n`;

export const rootsOwn = (path: string, content: string): FileFact => ({ path, content, mode: 0o600, ...root });

/** Below the folder in which installing remembers, which is made when it is not there. */
export async function writeRemembered(machine: Machine, path: string, content: string): Promise<void> {
	if (!(await machine.exists(installFolder))) await machine.makeFolder(installFolder, { mode: 0o700, ...root });
	await machine.write(rootsOwn(path, content));
}
