/**
 * The query thread: questions to the history one after the other, beside projector and loop so that none waits for a search.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { MessageQuery } from '../../ports/store.ts';
import { historyDays } from './history-days.ts';
import { headsOf, lifeOf } from './history-life.ts';
import { type RetentionBounds, retain } from './history-retention.ts';
import { InvalidCursor, search } from './history-search.ts';
import { retainStats } from './stats-retention.ts';
import { retainUsage } from './usage-retention.ts';

export type Question =
	| { readonly kind: 'search'; readonly query: MessageQuery }
	| { readonly kind: 'life'; readonly message: MessageId }
	| { readonly kind: 'heads'; readonly messages: readonly { readonly id: MessageId; readonly recipient: number }[] }
	| { readonly kind: 'retain'; readonly bounds: RetentionBounds };

type HistoryThreadData = {
	readonly directory: string;
	readonly usagePath?: string;
	readonly statsPath?: string;
};

export type Asked = { readonly number: number; readonly question: Question };
export type Answer =
	| { readonly number: number; readonly value: unknown }
	| { readonly number: number; readonly error: string; readonly code: 'cursor' | 'failed' };

/** The whole life of the worker. */
export function runHistoryThread(): void {
	const port = parentPort;
	if (port === null) throw new Error('history is asked in a worker thread');
	const { directory, usagePath, statsPath } = workerData as HistoryThreadData;
	const days = historyDays(directory);

	function answerTo(question: Question): unknown {
		switch (question.kind) {
			case 'search':
				return search(days, question.query, () => performance.now());
			case 'life':
				return lifeOf(days, question.message);
			case 'heads':
				return headsOf(days, question.messages);
			case 'retain':
				if (usagePath !== undefined) retainUsage(usagePath, question.bounds);
				if (statsPath !== undefined) retainStats(statsPath, question.bounds);
				return retain(directory, days, question.bounds);
		}
	}

	port.on('message', ({ number, question }: Asked) => {
		try {
			port.postMessage({ number, value: answerTo(question) } satisfies Answer);
		} catch (error) {
			const code = error instanceof InvalidCursor ? 'cursor' : 'failed';
			port.postMessage({ number, error: (error as Error).message, code } satisfies Answer);
			// Whatever is wrong with an open file, the next question begins with fresh ones.
			if (code === 'failed') days.close();
		}
	});
}
