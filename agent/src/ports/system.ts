/**
 * The machine: disk space, events to the log, numbers to the metrics.
 */
import type { SluiceEvent } from '@sluice/shared/words/events.ts';

export type DiskSpace = {
	readonly freeBytes: number;
	readonly totalBytes: number;
};

export type Disk = { space(): Promise<DiskSpace> };

/** Everything that happens is said once, here. Log, event stream and counters listen. Never throws, never waits. */
export type EventSink = { emit(event: SluiceEvent): void };
