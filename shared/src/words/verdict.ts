/**
 * What is to happen with a submission, and why.
 *
 * Every verdict carries its reasons; the same text appears in the log, the API, the page and the bounce (invariant 5).
 */

export const verdictActions = ['accept', 'wait', 'hold', 'defer', 'reject'] as const;
export type VerdictAction = (typeof verdictActions)[number];

export type Reason = {
	/** Stable name of the rule: `hold.account`, `queue.account-bound`. */
	readonly rule: string;
	/** One sentence a customer can read. */
	readonly text: string;
	readonly value?: number | string;
	readonly threshold?: number | string;
	/** Length of the window that was measured, seconds. */
	readonly windowSeconds?: number;
	/** Facts that were seen; never more than a few hundred characters. */
	readonly evidence?: string;
	/** Of a standing hold: its id, who set it, and whether the account itself may let go what it holds. */
	readonly hold?: string;
	readonly by?: string;
	readonly ownerMayRelease?: true;
};

export type Verdict = {
	readonly action: VerdictAction;
	readonly reasons: readonly Reason[];
};

export const accepted: Verdict = { action: 'accept', reasons: [] };
