/**
 * What an actor is offered on the pages, by what the agent says of itself (`self`). The agent decides what it may do; this only leaves
 * out what it would refuse. Without an answer nothing is offered.
 */
import type { Actor } from '../../contract/actor.ts';
import type { SelfDto } from '../../contract/view-operations.ts';

export type May = {
	/** Change the numbers of accounts that it sees. */
	readonly editAccounts: boolean;
	/** One number of many accounts in one go. */
	readonly changeMany: boolean;
	/** Enforce or watch what is set for the server, resellers and plans. */
	readonly switchShared: boolean;
	/** Hold mail, also what is yet to come, and lift such holds. */
	readonly hold: boolean;
	/** Try a rule on the mail of the last days. */
	readonly tryRules: boolean;
	/** See a table of what is set for many. */
	readonly seeRules: boolean;
	/** all: whatever is held or waits; owner: only what a hold leaves to the owner. */
	readonly release: SelfDto['may']['release'];
	readonly discard: SelfDto['may']['discard'];
	/** Let something go past the limits. */
	readonly releaseNow: boolean;
	readonly requeue: boolean;
	/** How long after its end discarded or expired mail can be brought back; 0: not at all. */
	readonly restoreMs: number;
	/** The server is monitor-only: no rule keeps mail, whatever its mode. */
	readonly isMonitorOnly: boolean;
	/** Sees accounts and what is behind a message; else it is somebody's own mail, told without internals. */
	readonly isStaff: boolean;
};

export const isStaff = ({ role }: Actor): boolean => role === 'admin' || role === 'reseller';

export function mayOf(actor: Actor, self: SelfDto | undefined): May {
	const may = self?.may;
	const canRestore = self?.offers.includes('restore') === true && may?.discard !== 'none';
	return {
		editAccounts: may?.limits ?? false,
		changeMany: self?.offers.includes('change-limits') ?? false,
		switchShared: may?.shared ?? false,
		hold: may?.hold ?? false,
		tryRules: (self?.offers.includes('simulate') ?? false) && (may?.shared ?? false),
		seeRules: isStaff(actor),
		release: may?.release ?? 'none',
		discard: may?.discard ?? 'none',
		releaseNow: actor.role === 'admin' && may?.release === 'all',
		requeue: may?.requeue ?? false,
		restoreMs: canRestore ? (self?.restoreSeconds ?? 0) * 1000 : 0,
		isMonitorOnly: self?.monitorOnly === true,
		isStaff: isStaff(actor),
	};
}
