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
	const what = kind === 'message' ? `message ${id}` : `${kind} ${id}`;
	if (recipients === 0)
		return [
			`Nothing of ${what} was in a state for this. See \`sluice ${kind === 'message' ? `message trace ${id}` : 'queue'}\`.`,
		];
	const undo = act === 'hold' && kind === 'message' ? ` Undo: \`sluice message release ${id} --reason …\`.` : '';
	return [
		`${done[act]}: ${countText(recipients, 'recipient')} in ${countText(messages, 'message')} of ${what}.${undo}`,
	];
}
