/** What an act on mail has changed. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { countText, numberText } from './text.ts';

const done = {
	hold: 'Held',
	release: 'Released',
	discard: 'Discarded',
	requeue: 'Made due now',
	restore: 'Brought back',
} as const;

export function actedLines(
	act: keyof typeof done,
	{ kind, id }: Selector,
	{ recipients, messages, waiting = 0 }: OperationOutput<'act'>,
): readonly string[] {
	const isOne = kind === 'message';
	const what = `${kind} ${id}`;
	if (recipients === 0)
		return [`Nothing of ${what} was in a state for this. See \`sluice ${isOne ? `message trace ${id}` : 'queue'}\`.`];
	const where = isOne ? '' : ` in ${countText(messages, 'message')}`;
	const released = isOne
		? `\`sluice message release ${id} --reason …\``
		: `\`sluice queue release --${kind} ${id} --reason …\``;
	return [
		`${done[act]}: ${countText(recipients, 'recipient')}${where} of ${what}.`,
		...waitingLines(waiting, act === 'restore' ? released : undefined),
		...(act === 'hold' ? [`Undo: ${released}.`] : []),
		...(act === 'discard' && isOne ? [`Undo: \`sluice message restore ${id} --as-before --reason …\`.`] : []),
	];
}

/** A release and a restore obey limits. `atOnce`: the command that lets them go; left out: the same one with `--now`. */
export function waitingLines(waiting: number, atOnce?: string): readonly string[] {
	if (waiting === 0) return [];
	const who =
		waiting === 1
			? 'One of them waits for a limit and leaves'
			: `${numberText(waiting)} of them wait for a limit and leave`;
	return [`${who} in pace. At once: ${atOnce ?? '`--now`'}.`];
}
