/**
 * Words for limits: what they are set for, the numbers in a sentence, where a number comes from.
 */
import type { EffectiveDto, LimitsDto, LimitsView } from '@sluice/shared/contract/limit-shapes.ts';
import { type LimitMode, type LimitRule, limitText, windows } from '@sluice/shared/words/limits.ts';
import { clean, hanging } from './text.ts';
import { relativeText, timeAndAgeText } from './time.ts';
import { proseWidth, type View } from './view.ts';

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

export const modeTexts = { monitor: 'monitor-only', enforce: 'enforced' } as const;

/** `50 recipients an hour, 500 recipients a day (enforced)` */
export function setText(set: LimitsDto, effective: readonly EffectiveDto[] = []): string {
	const numbers = numbersOf(set);
	const modeOf = (rule: LimitRule) => set.modes?.[rule] ?? set.mode;
	const groups = Map.groupBy(numbers, ([rule]) => modeOf(rule));
	const parts = [...groups].map(
		([mode, rules]) => `${rules.map(([rule, value]) => limitText(rule, value)).join(', ')} (${modeTexts[mode]})`,
	);
	const named = new Set(numbers.map(([rule]) => rule));
	const inherited = (Object.entries(set.modes ?? {}) as [LimitRule, LimitMode][])
		.filter(([rule]) => !named.has(rule))
		.map(([rule, mode]) => {
			const value = effective.find((one) => one.rule === rule && one.mode === mode)?.value;
			return `${value === undefined ? ruleTexts[rule] : limitText(rule, value)} as inherited (${modeTexts[mode]})`;
		});
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

export const ruleTexts: { readonly [R in LimitRule]: string } = {
	'minute.messages': 'messages a minute',
	'minute.recipients': 'recipients a minute',
	'hour.messages': 'messages an hour',
	'hour.recipients': 'recipients an hour',
	'day.messages': 'messages a day',
	'day.recipients': 'recipients a day',
	'hour.uniqueRecipients': 'different an hour',
	'message.recipients': 'recipients a message',
};
