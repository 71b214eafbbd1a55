/**
 * The dead man's switch: what is to be done if nobody confirms in time, written down before the MTA is touched.
 *
 * The watch reads it and acts, so that going back does not hang on this command, its terminal or the network to it. The command at the
 * terminal may act as well: whoever has the server's lock first does it, and the other finds nothing to do.
 */
import { rootsOwn } from '../apply/state-file.ts';
import type { Machine } from '../facts/machine.ts';
import { commandLink, installFolder } from '../facts/places.ts';
import { findPending, type PendingFound, type Pending as ReadPending } from '../watch/pending.ts';

export const pendingFile = `${installFolder}/pending.json`;

type Pending = Pick<ReadPending, 'untilMs' | 'revert' | 'why'>;

/** The MTA goes its former way; the agent stays and delivers what it has taken. */
const unwireRevert: Pending['revert'] = [[commandLink, 'mta', 'unwire', '--yes']];

export function armPending(machine: Machine, untilMs: number): Promise<void> {
	const pending: Pending = { untilMs, revert: unwireRevert, why: 'the installation of Sluice' };
	return machine.write(rootsOwn(pendingFile, `${JSON.stringify(pending, undefined, '\t')}\n`));
}

export const disarmPending = (machine: Machine): Promise<void> => machine.remove(pendingFile);

/** As the watch reads it, so that both say the same of it. One that is not believed is never acted on: a person says what holds. */
export const readPending = (machine: Machine, nowMs: number): Promise<PendingFound> =>
	findPending(machine, pendingFile, nowMs);
