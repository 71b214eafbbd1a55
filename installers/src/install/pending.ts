/**
 * The dead man's switch: what is to be done if nobody confirms in time, written down before the MTA is touched.
 *
 * The watch reads it and acts, so that going back does not hang on this command, its terminal or the network to it. The command at the
 * terminal may act as well: whoever has the server's lock first does it, and the other finds nothing to do.
 */
import type { Machine } from '../facts/machine.ts';
import { commandLink, installFolder } from '../facts/places.ts';

export const pendingFile = `${installFolder}/pending.json`;

export type Pending = {
	/** Milliseconds since 1970. */
	readonly untilMs: number;
	/** Run one after the other. */
	readonly revert: readonly (readonly string[])[];
	/** For people: what was to be confirmed. */
	readonly why: string;
};

/** The MTA goes its former way; the agent stays and delivers what it has taken. */
export const unwireRevert: Pending['revert'] = [[commandLink, 'mta', 'unwire', '--yes']];

export const armPending = (machine: Machine, pending: Pending): Promise<void> =>
	machine.write({
		path: pendingFile,
		content: `${JSON.stringify(pending, undefined, '\t')}\n`,
		mode: 0o600,
		uid: 0,
		gid: 0,
	});

export const disarmPending = (machine: Machine): Promise<void> => machine.remove(pendingFile);

/** Undefined: nothing waits to be confirmed. A file that cannot be read waits, and is over. */
export async function readPending(machine: Machine): Promise<Pending | undefined> {
	const file = await machine.read(pendingFile);
	if (file === undefined) return undefined;
	try {
		return JSON.parse(file.content) as Pending;
	} catch {
		return { untilMs: 0, revert: unwireRevert, why: 'an installation' };
	}
}
