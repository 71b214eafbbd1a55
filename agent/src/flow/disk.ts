/**
 * Watching the disk: below the bound new mail is refused for now, deliveries go on, and it clears by itself.
 *
 * Asked every few seconds. The bound for clearing lies a little above that for refusing, so that it does not flap.
 * Not here: the reserve that lets outcomes be recorded on a full disk (io/spool).
 */
import type { Timer } from '../ports/clock.ts';
import { type Flow, reportError } from './context.ts';

const askMs = 5_000;
const clearFactor = 1.1;

type Watched = Pick<Flow, 'disk' | 'health' | 'settings' | 'clock' | 'events'>;

export type DiskWatch = { readonly freeBytes: () => number; ask(): Promise<void>; stop(): void };

export function watchDisk(flow: Watched): DiskWatch {
	let freeBytes = 0;
	let timer: Timer | undefined;
	let isStopped = false;

	const ask = async (): Promise<void> => {
		try {
			const space = await flow.disk.space();
			freeBytes = space.freeBytes;
			judge(flow, space.freeBytes, space.totalBytes);
		} catch (error) {
			reportError(flow, 'disk', error);
		}
	};
	const round = async (): Promise<void> => {
		await ask();
		if (!isStopped) timer = flow.clock.after(askMs, () => void round());
	};
	timer = flow.clock.after(askMs, () => void round());
	return {
		freeBytes: () => freeBytes,
		ask,
		stop() {
			isStopped = true;
			timer?.cancel();
		},
	};
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000).toLocaleString('en')} MB`;

function judge(flow: Watched, freeBytes: number, totalBytes: number): void {
	const { minFreeBytes, minFreeRatio } = flow.settings();
	const bound = Math.max(minFreeBytes, totalBytes * minFreeRatio);
	const isLow = flow.health.has('disk-low') ? freeBytes < bound * clearFactor : freeBytes < bound;
	if (!isLow) {
		flow.health.clear('disk-low');
		return;
	}
	flow.health.raise({
		code: 'disk-low',
		text: `Only ${megabytes(freeBytes)} are free where mail is stored (at least ${megabytes(bound)} are wanted). New mail is answered 452 and stays with the MTA; deliveries go on.`,
		hint: 'Free space on the disk of dataDir, or lower spool.minFreeBytes and spool.minFreeRatio. It clears by itself.',
		stops: 'accepting',
	});
}
