/**
 * Limits for people: what is set, what is in force and where it comes from, what has been used, what watched rules would have kept.
 */
import type { EffectiveDto, LimitsDto, LimitsView, UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { type LimitMode, type LimitRule, limitText, windows } from '@sluice/shared/words/limits.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging, numberText } from './text.ts';
import { relativeText, shortTimeText, timeAndAgeText, timeText, zoneText } from './time.ts';
import { proseWidth, type View } from './view.ts';

/** `server` for the machine, `each mailbox` for a default, else `account acme`. */
export function limitedText({ level, id }: Pick<LimitsView, 'level' | 'id'>): string {
	if (level !== 'server') return `${level} ${id}`;
	return id === 'server' ? 'the whole server' : id.replace('-', ' ');
}

/** `--account acme`, as a command takes it again. */
export function limitedOption({ level, id }: Pick<LimitsView, 'level' | 'id'>): string {
	if (level !== 'server') return `--${level} ${clean(id)}`;
	return id === 'server' ? '--server' : `--each ${id.replace('each-', '')}`;
}

type Window = (typeof windows)[number];

function numbersOf(set: LimitsDto): readonly (readonly [LimitRule, number])[] {
	const inWindows = windows.flatMap((window: Window) =>
		(['recipients', 'messages'] as const).flatMap((unit) => {
			const value = set[window]?.[unit];
			return value == null ? [] : [[`${window}.${unit}`, value] as const];
		}),
	);
	return [
		...inWindows,
		...(set.hourUniqueRecipients == null ? [] : [['hour.uniqueRecipients', set.hourUniqueRecipients] as const]),
		...(set.recipientsPerMessage == null ? [] : [['message.recipients', set.recipientsPerMessage] as const]),
	];
}

const modeTexts = { monitor: 'watched', enforce: 'enforced' } as const;

/** `50 recipients an hour, 500 recipients a day (enforced)` */
export function setText(set: LimitsDto): string {
	const numbers = numbersOf(set);
	const modeOf = (rule: LimitRule) => set.modes?.[rule] ?? set.mode;
	const groups = Map.groupBy(numbers, ([rule]) => modeOf(rule));
	const parts = [...groups].map(
		([mode, rules]) => `${rules.map(([rule, value]) => limitText(rule, value)).join(', ')} (${modeTexts[mode]})`,
	);
	const named = new Set(numbers.map(([rule]) => rule));
	const inherited = (Object.entries(set.modes ?? {}) as [LimitRule, LimitMode][])
		.filter(([rule]) => !named.has(rule))
		.map(([rule, mode]) => `${ruleTexts[rule]} as inherited (${modeTexts[mode]})`);
	if (inherited.length > 0) parts.push(inherited.join(', '));
	const over =
		set.over == null
			? []
			: [
					{ wait: 'what is over waits', defer: 'what is over is deferred', reject: 'what is over is refused' }[
						set.over
					],
				];
	const split = set.split == null ? [] : [set.split ? 'sent in parts' : 'not sent in parts'];
	return [...(parts.length === 0 ? ['no number'] : parts), ...over, ...split].join('; ');
}

/** What is set, by whom, since and until when; nothing for nothing. */
export function setLines(title: string, set: LimitsDto | undefined, view: View): readonly string[] {
	if (set === undefined) return [];
	const until = set.until == null ? '' : ` Until ${timeAndAgeText(view, Date.parse(set.until))}.`;
	const note = set.note == null ? '' : ` “${clean(set.note)}”`;
	const who = ` By ${clean(set.author)}, ${relativeText(view, Date.parse(set.set))}.`;
	return hanging(title, `${setText(set)}.${until}${who}${note}`, proseWidth(view));
}

/** `plan Basic, capped by reseller bob` */
export const originText = ({ origin, cappedBy }: Pick<EffectiveDto, 'origin' | 'cappedBy'>): string =>
	`${origin.name}${cappedBy === undefined ? '' : `, capped by ${cappedBy.name}`}`;

const ruleTexts: { readonly [R in LimitRule]: string } = {
	'minute.messages': 'messages a minute',
	'minute.recipients': 'recipients a minute',
	'hour.messages': 'messages an hour',
	'hour.recipients': 'recipients an hour',
	'day.messages': 'messages a day',
	'day.recipients': 'recipients a day',
	'hour.uniqueRecipients': 'different an hour',
	'message.recipients': 'recipients a message',
};

type Row = { readonly rule: LimitRule; readonly limit?: EffectiveDto; readonly usage?: UsageDto };

/** A row for each number in force: a rule has two where a smaller one only counts. And one for what is used without a number. */
function rowsOf(effective: readonly EffectiveDto[], usage: readonly UsageDto[]): readonly Row[] {
	return (Object.keys(ruleTexts) as LimitRule[]).flatMap((rule): Row[] => {
		const used = usage.find((one) => one.rule === rule);
		const limits = effective.filter((one) => one.rule === rule);
		if (used === undefined) return limits.map((limit) => ({ rule, limit }));
		if (limits.length > 0) return limits.map((limit) => ({ rule, limit, usage: used }));
		return used.used + used.waiting === 0 ? [] : [{ rule, usage: used }];
	});
}

/** Below this there is no room for where a number comes from: it is told beneath the table. */
const originColumnsMin = 120;
const barColumns = 10;

/** `██████░░░░`: at least one block where anything is used, all of them only when all is used. */
export function bar(share: number): string {
	const blocks =
		share <= 0 ? 0 : share >= 1 ? barColumns : Math.min(barColumns - 1, Math.max(1, Math.floor(share * barColumns)));
	return '█'.repeat(blocks) + '░'.repeat(barColumns - blocks);
}

/** How much of its limit is used, 0 to 1 and beyond; undefined without a limit. */
export const usedShare = ({ used, left }: Pick<UsageDto, 'used' | 'left'>): number | undefined =>
	left === undefined ? undefined : used + left === 0 ? 1 : used / (used + left);

/** Of a limit, 0 to 1 and beyond; 1 where none may leave. */
function shareOf({ limit, usage }: Row): number | undefined {
	if (limit === undefined || usage === undefined) return undefined;
	return limit.value === 0 ? 1 : usage.used / limit.value;
}

const warnShare = 0.8;

function sharePaint(row: Row, view: View): (text: string) => string {
	const share = shareOf(row) ?? 0;
	if (share >= 1) return row.limit?.mode === 'enforce' ? view.paint.bad : view.paint.warning;
	return share >= warnShare ? view.paint.warning : (text) => text;
}

/** Usage and limits in one table: what counts against what, and where the number comes from. */
export function usageTable(
	effective: readonly EffectiveDto[],
	usage: readonly UsageDto[],
	view: View,
): readonly string[] {
	const rows = rowsOf(effective, usage);
	if (rows.length === 0) return ['No limit, and nothing sent within a day.'];
	const count = (of: (row: Row) => number | undefined) => (row: Row) => {
		const value = of(row);
		return value === undefined ? '-' : numberText(value);
	};
	const columns: readonly Column<Row>[] = [
		{ title: 'RULE', text: ({ rule }) => ruleTexts[rule] },
		{ title: 'USED', align: 'right', text: count(({ usage: used }) => used?.used) },
		{ title: 'LIMIT', align: 'right', text: count(({ limit }) => limit?.value) },
		{
			title: '',
			text: (row) => (shareOf(row) === undefined ? '' : bar(shareOf(row) as number)),
			paint: (row) => sharePaint(row, view),
		},
		{ title: 'WAITING', align: 'right', text: ({ usage: used }) => (used?.waiting ? numberText(used.waiting) : '-') },
		{
			title: 'FREE',
			text: ({ usage: used }) => (used?.resetsAt === undefined ? '-' : relativeText(view, Date.parse(used.resetsAt))),
		},
		{ title: 'MODE', text: ({ limit }) => (limit === undefined ? '-' : modeTexts[limit.mode]) },
	];
	const from: Column<Row> = { title: 'FROM', text: ({ limit }) => (limit === undefined ? '-' : originText(limit)) };
	if (view.width >= originColumnsMin) return table([...columns, from], rows, view);
	return [
		...table(columns, rows, view),
		...effective.flatMap(({ text }) => hanging('  ', clean(text), proseWidth(view))),
	];
}

function effectiveLines({ effective }: LimitsView, view: View): readonly string[] {
	if (effective.length === 0) return ['  No limit is in force.'];
	const columns: readonly Column<EffectiveDto>[] = [
		{ title: 'IN FORCE', text: ({ rule, value }) => limitText(rule, value) },
		{
			title: 'MODE',
			text: ({ mode }) => modeTexts[mode],
			paint: ({ mode }) => (mode === 'enforce' ? view.paint.good : (text) => text),
		},
		{ title: 'FROM', text: originText, columnsMin: 16 },
		{
			title: `UNTIL ${zoneText(view, view.nowMs)}`,
			text: ({ until }) => (until === undefined ? '-' : shortTimeText(view, Date.parse(until))),
		},
	];
	return table(columns, effective, view);
}

export function panelLines(effective: readonly EffectiveDto[], view: View): readonly string[] {
	const own = effective.find(({ panelOwn }) => panelOwn !== undefined)?.panelOwn;
	if (own === undefined) return [];
	return hanging(
		'',
		`The panel's own limit is ${countText(own, 'message')} an hour; the mail server enforces it before we see the mail.`,
		proseWidth(view),
	);
}

export function wouldHaveLines({ wouldHave }: Pick<LimitsView, 'wouldHave'>, view: View): readonly string[] {
	if (wouldHave.length === 0) return [];
	const columns: readonly Column<LimitsView['wouldHave'][number]>[] = [
		{ title: 'WATCHED RULE', text: ({ rule }) => ruleTexts[rule] },
		{ title: 'MESSAGES', align: 'right', text: ({ messages }) => numberText(messages) },
		{ title: 'RECIPIENTS', align: 'right', text: ({ recipients }) => numberText(recipients) },
		{ title: 'OF', align: 'right', text: ({ scopes }) => numberText(scopes) },
		{ title: `SINCE ${zoneText(view, view.nowMs)}`, text: ({ since }) => shortTimeText(view, Date.parse(since)) },
		{ title: 'LAST', text: ({ last }) => (last === undefined ? '-' : relativeText(view, Date.parse(last))) },
	];
	return ['', 'What watched rules would have kept back:', ...table(columns, wouldHave, view)];
}

export function limitLines(limits: LimitsView, view: View): readonly string[] {
	const { base, exception } = limits;
	const isSet = base !== undefined || exception !== undefined;
	return [
		view.paint.strong(`Limits of ${clean(limitedText(limits))}`),
		...(isSet ? [] : ['Nothing is set here; what is outside counts.']),
		...setLines('Set: ', base, view),
		...setLines('Exception: ', exception, view),
		'',
		...effectiveLines(limits, view),
		...panelLines(limits.effective, view),
		...wouldHaveLines(limits, view),
	];
}

/** What counts now, a line each. */
const inForceLines = ({ effective }: LimitsView, view: View): readonly string[] =>
	effective.flatMap(({ text, mode }) => hanging('  ', `${clean(text)} (${modeTexts[mode]})`, proseWidth(view)));

/** After a change: what counts now, by what it is bounded, how it is taken back. */
export function limitSetLines(limits: LimitsView, view: View, isException: boolean): readonly string[] {
	const isCapped = limits.effective.some(({ cappedBy }) => cappedBy !== undefined);
	return [
		...hanging('', `Set for ${clean(limitedText(limits))}. In force there now:`, proseWidth(view)),
		...inForceLines(limits, view),
		...(isCapped
			? hanging('', 'What is capped is kept as it was set, and counts once what caps it allows it.', proseWidth(view))
			: []),
		`Take it away: \`sluice limit clear ${limitedOption(limits)}${isException ? ' --exception' : ''}\`.`,
	];
}

export function limitClearedLines(limits: LimitsView, view: View): readonly string[] {
	const what = clean(limitedText(limits));
	const gone =
		limits.base === undefined
			? `Nothing is set for ${what} any more.`
			: `The exception of ${what} is over; its numbers stand.`;
	return [...hanging('', `${gone} In force there now:`, proseWidth(view)), ...inForceLines(limits, view)];
}

/** Numbers that nobody has set stand in the list too: what they would have done is asked for first of all. */
function listedText({ base, exception, effective }: LimitsView): string {
	const sets = [base, exception].flatMap((set) => (set === undefined ? [] : [setText(set)]));
	if (sets.length > 0) return sets.join('; for a while: ');
	return effective.length === 0
		? 'no number'
		: `built in: ${effective.map(({ rule, value, mode }) => `${limitText(rule, value)} (${modeTexts[mode]})`).join(', ')}`;
}

export function limitListLines({ items, next }: OperationOutput<'listLimits'>, view: View): readonly string[] {
	if (items.length === 0)
		return [
			'No limit is set. `sluice limit set --each mailbox --hour 100 --monitor` only counts; `--enforce` does it.',
		];
	const columns: readonly Column<LimitsView>[] = [
		{ title: 'FOR', text: limitedText, columnsMin: 16 },
		{
			title: 'SET',
			text: listedText,
			columnsMin: 24,
		},
		{
			title: 'WOULD HAVE KEPT',
			align: 'right',
			text: ({ wouldHave }) => {
				const recipients = wouldHave.reduce((most, one) => Math.max(most, one.recipients), 0);
				return recipients === 0 ? '-' : countText(recipients, 'recipient');
			},
		},
		{
			title: 'EXCEPTION ENDS',
			text: ({ exception }) => (exception?.until == null ? '-' : relativeText(view, Date.parse(exception.until))),
		},
	];
	const more = next === undefined ? [] : ['', `There is more: --cursor ${next}.`];
	return [...table(columns, items, view), ...more];
}

/** `until 2026-11-24 14:20:00 CET (in 2.5 h)`, of what waits. */
export const waitsText = (waitsUntil: string | undefined, view: View): string =>
	waitsUntil === undefined
		? ''
		: ` The last of it will have left ${relativeText(view, Date.parse(waitsUntil))}, ${timeText(view, Date.parse(waitsUntil))}.`;
