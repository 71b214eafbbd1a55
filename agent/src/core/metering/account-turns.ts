/**
 * Account turns: whose waiting mail is asked first when several accounts wait for a pool that they share.
 *
 * By age alone whoever fills a pool first has it until all of his has left, a day if he sends enough, and his neighbours' mail expires.
 * So each account that waits has a virtual time: what has left of it since it began to wait, in recipients, on a common scale. The
 * account that is furthest behind is asked first; one that begins to wait starts where the last one that was served had started, neither
 * before nor behind the others. A message that must leave whole keeps its turn until there is room for it, so large ones are not starved
 * by small ones. (Start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996, with recipients for bytes.)
 *
 * Within one account the oldest leaves first. Forgotten with the last message that waits; a restart begins anew.
 */
import type { Chain } from './types.ts';

export type AccountTurns = {
	/** The first message of the account waits. */
	begin(account: string): void;
	/** So many recipients of it have left. */
	serve(account: string, recipients: number): void;
	/** None of its mail waits any more. */
	end(account: string): void;
	/** Its virtual time; the smallest is asked first. Never shrinks while it waits. */
	of(account: string): number;
};

export function createAccountTurns(): AccountTurns {
	const times = new Map<string, number>();
	/** Where the account that was served last had been. */
	let now = 0;
	return {
		begin(account) {
			if (!times.has(account)) times.set(account, now);
		},
		serve(account, recipients) {
			const time = times.get(account) ?? now;
			now = Math.max(now, time);
			times.set(account, time + recipients);
		},
		end: (account) => void times.delete(account),
		of: (account) => times.get(account) ?? now,
	};
}

/** Whose turn a sender's mail has: its account's, as its scopes name it; `''` where only the server pays. */
export const payerOf = ({ scopes }: Chain): string => scopes.find((scope) => scope.startsWith('account:')) ?? '';
