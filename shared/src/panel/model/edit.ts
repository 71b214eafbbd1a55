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
import { effectiveFor, inputOf, isEmptySet, numberOf, ruleOrder, withNumber } from './rule-words.ts';

export type Lasting = 'tomorrow' | 'good';

export type Edit = {
	readonly rule: LimitRule;
	/** null: the own number is taken away, what is outside counts again. */
	readonly value: number | null;
	readonly lasting: Lasting;
};

export type EditFault =
	| { readonly kind: 'not-a-number' }
	/** Somebody has set something else since the editor was opened; in words. */
	| { readonly kind: 'meanwhile'; readonly what: string }
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
	| { readonly kind: 'delete'; readonly only: 'base' | 'exception'; readonly replaces: string };

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
	const body = isException ? { ...set, until: new Date(untilMs).toISOString() } : set;
	return [{ kind: 'put', body: { ...body, replaces: former?.set ?? null } }];
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
 * From what stands now to what stood before, each write bound to what it replaces. An exception that has ended meanwhile does not come
 * back.
 */
export function restoring(former: Former, view: LimitsView, nowMs?: number): readonly Write[] {
	const { until } = former.exception ?? {};
	const isOver = until != null && nowMs !== undefined && Date.parse(until) <= nowMs;
	const wanted: Former = isOver ? (former.base === undefined ? {} : { base: former.base }) : former;
	const present = formerOf(view);
	return (['base', 'exception'] as const).flatMap((part): Write[] => {
		const body = wanted[part];
		const replaces = view[part]?.set;
		if (body !== undefined)
			return isSame(body, present[part]) ? [] : [{ kind: 'put', body: { ...body, replaces: replaces ?? null } }];
		return replaces === undefined ? [] : [{ kind: 'delete', only: part, replaces }];
	});
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** When each part was last written: what an undo must still find. */
export const stampOf = (view: LimitsView): string => `${view.base?.set ?? '-'}/${view.exception?.set ?? '-'}`;

export type Meanwhile =
	| 'gone'
	| { readonly author: string; readonly rule: LimitRule; readonly value: number | undefined; readonly set: string };

/**
 * What somebody else has done since, for who would replace it unseen; undefined: nothing. An exception that is gone has ended by
 * itself, as far as anybody can tell.
 */
export function meanwhileOf(seen: string, view: LimitsView, rule: LimitRule): Meanwhile | undefined {
	const [base, exception] = seen.split('/');
	const newer = [view.exception, view.base]
		.filter((set) => set !== undefined)
		.filter((set) => set.set !== (set === view.base ? base : exception))
		.sort((a, b) => (a.set < b.set ? 1 : -1))[0];
	if (newer === undefined) return base !== '-' && view.base === undefined ? 'gone' : undefined;
	const changed = [rule, ...ruleOrder].find((one) => numberOf(newer, one) !== undefined) ?? rule;
	return { author: newer.author, rule: changed, value: numberOf(newer, changed), set: newer.set };
}
