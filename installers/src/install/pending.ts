/**
 * The dead man's switch: what is to be done if nobody confirms in time, written down before the MTA is touched.
 *
 * The watch reads it and acts, so that going back does not hang on this command, its terminal or the network to it. The command at the
 * terminal may act as well: whoever has the server's lock first does it, and the other finds nothing to do.
 */
import type { Machine } from '../facts/machine.ts';
import { commandLink, installFolder } from '../facts/places.ts';
import { findPending, type PendingFound, type Pending as ReadPending } from '../watch/pending.ts';

export const pendingFile = `${installFolder}/pending.json`;

export type Pending = Pick<ReadPending, 'untilMs' | 'revert' | 'why'>;

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

/** As the watch reads it, so that both say the same of it. One that is not believed is never acted on: a person says what holds. */
export const readPending = (machine: Machine, nowMs: number): Promise<PendingFound> =>
	findPending(machine, pendingFile, nowMs);
