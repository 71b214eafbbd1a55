/**
 * What `account learn` found, as the agent is told of it: accounts and senders with the most recipients, as many as it keeps.
 *
 * Reports of the MTA are nobody's mail and left out, as is a name that the contract does not take.
 */
import { type LearnedRowDto, learnedRowSchema, learnedRowsMax } from '@sluice/shared/contract/learned-operations.ts';
import type { OperationInput } from '@sluice/shared/contract/operations.ts';
import { type LearnedRow, reportsAccount } from '../core/mail-log/learned.ts';
import type { LearnAnswer } from './learn.ts';

const time = (ms: number): string => new Date(ms).toISOString();

function rowsOf(rows: readonly LearnedRow[]): readonly LearnedRowDto[] {
	const told = rows
		.filter(({ account }) => account !== reportsAccount)
		.map(({ account, sender, messages, recipients, peakHour, directories }) => ({
			account,
			...(sender === undefined ? {} : { sender }),
			messages,
			recipients,
			peakHour,
			directories: directories.length,
		}));
	return told.filter((row) => learnedRowSchema.safeParse(row).success).slice(0, learnedRowsMax);
}

/** From when on: the first message that the log has, where it does not reach back as far as was asked. */
export function learnedBody(answer: LearnAnswer, nowMs: number): OperationInput<'putLearned'>['body'] {
	const { accounts, senders, mta, fromMs } = answer;
	const firstMs = accounts.reduce((first, row) => Math.min(first, row.firstMs), nowMs);
	return {
		mta,
		from: time(Math.min(nowMs, Math.max(fromMs, firstMs))),
		until: time(nowMs),
		items: [...rowsOf(accounts), ...rowsOf(senders)],
	};
}
