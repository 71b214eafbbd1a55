/**
 * One number of an account changed together with that of many others: what is stored then, what is in force then.
 *
 * Preview and doing go through the same two functions, so that a person sees what will be done. Undo asks the first one again: where
 * what stands is what the change made of what stood before, nobody has written since.
 * Pure. Not here: which accounts (main/api/changes.ts), keeping and writing (flow/limit-changes.ts).
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import {
	type EffectiveLimit,
	type LimitMode,
	type LimitRule,
	type LimitSet,
	modeOf,
	type StoredLimits,
} from '@sluice/shared/words/limits.ts';
import type { LimitBook } from './book.ts';
import { effectiveOf, effectiveText, type ScopeOwners } from './effective.ts';
import type { RulesInput } from './rules.ts';

export type NumberChange = {
	readonly rule: LimitRule;
	/** null: the account's own number is taken away, of its numbers and of its exception. */
	readonly value: number | null;
	readonly mode: LimitMode;
	/** An exception until then, epoch ms; absent: for good. */
	readonly untilMs?: number;
	/** Absent: the note that stands stays. */
	readonly note?: string;
	/** `admin root`. */
	readonly author: string;
	readonly setMs: number;
};

type Exception = NonNullable<StoredLimits['exception']>;

const own = (set: LimitSet | undefined, rule: LimitRule): number | undefined => set?.values[rule];

function without<K extends string, V>(values: { readonly [k in K]?: V } | undefined, name: K): { [k in K]?: V } {
	const { [name]: _gone, ...rest } = (values ?? {}) as { [k in K]?: V };
	return rest as { [k in K]?: V };
}

/** Two sets of one thing never bear the same time: by it they are told apart. */
export const setMsAfter = (former: LimitSet | undefined, setMs: number): number =>
	former?.setMs === setMs ? setMs + 1 : setMs;

const stampOf = (former: LimitSet | undefined, { author, setMs }: NumberChange) => ({
	author,
	setMs: setMsAfter(former, setMs),
});

function withModes(set: Omit<LimitSet, 'modes'>, modes: NonNullable<LimitSet['modes']>): LimitSet {
	return Object.keys(modes).length === 0 ? set : { ...set, modes };
}

/** The set with the number; the others in it keep what they have. */
function setWith(former: LimitSet | undefined, change: NumberChange, value: number): LimitSet {
	const { rule, mode, note } = change;
	const { modes, ...rest } = former ?? { values: {}, mode };
	const others = without(modes, rule);
	return withModes(
		{
			...rest,
			values: { ...rest.values, [rule]: value },
			...(note === undefined ? {} : { note }),
			...stampOf(former, change),
		},
		rest.mode === mode ? others : { ...others, [rule]: mode },
	);
}

/** The set without the number; undefined when nothing is left in it that says anything. */
function setWithout(former: LimitSet | undefined, change: NumberChange): LimitSet | undefined {
	if (former === undefined || own(former, change.rule) === undefined) return former;
	const { modes, ...rest } = former;
	const left = withModes(
		{ ...rest, values: without(rest.values, change.rule), ...stampOf(former, change) },
		without(modes, change.rule),
	);
	const saysNothing =
		Object.keys(left.values).length === 0 &&
		left.modes === undefined &&
		left.over === undefined &&
		left.split === undefined;
	return saysNothing ? undefined : left;
}

function isAsAsked(set: (LimitSet & { readonly untilMs?: number }) | undefined, change: NumberChange): boolean {
	return (
		set !== undefined &&
		own(set, change.rule) === change.value &&
		modeOf(set, change.rule) === change.mode &&
		set.untilMs === change.untilMs &&
		(change.note === undefined || set.note === change.note)
	);
}

const storedOf = (base: LimitSet | undefined, exception: Exception | undefined): StoredLimits => ({
	...(base === undefined ? {} : { base }),
	...(exception === undefined ? {} : { exception }),
});

/** What is stored after the change; the same value when nothing is to be done. `stored` is without an exception that is over. */
export function limitsAfter(stored: StoredLimits, change: NumberChange): StoredLimits {
	const { base, exception } = stored;
	const { value, untilMs } = change;
	if (value === null) {
		const left = storedOf(setWithout(base, change), setWithout(exception, change) as Exception | undefined);
		return left.base === base && left.exception === exception ? stored : left;
	}
	if (isAsAsked(untilMs === undefined ? base : exception, change)) return stored;
	return untilMs === undefined
		? storedOf(setWith(base, change, value), exception)
		: storedOf(base, { ...setWith(exception, change, value), untilMs });
}

/** The same numbers, whatever the order in which they were written: what comes from the disk is compared with what is in memory. */
export const isSameLimits = (one: StoredLimits, other: StoredLimits): boolean => canonical(one) === canonical(other);

/** JSON with names in order; what is not told is left out, as on the disk. */
const canonical = (value: unknown): string =>
	JSON.stringify(value, (_name, part: unknown) =>
		typeof part === 'object' && part !== null && !Array.isArray(part)
			? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
			: part,
	);

export type ChangedAccount = {
	readonly key: AccountKey;
	/** What is in force before and after, for people; empty: no limit. */
	readonly from: string;
	readonly to: string;
	/** Used now of what the rule counts. */
	readonly used: number;
	/** Stored, and bounded by something outside. */
	readonly isCapped: boolean;
	/** An enforced number that is used up already: the next mail waits. */
	readonly isOver: boolean;
};

export type ChangeInput = RulesInput & ScopeOwners & { readonly used: (key: AccountKey, rule: LimitRule) => number };

/** What the change does to one account; undefined: nothing. */
export function changedAccount(
	key: AccountKey,
	stored: StoredLimits,
	change: NumberChange,
	input: ChangeInput,
): ChangedAccount | undefined {
	const after = limitsAfter(stored, change);
	if (after === stored) return undefined;
	const { rule } = change;
	const present = effectiveOf('account', key, input);
	const then = effectiveOf('account', key, { ...input, book: bookWith(input.book, key, after) });
	const used = rule === 'message.recipients' ? 0 : input.used(key, rule);
	const enforced = then.find((one) => one.rule === rule && one.mode === 'enforce');
	const shown = shownFor(then, key, rule);
	return {
		key,
		from: textOf(shownFor(present, key, rule)),
		to: textOf(shown),
		used,
		isCapped: shown?.origin.level === 'account' && shown.cappedBy !== undefined,
		isOver: enforced !== undefined && rule !== 'message.recipients' && used >= enforced.value,
	};
}

const bookWith = (book: LimitBook, key: AccountKey, limits: StoredLimits): LimitBook => ({
	...book,
	get: (level, id) => (level === 'account' && id === key ? limits : book.get(level, id)),
});

/** Of two that stand side by side, the account's own, then the enforced one. */
function shownFor(limits: readonly EffectiveLimit[], key: AccountKey, rule: LimitRule): EffectiveLimit | undefined {
	const found = limits.filter((one) => one.rule === rule);
	return (
		found.find(({ origin }) => origin.level === 'account' && origin.id === key) ??
		found.find(({ mode }) => mode === 'enforce') ??
		found[0]
	);
}

const textOf = (limit: EffectiveLimit | undefined): string =>
	limit === undefined ? '' : `${effectiveText(limit)}${limit.mode === 'monitor' ? ', monitor-only' : ''}`;
