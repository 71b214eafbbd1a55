import type { QueueIndex } from '../../ports/store.ts';

/**
 * Opens queue.db as it stands. `reportsHaveRoute`: our own reports go back through the MTA (as in flow/queued-message).
 * `load` throws when a row cannot be read: then the whole log is to be replayed instead.
 */
export function openQueueIndex(_path: string, _reportsHaveRoute: boolean): QueueIndex {
	throw new Error('not written yet');
}
