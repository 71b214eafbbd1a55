/**
 * A hosting account as a panel knows it: who pays, whose unix users, domains and mailboxes belong to it.
 *
 * Accounts come from the panel and from nobody else. `id` is the panel's name for one (cPanel user, Plesk GUID) and may be given
 * again to somebody else; `key` is ours and never is: usage, limits, holds and history stand under it, so that a re-created name
 * inherits nothing and a renamed account keeps everything.
 */

/** `gone`: removed in the panel; its queued mail goes on for a while, then it is over. History is kept. */
export const accountStates = ['active', 'suspended', 'gone'] as const;
export type AccountState = (typeof accountStates)[number];

/** What the agent calls an account: its first id, with `~2`, `~3` … behind it when that was taken before. */
export type AccountKey = string;

export type UnixUser = { readonly name: string; readonly uid: number };

/** An account as the panel tells it. Domains and mailboxes in lower case. */
export type PanelAccount = {
	readonly id: string;
	/** `cpanel`, `plesk`, `none`. */
	readonly panel: string;
	/** For people. */
	readonly name: string;
	readonly reseller?: string;
	readonly customer?: string;
	readonly plan?: string;
	readonly unixUsers: readonly UnixUser[];
	readonly domains: readonly string[];
	readonly mailboxes: readonly string[];
	readonly state: 'active' | 'suspended';
	/** When the account was made in the panel, epoch ms. */
	readonly sinceMs: number;
	/** The panel's own limit, which the MTA enforces before us and discards what is over: messages an hour of each domain. */
	readonly panelHourMessages?: number;
	/** The panel's own cut-off: percent of failed and deferred mail an hour beyond which the MTA discards mail before us. */
	readonly panelFailPercent?: number;
	/** Whom notices about it go to. */
	readonly contact?: string;
};

export type Account = Omit<PanelAccount, 'state'> & {
	readonly key: AccountKey;
	readonly state: AccountState;
	/** Since when it is suspended or gone, epoch ms; absent while active. */
	readonly stateSinceMs?: number;
	/** Domains and addresses of others that it may send as (ownership exceptions). */
	readonly maySendAs: readonly string[];
};

/** The n-th account of an id, counted from 1. */
export const accountKeyOf = (id: string, incarnation: number): AccountKey =>
	incarnation === 1 ? id : `${id}~${incarnation}`;

/** Rule of the reason why mail of a suspended account is held: what begins so is let go when the suspension ends. */
export const suspendedRule = 'account.suspended';
/** Rule of the reason why mail of a removed account is refused, dropped or given up. */
export const goneRule = 'account.gone';

/** What an id looks like; `~` is ours. Provisional ids (`uid:7001`, `domain:site1.test`, `login:x`) fit too. */
export const accountIdShape = /^[A-Za-z0-9._@:+-]{1,128}$/;

/** Accounts that no panel has named: attribution made the id up from what it could prove. */
export const isProvisional = (key: AccountKey): boolean => /^(uid|domain|login):/.test(key);
