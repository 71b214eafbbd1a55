/**
 * A spool in memory that behaves like a disk: what was not flushed may be lost, writes fail at random, the log outlives the agent.
 */
import type { BodyRef, LogEntry, LogPosition, Spool, StoredMessage } from '@sluice/agent/ports/spool.ts';
import type { SimulatedClock } from './clock.ts';

type Kept = { readonly json: string; readonly body: Uint8Array };
type Waiting = { readonly kept: Kept; readonly offset: number; readonly done: (failure?: Error) => void };

export type SimulatedDisk = {
	/** A spool over what is on the disk. */
	open(clock: SimulatedClock): Spool;
	entries(): readonly LogEntry[];
	/** The agent dies: of what was being written a prefix stays, unacknowledged. */
	crash(): void;
	/** Share of writes that fail. */
	failing: number;
	/** The so-many-th write from now fails; 0: none does. */
	failNth: number;
	/** Writes so far, failed ones too. */
	readonly writes: number;
};

export function simulatedDisk(random: () => number): SimulatedDisk {
	const log: Kept[] = [];
	let waiting: Waiting[] = [];
	let generation = 0;
	let writes = 0;

	const entryAt = (offset: number): LogEntry => {
		const kept = log[offset] as Kept;
		const entry = JSON.parse(kept.json) as LogEntry;
		return entry.kind === 'message' ? { ...entry, ref: { segment: 1, offset, bytes: 1 } } : entry;
	};

	const disk: SimulatedDisk = {
		failing: 0,
		failNth: 0,
		get writes() {
			return writes;
		},
		entries: () => log.map((_, offset) => entryAt(offset)),
		crash() {
			generation += 1;
			// What the kernel had taken may or may not have reached the platter.
			const survived = Math.floor(random() * (waiting.length + 1));
			for (const one of waiting.slice(0, survived)) log.push(one.kept);
			waiting = [];
		},
		open(clock) {
			const mine = generation;
			let isFlushing = false;
			const flush = (): void => {
				isFlushing = false;
				if (mine !== generation) return;
				const batch = waiting;
				waiting = [];
				for (const one of batch) {
					writes += 1;
					const isChosen = disk.failNth === 1;
					if (disk.failNth > 0) disk.failNth -= 1;
					if (isChosen || random() < disk.failing) one.done(new Error('ENOSPC'));
					else {
						log.push(one.kept);
						one.done();
					}
				}
				if (waiting.length > 0) schedule();
			};
			const schedule = (): void => {
				if (isFlushing) return;
				isFlushing = true;
				clock.after(1 + Math.floor(random() * 4), flush);
			};
			const write = (entry: object, body: Uint8Array): Promise<number> =>
				new Promise((resolve, reject) => {
					const kept = { json: JSON.stringify(entry), body };
					const done = (failure?: Error): void => (failure === undefined ? resolve(log.length - 1) : reject(failure));
					waiting.push({ kept, offset: 0, done });
					schedule();
				});
			return {
				async append(record, chunks, extra) {
					const body = Buffer.concat(chunks);
					const offset = await write({ kind: 'message', record, ...extra }, body);
					return { segment: 1, offset, bytes: 1 };
				},
				async record(transitions) {
					await write({ kind: 'transitions', transitions }, new Uint8Array());
				},
				async read(ref: BodyRef): Promise<StoredMessage> {
					const entry = entryAt(ref.offset);
					if (entry.kind !== 'message') throw new Error('no message there');
					return { record: entry.record, body: (log[ref.offset] as Kept).body };
				},
				keep: () => {},
				kept: () => {},
				release: () => {},
				durable: (): LogPosition => ({ segment: 1, offset: log.length }),
				projected: () => {},
				sparse: () => [],
				stats: () => ({ segments: 1, bytes: log.length, openMessages: 0, unflushed: waiting.length, lastFlushMs: 1 }),
				onDurable: () => {},
				stop: async () => {},
			};
		},
	};
	return disk;
}
