/**
 * Rules on the pages: their order, which number is shown, and where a number stands in what is put. Their words are in the catalogue.
 */
import type { EffectiveDto, LimitsInput, LimitsView } from '../../contract/limit-shapes.ts';
import { type LimitRule, limitRules, wholeServer } from '../../words/limits.ts';

/** Rules in the order of the pages: what limits first comes first. */
export const ruleOrder: readonly LimitRule[] = [
	'hour.recipients',
	'day.recipients',
	'minute.recipients',
	'hour.uniqueRecipients',
	'message.recipients',
	'hour.messages',
	'day.messages',
	'minute.messages',
];

export const isRule = (text: unknown): text is LimitRule => limitRules.some((rule) => rule === text);

/** The number that a set has for a rule. */
export function numberOf(set: LimitsInput | undefined, rule: LimitRule): number | undefined {
	if (set === undefined) return undefined;
	if (rule === 'hour.uniqueRecipients') return set.hourUniqueRecipients ?? undefined;
	if (rule === 'message.recipients') return set.recipientsPerMessage ?? undefined;
	const [window, unit] = rule.split('.') as ['minute' | 'hour' | 'day', 'messages' | 'recipients'];
	return set[window]?.[unit] ?? undefined;
}

/** The set with another number for one rule; null: inherited. */
export function withNumber(set: LimitsInput, rule: LimitRule, value: number | null): LimitsInput {
	if (rule === 'hour.uniqueRecipients') return { ...set, hourUniqueRecipients: value };
	if (rule === 'message.recipients') return { ...set, recipientsPerMessage: value };
	const [window, unit] = rule.split('.') as ['minute' | 'hour' | 'day', 'messages' | 'recipients'];
	return { ...set, [window]: { ...set[window], [unit]: value } };
}

/** No number at all is left in it. */
export const isEmptySet = (set: LimitsInput): boolean => ruleOrder.every((rule) => numberOf(set, rule) === undefined);

/** What can be put again: a stored set without what the agent adds. */
export function inputOf(set: LimitsInput & { readonly author?: string; readonly set?: string }): LimitsInput {
	const { author: _author, set: _set, ...input } = set;
	return input;
}

/** A number that a level itself gives. */
export type OwnNumber = {
	readonly value: number;
	readonly mode: 'monitor' | 'enforce';
	/** Stored, and in which part; absent for a default that nobody has set yet. */
	readonly stored?: 'base' | 'exception';
	readonly until?: string;
	readonly author?: string;
};

/** The number of one level for a rule: an exception stands before what is set, a built-in default behind it. */
export function ownNumber(view: LimitsView | undefined, rule: LimitRule): OwnNumber | undefined {
	if (view === undefined) return undefined;
	for (const stored of ['exception', 'base'] as const) {
		const set = view[stored];
		const value = numberOf(set, rule);
		if (set !== undefined && value !== undefined)
			return {
				value,
				mode: set.modes?.[rule] ?? set.mode,
				stored,
				author: set.author,
				...(set.until == null ? {} : { until: set.until }),
			};
	}
	const builtIn = view.effective.find(
		({ rule: one, origin }) => one === rule && origin.level === view.level && origin.id === view.id,
	);
	return builtIn === undefined ? undefined : { value: builtIn.value, mode: builtIn.mode };
}

/** Is that number the level's own or its ramp's, and not of a pool that it shares? */
const isOwn = ({ origin }: EffectiveDto): boolean =>
	origin.level !== 'reseller' && !(origin.level === 'server' && origin.id === wholeServer);

/**
 * The limit to show for a rule. Where a number that only watches stands beside an enforced one, the agent names both: the level's own
 * goes before that of a pool, which is shared with others and is no measure of its use.
 */
export function effectiveFor(view: LimitsView | undefined, rule: LimitRule): EffectiveDto | undefined {
	const found = view?.effective.filter((one) => one.rule === rule) ?? [];
	return found.find(isOwn) ?? found.find(({ mode }) => mode === 'enforce') ?? found[0];
}

/** The other one of two that stand side by side. */
export const besideFor = (view: LimitsView | undefined, rule: LimitRule): EffectiveDto | undefined =>
	view?.effective.find((one) => one.rule === rule && one !== effectiveFor(view, rule));

export const ruleOr = (value: unknown, otherwise: LimitRule): LimitRule => (isRule(value) ? value : otherwise);
