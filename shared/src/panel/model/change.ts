/**
 * One number of many accounts: from the form to what the agent is asked, from its answer to what a person reads before it is done.
 *
 * Pure. "All that match" is the filters of the list as they stand in its address, never its page.
 */
import type { LimitChangeDto } from '../../contract/change-operations.ts';
import type { OperationInput } from '../../contract/operations.ts';
import type { LimitRule } from '../../words/limits.ts';
import type { Zoned } from '../../words/moment.ts';
import { failed, ok, type Result } from '../../words/result.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';
import { near, tomorrowMs } from '../text/times.ts';
import { parseNumber } from './edit.ts';
import type { Given } from './given.ts';
import { accountPath } from './paths.ts';
import { type ListQuery, parseQuery } from './query.ts';
import { ruleOr, ruleOrder } from './rule-words.ts';
import type { Words } from './words.ts';

export const lastings = ['good', 'tomorrow', 'week'] as const;
export type ChangeLasting = (typeof lastings)[number];

/** Whom it is about. */
export type ChangeWho =
	| { readonly kind: 'ticked'; readonly accounts: readonly string[] }
	| { readonly kind: 'all'; readonly query: ListQuery };

export type ChangeFields = {
	readonly who: ChangeWho;
	readonly rule: LimitRule;
	/** As it was typed. */
	readonly value: string;
	readonly lasting: ChangeLasting;
	readonly mode: 'enforce' | 'monitor';
	/** The own number is taken away. */
	readonly isRemoval: boolean;
	/** Accounts that the preview named. */
	readonly expected?: number;
};

/** Accounts of one page of the list and room. */
const tickedMax = 200;

const textsOf = (value: unknown): readonly string[] =>
	(Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string' && one !== '');
const textOf = (value: unknown): string => textsOf(value)[0] ?? '';

/** The query of the list, from the field that carries it. */
const queryOf = (back: string): ListQuery => parseQuery(Object.fromEntries(new URLSearchParams(back)));

export function changeFieldsOf(given: Given): ChangeFields {
	const expected = Number(textOf(given.expected) || Number.NaN);
	return {
		who:
			textOf(given.all) === ''
				? { kind: 'ticked', accounts: [...new Set(textsOf(given.a))].slice(0, tickedMax) }
				: { kind: 'all', query: queryOf(textOf(given.back)) },
		rule: ruleOr(given.rule, 'hour.recipients'),
		value: textOf(given.value),
		lasting: lastings.find((one) => one === given.lasting) ?? 'tomorrow',
		mode: given.mode === 'monitor' ? 'monitor' : 'enforce',
		isRemoval: textOf(given.remove) !== '',
		...(Number.isSafeInteger(expected) ? { expected } : {}),
	};
}

export type ChangeFault = 'nobody' | 'not-a-number';

/** When an exception ends, by the clock of the server. */
export function endOf(lasting: ChangeLasting, zoned: Zoned, nowMs: number): number | undefined {
	if (lasting === 'good') return undefined;
	let ms = nowMs;
	for (let days = 0; days < (lasting === 'week' ? 7 : 1); days++) ms = tomorrowMs(zoned, ms);
	return ms;
}

function matchingOf({ search, show, plan, reseller }: ListQuery) {
	const shown = {
		near: { near: true },
		waiting: { waiting: true },
		own: { ownLimits: true },
		suspended: { state: 'suspended' },
		gone: { state: 'gone' },
	} as const;
	return {
		...(search === '' ? {} : { search }),
		...(plan === undefined ? {} : { plan }),
		...(reseller === undefined ? {} : { reseller }),
		...(show === undefined ? {} : shown[show]),
	};
}

/** What the agent is asked for. */
export function changeBody(
	{ who, rule, value: typed, lasting, mode, isRemoval, expected }: ChangeFields,
	zoned: Zoned,
	nowMs: number,
): Result<OperationInput<'changeLimits'>['body'], ChangeFault> {
	if (who.kind === 'ticked' && who.accounts.length === 0) return failed('nobody');
	const value = isRemoval ? null : parseNumber(typed);
	if (value === undefined) return failed('not-a-number');
	const untilMs = isRemoval ? undefined : endOf(lasting, zoned, nowMs);
	return ok({
		target: who.kind === 'ticked' ? { accounts: [...who.accounts] } : { matching: matchingOf(who.query) },
		rule,
		value,
		mode,
		...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
		preview: false,
		...(expected === undefined ? {} : { expected }),
	});
}

/** Fields that a step hands to the next, in order. */
export type Hidden = readonly (readonly [name: string, value: string])[];

function whoHidden(who: ChangeWho, back: string): Hidden {
	return [
		...(who.kind === 'ticked' ? who.accounts.map((account) => ['a', account] as const) : [['all', '1'] as const]),
		['back', back],
	];
}

export type ChangeForm = {
	readonly path: string;
	readonly backPath: string;
	readonly title: string;
	readonly who: string;
	readonly hidden: Hidden;
	readonly value: string;
	readonly rules: readonly { readonly rule: LimitRule; readonly unit: string; readonly isChosen: boolean }[];
	readonly lastings: readonly { readonly lasting: ChangeLasting; readonly text: string; readonly isChosen: boolean }[];
	readonly modes: readonly { readonly mode: string; readonly text: string; readonly isChosen: boolean }[];
	readonly fault?: string;
};

/** Names that are read out in the form. */
const namesShown = 6;

function whoText(who: ChangeWho, total: number | undefined, t: Strings): string {
	if (who.kind === 'ticked') {
		const more = who.accounts.length - namesShown;
		return t.changeTicked(who.accounts.slice(0, namesShown), Math.max(more, 0));
	}
	const { search, show, plan, reseller } = who.query;
	return t.changeAll(total, [
		...(search === '' ? [] : [t.quoted(search)]),
		...(show === undefined ? [] : [t.chips[show]]),
		...(plan === undefined ? [] : [t.planOf(plan)]),
		...(reseller === undefined ? [] : [t.ownerOf(reseller)]),
	]);
}

/** `total`: how many match, where it is about all that match. */
export function changeFormOf(
	fields: ChangeFields,
	{ back, total, fault }: { readonly back: string; readonly total?: number | undefined; readonly fault?: string },
	{ t, base, zoned, nowMs }: Words,
): ChangeForm {
	const { who, rule, lasting, mode } = fields;
	const lastingText = (one: ChangeLasting): string => {
		const end = endOf(one, zoned, nowMs);
		return end === undefined ? t.forGood : t.untilTomorrow(near(zoned, end, nowMs));
	};
	const accounts = who.kind === 'ticked' ? who.accounts.length : total;
	return {
		path: `${base}/changes`,
		backPath: `${base}/accounts${back}`,
		title: t.changeTitle(accounts),
		who: whoText(who, total, t),
		hidden: whoHidden(who, back),
		value: fields.value,
		rules: ruleOrder.map((one) => ({ rule: one, unit: t.rules[one].unit, isChosen: one === rule })),
		lastings: lastings.map((one) => ({ lasting: one, text: lastingText(one), isChosen: one === lasting })),
		modes: (['enforce', 'monitor'] as const).map((one) => ({
			mode: one,
			text: t.changeModes[one],
			isChosen: one === mode,
		})),
		...(fault === undefined ? {} : { fault }),
	};
}

export type ChangePreview = {
	readonly path: string;
	readonly backPath: string;
	readonly title: string;
	readonly facts: readonly { readonly tone: 'plain' | 'wait' | 'hold'; readonly text: string }[];
	readonly lines: readonly {
		readonly account: string;
		readonly path: string;
		readonly from: string;
		readonly to: string;
		readonly used: string;
	}[];
	readonly more: string;
	readonly hidden: Hidden;
	readonly wayBack: string;
	readonly verb: string;
	/** Nothing to apply. */
	readonly isNothing: boolean;
	readonly fault?: string;
};

/** `200 recipients an hour for good`. */
export function changeText({ rule, lasting, isRemoval }: ChangeFields, value: number | null, words: Words): string {
	const { t, zoned, nowMs } = words;
	if (isRemoval || value === null) return t.changeRemoval(t.rules[rule].name);
	const end = endOf(lasting, zoned, nowMs);
	const until = end === undefined ? t.forGood : t.untilTomorrow(near(zoned, end, nowMs));
	return `${count(value)} ${t.rules[rule].unit} ${until}`;
}

export function changePreviewOf(
	fields: ChangeFields,
	answer: LimitChangeDto,
	{ back, fault }: { readonly back: string; readonly fault?: string },
	words: Words,
): ChangePreview {
	const { t, base } = words;
	const { who, rule, value, lasting, mode, isRemoval } = fields;
	const { accounts, changed, capped, over, kept, items } = answer;
	const what = changeText(fields, isRemoval ? null : (parseNumber(value) ?? 0), words);
	return {
		path: `${base}/changes`,
		backPath: `${base}/accounts${back}`,
		title: changed === 0 ? t.changeNothing : t.changeQuestion(what, changed),
		facts: [
			{ tone: 'plain', text: t.changeCount(changed, accounts) },
			...(!isRemoval && mode === 'monitor' ? [{ tone: 'plain', text: t.changeWatches } as const] : []),
			...(capped > 0 ? [{ tone: 'plain', text: t.changeCapped(capped) } as const] : []),
			...(over > 0 ? [{ tone: 'wait', text: t.changeOver(over) } as const] : []),
			...(kept > 0 ? [{ tone: 'hold', text: t.changeKept(kept) } as const] : []),
		],
		lines: items.map(({ account, from, to, used }) => ({
			account,
			path: accountPath(base, account),
			from: t.originName(from === '' ? t.noLimit : from),
			to: t.originName(to === '' ? t.noLimit : to),
			used: count(used),
		})),
		more: changed > items.length ? t.changeMore(changed - items.length) : '',
		hidden: [
			...whoHidden(who, back),
			['rule', rule],
			['value', value],
			['lasting', lasting],
			['mode', mode],
			...(isRemoval ? [['remove', '1'] as const] : []),
			['expected', String(accounts)],
		],
		wayBack: t.changeWayBack,
		verb: t.changeDo(changed),
		isNothing: changed === 0,
		...(fault === undefined ? {} : { fault }),
	};
}
