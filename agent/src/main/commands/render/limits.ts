/**
 * Limits for people: what is set, what is in force and where it comes from, what monitor-only rules would have kept.
 */
import type { EffectiveDto, LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import { limitedText, limitText } from '@sluice/shared/words/limits.ts';
import { comesFirst, isBesidePanel, type PanelLimits, panelLimitsText } from '@sluice/shared/words/panel-limit.ts';
import { limitedOption, modeTexts, originText, ruleTexts, setLines, setText } from './limit-words.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging, numberText } from './text.ts';
import { relativeText, shortTimeText, zoneText } from './time.ts';
import { proseWidth, type View } from './view.ts';

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

/** The panel's own limits are none of ours: what is over them is lost. `ours`: what is in force here. */
export function panelLines(
	panel: PanelLimits | undefined,
	ours: readonly EffectiveDto[],
	view: View,
): readonly string[] {
	if (panel === undefined) return [];
	const isFirst = comesFirst(panel, ours);
	const first = !isFirst
		? ''
		: ours.some(({ rule }) => isBesidePanel(rule))
			? ' It is smaller than the limit of an hour here, and so comes first.'
			: ' Nothing of ours stands beside it.';
	return hanging(
		'',
		`DISCARDS: the panel's own limit is ${panelLimitsText(panel)}. The mail server enforces it before we see the mail, and discards what is over; we can neither hold nor restore that.${first}`,
		proseWidth(view),
	).map(isFirst ? view.paint.warning : (text) => text);
}

export function wouldHaveLines({ wouldHave }: Pick<LimitsView, 'wouldHave'>, view: View): readonly string[] {
	if (wouldHave.length === 0) return [];
	const columns: readonly Column<LimitsView['wouldHave'][number]>[] = [
		{ title: 'RULE', text: ({ rule }) => ruleTexts[rule] },
		{ title: 'MESSAGES', align: 'right', text: ({ messages }) => numberText(messages) },
		{ title: 'RECIPIENTS', align: 'right', text: ({ recipients }) => numberText(recipients) },
		{ title: 'OF', align: 'right', text: ({ scopes }) => numberText(scopes) },
		{ title: `SINCE ${zoneText(view, view.nowMs)}`, text: ({ since }) => shortTimeText(view, Date.parse(since)) },
		{ title: 'LAST', text: ({ last }) => (last === undefined ? '-' : relativeText(view, Date.parse(last))) },
	];
	return ['', 'What monitor-only rules would have kept back:', ...table(columns, wouldHave, view)];
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
		...panelLines(limits.effective.find(({ panelOwn }) => panelOwn !== undefined)?.panelOwn, limits.effective, view),
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
		...(limits.effective.some(({ value, mode }) => value === 0 && mode === 'enforce')
			? hanging('', '0: none may leave; mail is held until somebody decides or the number changes.', proseWidth(view))
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
function listedText({ level, id, base, exception, effective }: LimitsView): string {
	const sets = [base, exception].flatMap((set) => (set === undefined ? [] : [setText(set, effective)]));
	if (sets.length > 0) return sets.join('; for a while: ');
	// What comes from outside, as the server's own number, is not built in here.
	const own = effective.filter(({ origin }) => origin.level === level && origin.id === id);
	const groups = Map.groupBy(own, ({ mode }) => mode);
	const texts = [...groups].map(
		([mode, rules]) => `${rules.map(({ rule, value }) => limitText(rule, value)).join(', ')} (${modeTexts[mode]})`,
	);
	return own.length === 0 ? 'no number' : `built in: ${texts.join('; ')}`;
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
