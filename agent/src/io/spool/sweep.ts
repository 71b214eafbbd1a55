/**
 * Clearing away finished segments, one at a time, behind the back of the writing.
 *
 * Segments go oldest first. What stays is cut to its records: a recycled file that a restart has ended early is mostly unused. A
 * failure leaves everything as it was; the next occasion tries again.
 */
import type { Folder } from './folder.ts';
import type { Ledger, LedgerSegment } from './ledger.ts';
import type { ReportTrouble } from './trouble.ts';
import { textOf } from './trouble.ts';

export type Sweep = {
	/** Something may have become removable. Cheap; gathers. */
	wake(): void;
	/** Resolves when nothing is under way any more. */
	stop(): Promise<void>;
};

export function segmentSweep(input: {
	readonly ledger: Ledger;
	readonly folder: Folder;
	readonly report: ReportTrouble;
	readonly isReading: (segment: number) => boolean;
	readonly forget: (segment: number) => void;
}): Sweep {
	const { ledger, folder, report } = input;
	let running: Promise<void> | undefined;
	let isWanted = false;
	let isStopped = false;

	async function run(): Promise<void> {
		while (isWanted && !isStopped) {
			isWanted = false;
			for (const segment of ledger.removable())
				if (isStopped || input.isReading(segment.segment) || !(await attempt(segment, remove))) break;
			for (const segment of ledger.untrimmed()) if (isStopped || !(await attempt(segment, trim))) break;
		}
	}

	async function attempt(segment: LedgerSegment, work: (segment: LedgerSegment) => Promise<void>): Promise<boolean> {
		try {
			await work(segment);
			return true;
		} catch (error) {
			report({ kind: 'collect-failed', segment: segment.segment, error: textOf(error) });
			return false;
		}
	}

	async function trim(segment: LedgerSegment): Promise<void> {
		await ifThere(folder.trim(segment.segment, segment.end));
		segment.isTrimmed = true;
	}

	async function remove(entry: LedgerSegment): Promise<void> {
		const { segment, isDamaged } = entry;
		input.forget(segment);
		await ifThere(isDamaged ? folder.setAside(segment) : folder.retire(segment));
		ledger.remove(segment);
		if (isDamaged) report({ kind: 'segment-set-aside', segment });
	}

	return {
		wake() {
			isWanted = true;
			if (running !== undefined || isStopped) return;
			running = Promise.resolve()
				.then(run)
				.finally(() => {
					running = undefined;
				});
		},
		async stop() {
			isStopped = true;
			await running;
		},
	};
}

/** A segment whose making failed half-way may have no file. */
async function ifThere(work: Promise<void>): Promise<void> {
	try {
		await work;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
	}
}
