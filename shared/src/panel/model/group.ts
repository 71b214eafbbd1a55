/**
 * Plans and resellers as their pages show them: the accounts in them, what they have used, their number and its editor.
 *
 * A reseller's number is a pool, so its use is drawn against it. A plan's number is for each of its accounts: what all of them have used
 * together is told beside it and never measured by it.
 */
import type { LimitsView } from '../../contract/limit-shapes.ts';
import type { OperationOutput } from '../../contract/operations.ts';
import type { GroupDto } from '../../contract/view-operations.ts';
import { type LimitRule, limitText, wholeServer } from '../../words/limits.ts';
import type { Strings } from '../strings.ts';
import { count } from '../text/numbers.ts';
import { near, tomorrowMs } from '../text/times.ts';
import { type LimitCell, slug } from './cell.ts';
import { stampOf } from './edit.ts';
import { type Draft, type Editor, faultText } from './editor.ts';
import type { May } from './may.ts';
import type { ChainLine, Origin, SetBook } from './parents.ts';
import { effectiveFor, numberOf, ownNumber, ruleOrder } from './rule-words.ts';
import { type Bar, barOf, nearRatio } from './usage-bar.ts';
import type { Words } from './words.ts';

export const groupKinds = ['plans', 'resellers'] as const;
export type GroupKind = (typeof groupKinds)[number];
const levelOfKind = { plans: 'plan', resellers: 'reseller' } as const;

const shown: LimitRule = 'hour.recipients';

export type GroupRow = {
	readonly name: string;
	/** The list of accounts with only its own. */
	readonly listPath: string;
	readonly second: string;
	readonly bar: Bar | undefined;
	readonly used: string;
	readonly cell: LimitCell;
	readonly others: string;
	readonly day: string;
	readonly waiting: string;
	readonly waitingPath?: string;
	readonly held: string;
	readonly hasHeld: boolean;
};

export type Groups = {
	readonly kind: GroupKind;
	readonly headline: string;
	readonly say: string;
	readonly ungrouped: string;
	readonly rows: readonly GroupRow[];
};

/** From the outside in: the server, and the group itself. */
function originOfGroup(kind: GroupKind, view: LimitsView, book: SetBook, t: Strings): Origin {
	const effective = effectiveFor(view, shown);
	const levels = [
		{ name: t.levelServer, id: `server:${wholeServer}`, view: book.get(`server:${wholeServer}`) },
		{ name: t.groupWho[kind](view.id), id: `${view.level}:${view.id}`, view },
	];
	const chain = levels.flatMap(({ name, id, view: one }): ChainLine[] => {
		const own = ownNumber(one, shown);
		if (own === undefined) return [];
		const isApplied = [effective?.origin, effective?.cappedBy].some((from) => `${from?.level}:${from?.id}` === id);
		return [{ name, value: `${count(own.value)} ${t.rules[shown].span}`, isApplied }];
	});
	const capped = effective?.cappedBy;
	const isOwn = effective?.origin.level === view.level && effective.origin.id === view.id;
	return {
		short:
			effective === undefined
				? t.noLimit
				: capped !== undefined
					? t.originCapped(capped.name)
					: isOwn
						? t.originOwn
						: t.originName(effective.origin.name),
		chain,
		text: effective?.text ?? t.originNone,
		isTold: capped !== undefined || !chain.some((line) => line.isApplied),
	};
}

const groupPath = (base: string, kind: GroupKind, id: string): string => `${base}/${kind}/${encodeURIComponent(id)}`;

export function groupCellOf(
	kind: GroupKind,
	view: LimitsView,
	{ book, may }: { readonly book: SetBook; readonly may: May },
	words: Words,
): LimitCell {
	const { t, base } = words;
	const effective = effectiveFor(view, shown);
	const text = effective === undefined ? t.noLimit : `${count(effective.value)} ${t.rules[shown].span}`;
	const who = t.groupWho[kind](view.id);
	return {
		domId: `limit-${slug(`${kind}:${view.id}`)}`,
		...(may.switchShared ? { editPath: `${groupPath(base, kind, view.id)}/limit` } : {}),
		editLabel: t.editNow(t.rules[shown].name, who, text),
		text,
		origin: originOfGroup(kind, view, book, t),
		isEnforced: effective?.mode === 'enforce',
		hasLimit: effective !== undefined,
	};
}

const noView = (kind: GroupKind, id: string): LimitsView => ({
	level: levelOfKind[kind],
	id,
	effective: [],
	wouldHave: [],
});

function rowOf(
	kind: GroupKind,
	group: GroupDto,
	facts: { readonly book: SetBook; readonly may: May },
	words: Words,
): GroupRow {
	const { t, base } = words;
	const { id, accounts, suspended, hourRecipients, dayRecipients, waiting, held } = group;
	const view = group.limits ?? noView(kind, id);
	const effective = effectiveFor(view, shown);
	const list = `${base}/accounts?${new URLSearchParams({ [levelOfKind[kind]]: id })}`;
	const others = ruleOrder.flatMap((rule) => {
		const own = rule === shown ? undefined : ownNumber(view, rule);
		return own === undefined || own.stored === undefined ? [] : [limitText(rule, own.value)];
	});
	const { span, what } = t.rules[shown];
	return {
		name: id,
		listPath: list,
		second: t.factsOf([t.groupAccounts(accounts), ...(suspended > 0 ? [t.groupSuspended(suspended)] : [])]),
		bar:
			kind === 'plans'
				? undefined
				: barOf(
						{
							used: hourRecipients,
							waiting: 0,
							limit: effective?.value,
							mode: effective?.mode ?? 'monitor',
							span,
							what,
						},
						t,
					),
		used: t.groupUsed(hourRecipients),
		cell:
			group.limits === undefined
				? { ...groupCellOf(kind, view, facts, words), text: t.groupHidden }
				: groupCellOf(kind, view, facts, words),
		others: others.length === 0 ? '' : t.groupOthers(others),
		day: count(dayRecipients),
		waiting: count(waiting),
		...(waiting > 0 ? { waitingPath: `${list}&show=waiting` } : {}),
		held: count(held),
		hasHeld: held > 0,
	};
}

export function groupsOf(
	kind: GroupKind,
	{ items, ungrouped }: OperationOutput<'listGroups'>,
	facts: { readonly book: SetBook; readonly may: May },
	words: Words,
): Groups {
	const { t } = words;
	const sorted = [...items].sort((a, b) => b.hourRecipients - a.hourRecipients || a.id.localeCompare(b.id));
	const isNear = ({ limits, hourRecipients }: GroupDto): boolean => {
		const value = effectiveFor(limits, shown)?.value;
		return value !== undefined && hourRecipients > 0 && hourRecipients >= value * nearRatio;
	};
	const near = kind === 'resellers' ? items.filter(isNear).length : 0;
	return {
		kind,
		headline: near > 0 ? t.groupsNear(near) : t.groupsHead[kind](items.length),
		say: t.groupsSay[kind],
		ungrouped: ungrouped > 0 ? t.groupsUngrouped[kind](ungrouped) : '',
		rows: sorted.map((group) => rowOf(kind, group, facts, words)),
	};
}

export function groupEditorOf(
	kind: GroupKind,
	{ view, bound, draft }: { readonly view: LimitsView; readonly bound: number | undefined; readonly draft: Draft },
	words: Words,
): Editor {
	const { t, base, zoned, nowMs } = words;
	const { rule } = draft;
	const path = `${groupPath(base, kind, view.id)}/limit`;
	const who = t.groupWho[kind](view.id);
	const lasting = draft.lasting ?? 'good';
	const own = ownNumber(view, rule);
	const effective = effectiveFor(view, rule);
	return {
		domId: `limit-${slug(`${kind}:${view.id}`)}`,
		title: t.editTitle(t.rules[rule].name, who),
		savePath: path,
		cellPath: `${path}/cell`,
		fields: { spot: 'list', cell: shown, rule, back: '', seen: stampOf(view) },
		value: draft.value ?? (own === undefined ? '' : String(own.value)),
		numberLabel: t.editNumber(t.rules[rule].unit),
		rules: ruleOrder.map((one) => ({ rule: one, unit: t.rules[one].unit, isChosen: one === rule })),
		lastings: [
			{ lasting: 'good', text: t.forGood, isChosen: lasting === 'good' },
			{
				lasting: 'tomorrow',
				text: t.untilTomorrow(near(zoned, tomorrowMs(zoned, nowMs), nowMs)),
				isChosen: lasting === 'tomorrow',
			},
		],
		hints: [
			effective === undefined ? t.setNow(t.noLimit) : t.setNow(effective.text),
			...(bound === undefined ? [] : [t.boundServer(`${count(bound)} ${t.rules[rule].unit}`)]),
		],
		canRemove: [view.base, view.exception].some((set) => numberOf(set, rule) !== undefined),
		...(draft.fault === undefined ? {} : { fault: faultText(t, draft.fault) }),
	};
}
