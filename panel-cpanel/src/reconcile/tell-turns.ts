/**
 * Renames and ends, told to the agent by name, before and after the list.
 *
 * Not here: how they are found out (turns.ts), the list (reconcile.ts).
 */
import type { ClientFailure } from '@sluice/shared/client/client.ts';
import type { PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { agentFailure, type RunFailure } from './failure.ts';
import { type Teller, tellEnd, tellRename } from './teller.ts';
import type { Turns } from './turns.ts';

/** So many ends are told by name at the most. */
export const confirmedMax = 3;

/**
 * A few accounts that neither the API nor cPanel's files have any more are told as gone by name: on a small server one account is so large
 * a share that the agent would wait for a second list. Many at once wait for it all the same. Gives how many.
 */
export async function endConfirmed(
	teller: Teller,
	told: readonly string[],
	{
		items,
		usersOnDisk,
	}: { readonly items: readonly PanelAccountDto[]; readonly usersOnDisk: ReadonlySet<string> | undefined },
): Promise<number> {
	const here = new Set(items.map(({ id }) => id));
	const lost = told.filter((id) => !here.has(id));
	if (lost.length > confirmedMax || usersOnDisk === undefined || lost.some((id) => usersOnDisk.has(id))) return 0;
	let ended = 0;
	for (const id of lost) {
		const done = await tellEnd(teller, id);
		if (done.ok) ended += 1;
	}
	return ended;
}

/** Renames and ends that the list does not say. Gives how many were told. */
export async function tellTurns(teller: Teller, { renamed, remade }: Turns): Promise<Result<number, RunFailure>> {
	for (const { from, to } of renamed) {
		const done = await tellRename(teller, from, to);
		if (!done.ok && !isExpected(done.error)) return failed(agentFailure(done.error));
	}
	for (const id of remade) {
		const done = await tellEnd(teller, id);
		if (!done.ok && !isExpected(done.error)) return failed(agentFailure(done.error));
	}
	return ok(renamed.length + remade.length);
}

/** The agent does not know the account, or knows it by the new name already: the list says the rest. */
const isExpected = (failure: ClientFailure): boolean =>
	failure.kind === 'problem' &&
	(failure.problem.status === 404 ||
		(failure.problem.status === 409 && failure.problem.type !== 'urn:sluice:stale-revision'));
