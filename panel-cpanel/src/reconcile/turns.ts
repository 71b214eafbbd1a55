/**
 * What a list alone does not say: that an account has another name now, and that a name belongs to another account now.
 *
 * A renamed account keeps its uid and the time it was made. A name that was given again to somebody has a time that is later than our last look
 * at the panel: an administrator who merely corrects the date of an account writes an earlier one, and its held mail must not be dropped for that.
 *
 * Pure.
 */
import type { PanelAccountDto } from '@sluice/shared/contract/account-operations.ts';
import type { ReconcileState, Told } from './state.ts';

export type Turns = {
	readonly renamed: readonly { readonly from: string; readonly to: string }[];
	/** Ids whose former account is gone. */
	readonly remade: readonly string[];
};

/** Clocks of one machine; the list is read a moment after the run began, and cPanel keeps whole seconds. */
const slackMs = 2000;

export const toldOf = ({ unixUsers, since }: PanelAccountDto): Told => {
	const uid = unixUsers[0]?.uid;
	return { ...(uid === undefined ? {} : { uid }), since };
};

export function turnsOf(accounts: readonly PanelAccountDto[], { told, readMs }: ReconcileState): Turns {
	const here = new Set(accounts.map(({ id }) => id));
	const lost = new Map(
		Object.entries(told)
			.filter(([id, { uid }]) => !here.has(id) && uid !== undefined)
			.map(([id, { uid, since }]) => [`${uid} ${since}`, id]),
	);
	const renamed = accounts.flatMap((account) => {
		const { uid, since } = toldOf(account);
		const from = told[account.id] === undefined && uid !== undefined ? lost.get(`${uid} ${since}`) : undefined;
		return from === undefined ? [] : [{ from, to: account.id }];
	});
	const remade = accounts.flatMap(({ id, since }) => {
		const before = told[id];
		const isLater = Date.parse(since) + slackMs >= readMs && readMs > 0;
		return before !== undefined && before.since !== since && isLater ? [id] : [];
	});
	return { renamed, remade };
}
