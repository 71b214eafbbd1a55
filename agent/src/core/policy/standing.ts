/**
 * What a standing hold meets. One answer for new mail (judge.ts) and for mail that is queued (flow/review). Pure.
 */
import type { StandingHold } from '@sluice/shared/words/selector.ts';

export type HeldFacts = {
	readonly account: string;
	/** `kind:id`, or `''`. */
	readonly identity: string;
	/** Lower-case domain. */
	readonly destination: string;
};

/** True while the hold stands and names the recipient's sender or destination. */
export function isHeldBy({ selector, untilMs }: StandingHold, facts: HeldFacts, nowMs: number): boolean {
	return untilMs > nowMs && selector.kind !== 'message' && selector.id === facts[selector.kind];
}
