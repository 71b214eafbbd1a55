import type { History } from '../../ports/store.ts';

export type HistoryOptions = {
	/** The query worker's entry module (main/history-worker.ts). */
	readonly worker: URL;
	readonly directory: string;
};

/** Questions to the history; the worker starts with the first. */
export function createHistory(_options: HistoryOptions): History {
	throw new Error('not written yet');
}
