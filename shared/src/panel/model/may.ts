/**
 * What an actor is offered on the pages. The agent decides what it may do; this only leaves out what it would refuse.
 */
import type { Actor } from '../../contract/actor.ts';

export type May = {
	/** Change the numbers of accounts that it sees. */
	readonly editAccounts: boolean;
	/** Enforce or watch what is set for the server, resellers and plans. */
	readonly switchShared: boolean;
	/** Hold and release mail. */
	readonly hold: boolean;
	/** See a table of what is set for many. */
	readonly seeRules: boolean;
};

export const mayOf = ({ role }: Actor): May => ({
	editAccounts: role === 'admin' || role === 'reseller',
	switchShared: role === 'admin',
	hold: role === 'admin',
	seeRules: role === 'admin' || role === 'reseller',
});
