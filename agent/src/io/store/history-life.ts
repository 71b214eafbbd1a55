/**
 * A message's whole life as the log had it: record, steps oldest first, and the reports about it.
 */
import type { MessageId, MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import type { MessageHead, MessageLife } from '../../ports/store.ts';
import type { HistoryDays } from './history-days.ts';
import { keyOfId } from './message-key.ts';

/** Steps told of one message: the latest. A thousand recipients with twenty attempts each. */
const lifeStepsMax = 20_000;

export function lifeOf(days: HistoryDays, id: MessageId): MessageLife | undefined {
	const at = keyOfId(id);
	const day = at === undefined ? undefined : days.open(at.day);
	if (at === undefined || day === undefined) return undefined;
	const life = day.statement('SELECT record, steps FROM messages WHERE message = ?').get(at.key);
	if (life === undefined) return undefined;
	const later = day.statement('SELECT steps FROM later WHERE message = ? ORDER BY segment, offset').all(at.key);
	const reports = day.statement('SELECT report FROM reports WHERE message = ? ORDER BY report').all(at.key);
	const steps = [life[1] as string, ...later.map(([text]) => text as string)].flatMap(stepsOf);
	return {
		record: JSON.parse(life[0] as string) as MessageRecord,
		steps: steps.slice(-lifeStepsMax),
		reports: reports.map(([report]) => report as string),
	};
}

const stepsOf = (lines: string): Transition[] =>
	lines
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as Transition);

/** Who wrote to whom about what: of each message that is known, with the recipient at the index that is named. */
export function headsOf(
	days: HistoryDays,
	messages: readonly { readonly id: MessageId; readonly recipient: number }[],
): readonly MessageHead[] {
	return messages.flatMap(({ id, recipient }) => {
		const at = keyOfId(id);
		const day = at === undefined ? undefined : days.open(at.day);
		if (at === undefined || day === undefined) return [];
		const text = day.statement('SELECT record FROM messages WHERE message = ?').get(at.key)?.[0];
		if (typeof text !== 'string') return [];
		const { envelope, subject = '' } = JSON.parse(text) as MessageRecord;
		return [{ id, sender: envelope.reversePath, recipient: envelope.recipients[recipient]?.address ?? '', subject }];
	});
}
