/**
 * The editor of a limit, that a cell becomes: number, window, how long, what the parents allow, what is wrong.
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { LimitRule } from '../../words/limits.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';
import { near, tomorrowMs } from '../text/times.ts';
import { cellId, type Spot } from './cell.ts';
import { type EditFault, type Lasting, stampOf } from './edit.ts';
import { boundOf, type SetBook } from './parents.ts';
import { accountPath } from './paths.ts';
import { effectiveFor, numberOf, ruleOrder } from './rule-words.ts';
import type { Words } from './words.ts';

export type Editor = {
	readonly domId: string;
	readonly title: string;
	readonly savePath: string;
	readonly cellPath: string;
	readonly fields: {
		readonly spot: Spot;
		readonly cell: LimitRule;
		readonly rule: LimitRule;
		readonly back: string;
		/** What stood when it was opened: nobody's number is replaced unseen. */
		readonly seen: string;
	};
	readonly value: string;
	readonly numberLabel: string;
	readonly rules: readonly { readonly rule: LimitRule; readonly unit: string; readonly isChosen: boolean }[];
	readonly lastings: readonly { readonly lasting: Lasting; readonly text: string; readonly isChosen: boolean }[];
	readonly hints: readonly string[];
	readonly canRemove: boolean;
	readonly fault?: string;
};

export type Draft = {
	readonly rule: LimitRule;
	readonly value?: string;
	readonly lasting?: Lasting;
	readonly fault?: EditFault;
};

export function faultText(t: Strings, fault: EditFault): string {
	if (fault.kind === 'not-a-number') return t.faultNumber;
	if (fault.kind === 'meanwhile') return t.faultMeanwhile(fault.what);
	return fault.who === 'server' ? t.faultServer(fault.value) : t.faultReseller(fault.id, fault.value);
}

/** What the editor says beside its field: the number in force, what is used, what the parents allow. */
function hintsOf(
	account: AccountDto,
	view: LimitsView,
	book: SetBook,
	rule: LimitRule,
	words: Words,
): readonly string[] {
	const { t } = words;
	const { unit, what } = t.rules[rule];
	const effective = effectiveFor(view, rule);
	const usage = account.usage.find((one) => one.rule === rule);
	const bound = boundOf(rule, account, book);
	return [
		effective === undefined ? t.setNow(t.noLimit) : t.setNow(effective.text),
		...(usage === undefined ? [] : [t.usedNow(`${count(usage.used)} ${what}`)]),
		...(bound === undefined
			? []
			: [
					bound.who === 'server'
						? t.boundServer(`${count(bound.value)} ${unit}`)
						: t.boundReseller(bound.id, `${count(bound.value)} ${unit}`),
				]),
	];
}

export function editorOf(
	{
		account,
		view,
		book,
		spot,
		cell,
		back,
		draft,
	}: {
		readonly account: AccountDto;
		readonly view: LimitsView;
		readonly book: SetBook;
		readonly spot: Spot;
		readonly cell: LimitRule;
		readonly back: string;
		readonly draft: Draft;
	},
	words: Words,
): Editor {
	const { t, base, zoned, nowMs } = words;
	const { rule } = draft;
	const path = `${accountPath(base, account.key)}/limit`;
	const lasting = draft.lasting ?? 'tomorrow';
	const effective = effectiveFor(view, rule);
	return {
		domId: cellId(spot, account.key, cell),
		title: t.editTitle(t.rules[rule].name, account.name),
		savePath: path,
		cellPath: `${path}/cell?${new URLSearchParams({ spot, cell, back })}`,
		fields: { spot, cell, rule, back, seen: stampOf(view) },
		value: draft.value ?? (effective === undefined ? '' : String(effective.value)),
		numberLabel: t.editNumber(t.rules[rule].unit),
		rules: ruleOrder.map((one) => ({ rule: one, unit: t.rules[one].unit, isChosen: one === rule })),
		lastings: [
			{
				lasting: 'tomorrow',
				text: t.untilTomorrow(near(zoned, tomorrowMs(zoned, nowMs), nowMs)),
				isChosen: lasting === 'tomorrow',
			},
			{ lasting: 'good', text: t.forGood, isChosen: lasting === 'good' },
		],
		hints: hintsOf(account, view, book, rule, words),
		canRemove: [view.base, view.exception].some((set) => numberOf(set, rule) !== undefined),
		...(draft.fault === undefined ? {} : { fault: faultText(t, draft.fault) }),
	};
}
