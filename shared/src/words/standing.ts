/**
 * Why a recipient is held or waits: what a page groups such mail by, and what says who may let it go.
 *
 * It is in the log, with the message or with the step that led there, so that it is known after a restart as before.
 */
export type Standing = {
	/** Of the reason: hold.account, hold.act, account.suspended, limit.hour.recipients. `''`: nothing kept it, until it was discarded. */
	readonly rule: string;
	/** The reason, one sentence; the same for all mail that is kept for it. */
	readonly text: string;
	/** Who held it, as in the audit: `reseller bob`; absent: a rule. */
	readonly by?: string;
	/** Id of the standing hold behind it. */
	readonly hold?: string;
	/** The account itself may let it go, where the settings allow that. */
	readonly ownerMayRelease?: true;
	/** Of what was discarded: who did it. */
	readonly endedBy?: string;
};

/** Of what a person holds by itself, without a standing hold. */
export const actRule = 'hold.act';
