/** The outside of a tick; tests bring their own. */
import type { Machine } from '../facts/machine.ts';
import type { MemoryPlaces } from './memory.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { HeldSender, Unrecorded } from './state.ts';
import type { PanelHold } from './suspended.ts';

/** As sd-daemon(3) numbers them. */
export const priorities = { error: 3, warning: 4, info: 6 } as const;
export type Priority = keyof typeof priorities;

export type WatchPlaces = MemoryPlaces & {
	readonly config: string;
	/** State of the wiring. */
	readonly wiring: string;
	/** The dead man's switch of an installation. */
	readonly pending: string;
};

export type WatchPorts = {
	readonly machine: Machine;
	readonly places: WatchPlaces;
	/** The command `sluice` with these words, in the watch's name; `program`: a release of it by its path. */
	readonly sluice: (
		words: readonly string[],
		program?: string,
	) => Promise<{ readonly exitCode: number; readonly output: string }>;
	readonly probe: (port: number) => Promise<ProbeOutcome>;
	/** Undefined: the agent does not tell. */
	readonly held: (socket: string) => Promise<readonly HeldSender[] | undefined>;
	/** What it did not take. */
	readonly record: (socket: string, acts: readonly Unrecorded[]) => Promise<readonly Unrecorded[]>;
	/** Loaded only when it is needed. */
	readonly panel: () => Promise<PanelHold>;
	/** One line for the journal. */
	readonly print: (priority: Priority, text: string) => void;
	readonly hostName: string;
	readonly now: () => number;
	readonly pid: number;
};
