/** What an act on open mail has changed. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { countText } from './text.ts';

const done = { hold: 'Held', release: 'Released', discard: 'Discarded', requeue: 'Made due now' } as const;

export function actedLines(
	act: keyof typeof done,
	{ kind, id }: Selector,
	{ recipients, messages }: OperationOutput<'act'>,
): readonly string[] {
	const isOne = kind === 'message';
	const what = `${kind} ${id}`;
	if (recipients === 0)
		return [`Nothing of ${what} was in a state for this. See \`sluice ${isOne ? `message trace ${id}` : 'queue'}\`.`];
	const where = isOne ? '' : ` in ${countText(messages, 'message')}`;
	const undo = isOne
		? `\`sluice message release ${id} --reason …\``
		: `\`sluice queue release --${kind} ${id} --reason …\``;
	return [
		`${done[act]}: ${countText(recipients, 'recipient')}${where} of ${what}.`,
		...(act === 'hold' ? [`Undo: ${undo}.`] : []),
	];
}
