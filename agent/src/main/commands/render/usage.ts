/**
 * What has been used of each limit, what waits for it, and when something is free again.
 */
import type { EffectiveDto, UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { LimitRule } from '@sluice/shared/words/limits.ts';
import { modeTexts, originText, ruleTexts } from './limit-words.ts';
import { type Column, table } from './table.ts';
import { clean, hanging, numberText } from './text.ts';
import { relativeText, timeText } from './time.ts';
import { proseWidth, type View } from './view.ts';

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

/** Of a limit, 0 to 1 and beyond; 1 where none may leave. */
function shareOf({ limit, usage }: Row): number | undefined {
	if (limit === undefined || usage === undefined) return undefined;
	return limit.value === 0 ? 1 : usage.used / limit.value;
}

/** Nothing waits because of a number that only counts, or where there is none. */
const isKept = ({ limit, usage }: Row): boolean => limit?.mode === 'enforce' && (usage?.waiting ?? 0) > 0;

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
		{ title: 'WAITING', align: 'right', text: (row) => (isKept(row) ? numberText(row.usage?.waiting ?? 0) : '-') },
		{
			title: 'ROOM',
			text: (row) => {
				const at = row.limit?.mode === 'enforce' ? row.usage?.resetsAt : undefined;
				return at === undefined ? '-' : relativeText(view, Date.parse(at));
			},
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

/** `until 2026-11-24 14:20:00 CET (in 2.5 h)`, of what waits. */
export const waitsText = (waitsUntil: string | undefined, view: View): string =>
	waitsUntil === undefined
		? ''
		: ` The last of it will have left ${relativeText(view, Date.parse(waitsUntil))}, ${timeText(view, Date.parse(waitsUntil))}.`;
