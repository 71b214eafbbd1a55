/**
 * Raising the limit of an account for a day: which limit, which number is offered, and the question. Pure.
 */
import type { LimitRule } from '../../words/limits.ts';
import type { OneAccount } from '../read.ts';
import { near, tomorrowMs } from '../text/times.ts';
import { boundOf } from './parents.ts';
import { accountPath } from './paths.ts';
import { effectiveFor, isRule } from './rule-words.ts';
import type { Words } from './words.ts';

/** The limit that is nearest to its end, else the one of an hour; undefined: none is in force. */
export function raisedRule({ account, view }: OneAccount, asked?: unknown): LimitRule | undefined {
	const { nearest } = account;
	const candidates = [
		asked,
		nearest?.mode === 'enforce' ? nearest.rule : undefined,
		'hour.recipients',
		'day.recipients',
	];
	return candidates.find(
		(rule): rule is LimitRule =>
			isRule(rule) && rule !== 'message.recipients' && effectiveFor(view, rule) !== undefined,
	);
}

const usageOf = ({ account }: OneAccount, rule: LimitRule) =>
	account.usage.find((one) => one.rule === rule) ?? { used: 0, waiting: 0 };

/** Twice the number, or what is used and waits with a tenth more, in round numbers; never above a parent's. */
export function suggestedFor(one: OneAccount, rule: LimitRule): number {
	const limit = effectiveFor(one.view, rule)?.value ?? 0;
	const { used, waiting } = usageOf(one, rule);
	const wanted = Math.max(limit * 2, (used + waiting) * 1.1, 10);
	const round = 10 ** Math.max(1, Math.floor(Math.log10(wanted)) - 1);
	const bound = boundOf(rule, one.account, one.book);
	return Math.min(Math.ceil(wanted / round) * round, bound?.value ?? Number.POSITIVE_INFINITY);
}

export type RaiseForm = {
	readonly path: string;
	readonly backPath: string;
	readonly title: string;
	readonly count: string;
	readonly effect: string;
	readonly bound: string;
	readonly label: string;
	readonly value: string;
	readonly rule: LimitRule;
	readonly seen: string;
	readonly verb: string;
	readonly fault?: string;
};

export function raiseFormOf(
	one: OneAccount,
	{
		rule,
		seen,
		value,
		fault,
	}: { readonly rule: LimitRule; readonly seen: string; readonly value?: string; readonly fault?: string },
	{ t, base, zoned, nowMs }: Words,
): RaiseForm {
	const { key, name } = one.account;
	const path = accountPath(base, key);
	const { used, waiting } = usageOf(one, rule);
	const bound = boundOf(rule, one.account, one.book);
	const who = bound?.who === 'server' ? t.raiseBoundServer : t.raiseBoundReseller(bound?.id ?? '');
	return {
		path: `${path}/raise`,
		backPath: path,
		title: t.raiseTitle(name),
		count: t.raiseNow(effectiveFor(one.view, rule)?.text ?? t.noLimit, used, waiting),
		effect: t.raiseEffect(near(zoned, tomorrowMs(zoned, nowMs), nowMs)),
		bound: bound === undefined ? '' : t.raiseBound(who, bound.value),
		label: t.editNumber(t.rules[rule].unit),
		value: value ?? String(suggestedFor(one, rule)),
		rule,
		seen,
		verb: t.raise,
		...(fault === undefined ? {} : { fault }),
	};
}
