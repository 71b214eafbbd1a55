/**
 * A meter that is too simple to be wrong: the list of charges, counted anew for each question.
 *
 * The rule, in the words of the contract: a charge in second s counts through s+W-1; the day counts whole minutes; a clock set back by
 * more than the slack makes what lies after it be of now; what has left a window while the clock was ahead stays away.
 */
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import type { ChargeAmount } from './meter.ts';
import { clockSlackSeconds } from './meter-scopes.ts';

export type Charged = ChargeAmount & {
	readonly scopes: readonly ScopeKey[];
	readonly atMs: number;
	second: number;
	hourIsOver: boolean;
	dayIsOver: boolean;
	/** How often the clock had been set back when it was made. */
	readonly steps: number;
};

export type Recount = {
	readonly charges: Charged[];
	clock: number;
	latest: number;
	steps: number;
};

export const createRecount = (): Recount => ({
	charges: [],
	clock: Number.NEGATIVE_INFINITY,
	latest: Number.NEGATIVE_INFINITY,
	steps: 0,
});

const hourEnds = (second: number): number => second + 3600;
const dayEnds = (second: number): number => (Math.floor(second / 60) + 1440) * 60;

function markOver({ charges, clock }: Recount): void {
	for (const charge of charges) {
		if (clock >= hourEnds(charge.second)) charge.hourIsOver = true;
		if (clock >= dayEnds(charge.second)) charge.dayIsOver = true;
	}
}

export function observe(recount: Recount, nowMs: number): void {
	const second = Math.floor(nowMs / 1000);
	if (second < Math.max(recount.clock, recount.latest) - clockSlackSeconds) {
		recount.steps += 1;
		recount.clock = second;
		recount.latest = second;
		for (const charge of recount.charges) charge.second = Math.min(charge.second, second);
	} else recount.clock = Math.max(recount.clock, second);
	markOver(recount);
}

export function record(recount: Recount, scopes: readonly ScopeKey[], atMs: number, amount: ChargeAmount): Charged {
	const second = Math.floor(atMs / 1000);
	const { steps } = recount;
	const charge = { ...amount, scopes, atMs, second, hourIsOver: false, dayIsOver: false, steps };
	recount.charges.push(charge);
	recount.latest = Math.max(recount.latest, second);
	markOver(recount);
	return charge;
}

/** As of the clock, or of a later time without letting it pass. */
export function recounted({ charges, clock }: Recount, scope: ScopeKey, rule: LimitRule, aheadMs?: number): number {
	const second = aheadMs === undefined ? clock : Math.max(clock, Math.floor(aheadMs / 1000));
	const [window, unit] = rule.split('.');
	const counted = charges.filter((charge) => {
		if (!charge.scopes.includes(scope)) return false;
		if (window === 'day') return !charge.dayIsOver && second < dayEnds(charge.second);
		if (window === 'hour') return !charge.hourIsOver && second < hourEnds(charge.second);
		return window === 'minute' && !charge.hourIsOver && second < charge.second + 60;
	});
	if (unit === 'uniqueRecipients') return new Set(counted.flatMap(({ keys }) => keys)).size;
	return counted.reduce((sum, charge) => sum + (unit === 'messages' ? charge.messages : charge.recipients), 0);
}
