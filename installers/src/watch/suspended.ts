/**
 * Senders whom the agent holds, while mail goes past the agent: the panel's own hold keeps theirs back at the MTA meanwhile.
 *
 * Only where the administrator has switched that on (`panel.acts.hold`), and only for whole accounts: the panel does not tell whether a
 * mailbox was on hold before, and what somebody else has set must not be lifted. Accounts that are on hold already are left alone. Who is
 * about to be held is remembered before it is done, so that a watch that is killed in between lifts it later; lifting twice does no harm.
 */
import type { CpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import type { HeldSender } from './state.ts';

export type PanelHold = Pick<CpanelApi, 'accounts' | 'outgoing'>;

const atOnceMax = 4;

export type HoldPlan = {
	readonly users: readonly string[];
	/** Senders who go out while bypassed. */
	readonly loose: readonly HeldSender[];
};

/** `panel` undefined: there is none, or its hold may not be used. */
export async function planHolds(
	held: readonly HeldSender[],
	panel: PanelHold | undefined,
	nowMs: number,
): Promise<HoldPlan> {
	const standing = held.filter(({ untilMs }) => untilMs > nowMs);
	if (panel === undefined || standing.length === 0) return { users: [], loose: standing };
	const listed = await panel.accounts();
	if (!listed.ok) return { users: [], loose: standing };
	const isHeld = new Map(listed.value.rows.map(({ user, isOutgoingHeld }) => [user, isOutgoingHeld === true]));
	const known = standing.filter(({ user }) => user !== undefined && isHeld.has(user));
	const users = [...new Set(known.flatMap(({ user }) => user ?? []))].filter((user) => isHeld.get(user) !== true);
	return { users, loose: standing.filter((sender) => !known.includes(sender)) };
}

/** Those of the users for whom it did not work. */
export async function setHolds(
	act: 'hold' | 'release',
	users: readonly string[],
	panel: PanelHold,
): Promise<readonly string[]> {
	const left: string[] = [];
	for (let at = 0; at < users.length; at += atOnceMax)
		await Promise.all(
			users.slice(at, at + atOnceMax).map(async (user) => {
				if (!(await panel.outgoing(act, user)).ok) left.push(user);
			}),
		);
	return left;
}
