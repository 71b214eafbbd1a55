/**
 * Where the watch keeps what it remembers: a file of root's own, and a copy in memory for when the disk takes nothing.
 *
 * A full disk is one of the reasons for an outage, and the watch must not forget at each tick that the last one failed. The copy in
 * `/run` is written only when the disk cannot be; whichever of the two counts more ticks is believed.
 */
import type { Machine } from '../facts/machine.ts';
import { freshState, readState, type State, stateText } from './state.ts';

export type MemoryPlaces = {
	/** On the disk: outlives a reboot. */
	readonly folder: string;
	/** In memory. */
	readonly runFolder: string;
};

const name = 'state.json';
const root = { uid: 0, gid: 0 } as const;

export async function recall(machine: Machine, places: MemoryPlaces, nowMs: number): Promise<State> {
	const copies = await Promise.all(
		[places.folder, places.runFolder].map(async (folder) => {
			const file = await machine.read(`${folder}/${name}`).catch(() => undefined);
			return file === undefined ? undefined : readState(file.content);
		}),
	);
	const known = copies.filter((copy) => copy !== undefined);
	return known.toSorted((one, other) => other.tick - one.tick)[0] ?? freshState(nowMs);
}

/** False: it could be kept nowhere. */
export async function remember(machine: Machine, places: MemoryPlaces, state: State): Promise<boolean> {
	// Latin1 is what the machine writes; escapes keep what is beyond it.
	const content = stateText(state).replace(
		/[^\x20-\x7e\n]/g,
		(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
	for (const folder of [places.folder, places.runFolder])
		try {
			if (!(await machine.exists(folder))) await machine.makeFolder(folder, { mode: 0o700, ...root });
			await machine.write({ path: `${folder}/${name}`, content, mode: 0o600, ...root });
			return true;
		} catch {
			// The next place.
		}
	return false;
}
