/**
 * How each rule is named on the pages, and where its number stands in what is put.
 */
import type { EffectiveDto, LimitsInput, LimitsView } from '../../contract/limit-shapes.ts';
import { type LimitRule, wholeServer } from '../../words/limits.ts';

export type RuleWords = {
	/** Title of a row: `Hour`. */
	readonly title: string;
	/** In a sentence: `hourly limit`. */
	readonly name: string;
	/** Behind a number in a field: `recipients an hour`. */
	readonly unit: string;
	/** Behind a number in a table: `/ h`. */
	readonly span: string;
	/** For the label of a bar. */
	readonly what: string;
};

export const ruleWords: { readonly [R in LimitRule]: RuleWords } = {
	'minute.messages': {
		title: 'Messages, minute',
		name: 'limit of messages a minute',
		unit: 'messages a minute',
		span: 'messages / min',
		what: 'messages in the last minute',
	},
	'minute.recipients': {
		title: 'Minute',
		name: 'limit a minute',
		unit: 'recipients a minute',
		span: '/ min',
		what: 'recipients in the last minute',
	},
	'hour.messages': {
		title: 'Messages, hour',
		name: 'hourly limit of messages',
		unit: 'messages an hour',
		span: 'messages / h',
		what: 'messages in the last 60 minutes',
	},
	'hour.recipients': {
		title: 'Hour',
		name: 'hourly limit',
		unit: 'recipients an hour',
		span: '/ h',
		what: 'recipients in the last 60 minutes',
	},
	'day.messages': {
		title: 'Messages, day',
		name: 'daily limit of messages',
		unit: 'messages a day',
		span: 'messages / 24 h',
		what: 'messages in the last 24 hours',
	},
	'day.recipients': {
		title: 'Day',
		name: 'daily limit',
		unit: 'recipients a day',
		span: '/ 24 h',
		what: 'recipients in the last 24 hours',
	},
	'hour.uniqueRecipients': {
		title: 'Different recipients, hour',
		name: 'hourly limit of different recipients',
		unit: 'different recipients an hour',
		span: 'different / h',
		what: 'different recipients in the last 60 minutes',
	},
	'message.recipients': {
		title: 'Recipients of one message',
		name: 'limit of one message',
		unit: 'recipients a message',
		span: '/ message',
		what: 'recipients of one message',
	},
};

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

export const isRule = (text: unknown): text is LimitRule => typeof text === 'string' && text in ruleWords;

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
