/** `sluice account simulate`: how far it is, and what would have been. */
import type { SimulationDto } from '@sluice/shared/contract/limit-operations.ts';
import { spanText } from '../../../core/delivery/story.ts';
import { ruleTexts } from './limit-words.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging, numberText } from './text.ts';
import { timeText } from './time.ts';
import { bar } from './usage.ts';
import { proseWidth, type View } from './view.ts';

export const progressText = (progress: number, days: number): string =>
	`Replaying ${countText(days, 'day')} ${bar(progress)} ${Math.floor(progress * 100)} %`;

type Met = NonNullable<SimulationDto['result']>['items'][number];
const itemsShown = 20;

export function simulationLines(
	{ state, failure, result }: SimulationDto,
	proposals: readonly unknown[],
	view: View,
): readonly string[] {
	if (state === 'failed' || result === undefined)
		return hanging('', `The simulation failed${failure === undefined ? '' : `: ${clean(failure)}`}.`, proseWidth(view));
	const { from, to, messages, recipients, items, text, longestWaitSeconds, stillWaiting } = result;
	const columns: readonly Column<Met>[] = [
		{ title: 'ACCOUNT', text: ({ account }) => account, columnsMin: 8 },
		{ title: 'BY', text: ({ scope }) => scope.replace(':', ' '), columnsMin: 8 },
		{ title: 'RULE', text: ({ rule }) => ruleTexts[rule] },
		{ title: 'MESSAGES', align: 'right', text: (item) => numberText(item.messages) },
		{ title: 'RECIPIENTS', align: 'right', text: (item) => numberText(item.recipients) },
		{ title: 'LONGEST', align: 'right', text: (item) => spanText(item.longestWaitSeconds * 1000) },
		{
			title: 'REFUSED',
			align: 'right',
			text: (item) => (item.refusedByReceivers === 0 ? '-' : numberText(item.refusedByReceivers)),
			paint: (item) => (item.refusedByReceivers === 0 ? (cell) => cell : view.paint.bad),
		},
	];
	const tried =
		proposals.length === 0 ? 'what is set now, all of it enforced' : 'the numbers tried and all others as if enforced';
	const waits =
		result.heldRecipients === 0
			? []
			: [
					...hanging(
						'',
						`The longest wait: ${spanText(longestWaitSeconds * 1000)}; still waiting at the end: ${countText(stillWaiting, 'recipient')}.`,
						proseWidth(view),
					),
				];
	const left = items.length - itemsShown;
	return [
		...hanging(
			'',
			`${countText(messages, 'message')} for ${countText(recipients, 'recipient')}, ${timeText(view, Date.parse(from))} to ${timeText(view, Date.parse(to))}, against ${tried}:`,
			proseWidth(view),
		),
		...hanging('', view.paint.strong(`${clean(text).replace(/^w/, 'W').replace(/\.$/, '')}.`), proseWidth(view)),
		...waits,
		...(items.length === 0 ? [] : ['', ...table(columns, items.slice(0, itemsShown), view)]),
		...(left > 0 ? ['', `${left} more with --json.`] : []),
		...(items.some(({ refusedByReceivers }) => refusedByReceivers > 0)
			? ['', 'REFUSED: messages of it that receivers refused for content or sender.']
			: []),
	];
}
