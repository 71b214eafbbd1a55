/**
 * A limit edited in place: from what a person typed to what is put, and back again when it is undone.
 *
 * One number of one rule is changed; all others that stand stay. "Until tomorrow" is an exception that ends by itself, "for good" the
 * account's own number. Enforcement does not change by the way: a rule that only watched goes on watching.
 *
 * More than a parent allows would be stored and capped by the agent; the pages say it before, with the highest number that counts.
 */
import type { LimitsInput, LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import { failed, ok, type Result } from '../../words/result.ts';
import { effectiveFor, inputOf, isEmptySet, withNumber } from './rule-words.ts';

export type Lasting = 'tomorrow' | 'good';

export type Edit = {
	readonly rule: LimitRule;
	/** null: the own number is taken away, what is outside counts again. */
	readonly value: number | null;
	readonly lasting: Lasting;
};

export type EditFault =
	| { readonly kind: 'not-a-number' }
	| { readonly kind: 'above'; readonly value: number; readonly who: 'server' | 'reseller'; readonly id: string };

const valueMax = 1_000_000_000;

/** A whole number as people write it: `1,000`, `1 000`. */
export function parseNumber(text: string): number | undefined {
	const plain = text.trim().replace(/(?<=\d)[,  '’](?=\d{3}\b)/g, '');
	if (!/^\d{1,10}$/.test(plain)) return undefined;
	const value = Number(plain);
	return value <= valueMax ? value : undefined;
}

export function parseEdit(
	fields: { readonly value: string; readonly rule: LimitRule; readonly lasting: Lasting },
	bound: { readonly value: number; readonly who: 'server' | 'reseller'; readonly id: string } | undefined,
): Result<Edit, EditFault> {
	const value = parseNumber(fields.value);
	if (value === undefined) return failed({ kind: 'not-a-number' });
	if (bound !== undefined && value > bound.value) return failed({ kind: 'above', ...bound });
	return ok({ rule: fields.rule, value, lasting: fields.lasting });
}

/** One call that the agent is to be asked for. */
export type Write =
	| { readonly kind: 'put'; readonly body: LimitsInput }
	| { readonly kind: 'delete'; readonly only?: 'exception' };

const modeFor = (view: LimitsView, rule: LimitRule): 'monitor' | 'enforce' =>
	effectiveFor(view, rule)?.mode ?? 'monitor';

/** The set with the mode of one rule as given. */
export const withMode = (set: LimitsInput, rule: LimitRule, mode: 'monitor' | 'enforce'): LimitsInput => ({
	...set,
	modes: { ...set.modes, [rule]: mode },
});

/** What to put so that the edit stands. */
export function writesOf(edit: Edit, view: LimitsView, untilMs: number): readonly Write[] {
	if (edit.value === null) return removal(edit.rule, view);
	const isException = edit.lasting === 'tomorrow';
	const former = isException ? view.exception : view.base;
	const set = withMode(
		withNumber(former === undefined ? { mode: 'monitor' } : inputOf(former), edit.rule, edit.value),
		edit.rule,
		modeFor(view, edit.rule),
	);
	return [{ kind: 'put', body: isException ? { ...set, until: new Date(untilMs).toISOString() } : set }];
}

function removal(rule: LimitRule, view: LimitsView): readonly Write[] {
	const exception = view.exception === undefined ? undefined : withNumber(inputOf(view.exception), rule, null);
	const base = view.base === undefined ? undefined : withNumber(inputOf(view.base), rule, null);
	return restoring(
		{
			...(base === undefined || isEmptySet(base) ? {} : { base }),
			...(exception === undefined || isEmptySet(exception) ? {} : { exception }),
		},
		view,
	);
}

/** What stood before, for undo. */
export type Former = { readonly base?: LimitsInput; readonly exception?: LimitsInput };

export const formerOf = (view: LimitsView): Former => ({
	...(view.base === undefined ? {} : { base: inputOf(view.base) }),
	...(view.exception === undefined ? {} : { exception: inputOf(view.exception) }),
});

/**
 * From what stands now to what stood before. Without a base both are taken away first, since there is no way to take away the base
 * alone; an exception that has ended meanwhile does not come back.
 */
export function restoring(former: Former, view: LimitsView, nowMs?: number): readonly Write[] {
	const exception =
		former.exception?.until != null && (nowMs === undefined || Date.parse(former.exception.until) > nowMs)
			? former.exception
			: undefined;
	const present = formerOf(view);
	const isBaseGone = former.base === undefined && present.base !== undefined;
	const hasException = present.exception !== undefined && !isBaseGone;
	return [
		...(isBaseGone ? [{ kind: 'delete' } as const] : []),
		...(former.base === undefined || isSame(former.base, present.base)
			? []
			: [{ kind: 'put', body: former.base } as const]),
		...(exception === undefined && hasException ? [{ kind: 'delete', only: 'exception' } as const] : []),
		...(exception === undefined || (hasException && isSame(exception, present.exception))
			? []
			: [{ kind: 'put', body: exception } as const]),
	];
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** When each part was last written: what an undo must still find. */
export const stampOf = (view: LimitsView): string => `${view.base?.set ?? '-'}/${view.exception?.set ?? '-'}`;
