/**
 * Which limit of an account is the nearest to its end, and whether that is near enough to tell somebody.
 *
 * One definition, for the API, the command line and the pages. Enforced rules count, and of those that only watch the ones of an hour
 * or a day: they would make mail wait for long, and are marked so. A minute that is only watched is full with every newsletter; it
 * says nothing. What the account itself has used is compared with every number that meets it, its own or that of a pool.
 */
import type { LimitMode, LimitRule } from '@sluice/shared/words/limits.ts';
import type { Rule } from './types.ts';

export type Nearest = {
	readonly rule: LimitRule;
	readonly used: number;
	readonly value: number;
	/** `monitor`: it would keep mail, and does not. */
	readonly mode: LimitMode;
	/** So much is used that somebody is warned. */
	readonly isNear: boolean;
};

const isCounted = ({ rule, mode }: Rule): boolean =>
	rule !== 'message.recipients' && (mode === 'enforce' || !rule.startsWith('minute.'));

const shareOf = ({ used, value }: Nearest): number => (used === 0 ? 0 : used / value);
/** What keeps mail stands before what would. */
const rankOf = ({ isNear, mode }: Nearest): number => (isNear ? (mode === 'enforce' ? 2 : 1) : 0);

/** `used` is what the account has used; `warnShare` from 0 to 1. Undefined: no number meets it. */
export function nearestOf(
	rules: readonly Rule[],
	used: (rule: LimitRule) => number,
	warnShare: number,
): Nearest | undefined {
	return rules
		.filter(isCounted)
		.map(({ rule, value, mode }): Nearest => {
			const now = used(rule);
			return { rule, used: now, value, mode, isNear: now > 0 && now >= value * warnShare };
		})
		.sort((one, other) => rankOf(other) - rankOf(one) || shareOf(other) - shareOf(one))[0];
}
