/**
 * What an administrative act is about: one message, or everything of an account, an identity or a destination.
 */

export const selectorKinds = ['message', 'account', 'identity', 'destination'] as const;
export type SelectorKind = (typeof selectorKinds)[number];

export type Selector = { readonly kind: SelectorKind; readonly id: string };

/** A standing hold: new and queued mail that matches is held until it expires or is lifted (invariant 6). */
export type StandingHold = {
	readonly id: string;
	readonly selector: Selector;
	readonly reason: string;
	/** Who set it: `admin root`. */
	readonly author: string;
	readonly sinceMs: number;
	/** Epoch ms; always set. At its end the hold is lifted; the mail it holds stays held until released or expired. */
	readonly untilMs: number;
	/** Only mail of this account, by key: of a hold of an identity that was set by somebody who sees no other. */
	readonly account?: string;
	/** The account itself may release what it holds. */
	readonly ownerMayRelease?: boolean;
};
