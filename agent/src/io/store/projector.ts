import type { LogPosition } from '../../ports/spool.ts';
import type { Projector } from '../../ports/store.ts';
import type { ReportTrouble } from './trouble.ts';

export type ProjectorOptions = {
	/** The worker's entry module, which brings store and log reader together (main/projector-worker.ts). */
	readonly worker: URL;
	readonly logDirectory: string;
	/** Path of queue.db. */
	readonly queuePath: string;
	readonly historyDirectory: string;
	/** Where the replay of the log ended at start: an index that knows more is not of this log, and is made anew. */
	readonly logEnd: LogPosition;
	readonly report: ReportTrouble;
};

/** Starts the follower of the log. */
export function createProjector(_options: ProjectorOptions): Projector {
	throw new Error('not written yet');
}
