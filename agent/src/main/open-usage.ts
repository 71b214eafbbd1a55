/**
 * The meter's windows at start: what usage.db has of the last day, then what of the log it has not got yet.
 *
 * Everything is read before the follower starts and kept packed until the meter is there (ten bytes a message): a file that proves
 * damaged can still be set aside then. Each entry counts once: usage.db says up to where of the log it knows everything, and the
 * replay of the log passes over what is not behind that. Where usage.db is behind the queue index (it was deleted, or a power failure
 * took its last writes), the stretch between the two is read as well.
 *
 * Nothing here keeps the agent from starting: what cannot be read is told, and counts as not sent (invariant 10).
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import { windowSeconds } from '@sluice/shared/words/limits.ts';
import { comparePositions, logStart } from '../core/log/position.ts';
import type { Meter } from '../core/metering/meter.ts';
import { readEntries } from '../io/spool/reader.ts';
import { isDamage } from '../io/store/own-database.ts';
import { setAside } from '../io/store/set-aside.ts';
import type { StoreTrouble } from '../io/store/trouble.ts';
import { usageOfEntry } from '../io/store/usage-of-entry.ts';
import { unpackUsage, usagePacker } from '../io/store/usage-pack.ts';
import { openUsageReader } from '../io/store/usage-reader.ts';
import type { LogEntry, LogPosition } from '../ports/spool.ts';
import type { Usage, VisitUsage } from '../ports/usage.ts';

export type UsageParts = {
	/** Path of usage.db. */
	readonly path: string;
	readonly logDirectory: string;
	readonly now: () => number;
	readonly report: (trouble: StoreTrouble) => void;
	/** What else went wrong. */
	readonly failed: (error: unknown) => void;
};

export type UsageReplay = {
	/** Takes an entry of the replay; `next`: the position behind it. */
	take(entry: LogEntry, next: LogPosition): void;
	/** The replay begins anew, from another place. */
	restart(): void;
	/** The replay is over. It began behind `from`; undefined: at the beginning of the log. */
	ended(from: LogPosition | undefined): void;
	/** Charges everything to a new meter, once, and forgets it. Returns how many steps were charged. */
	fill(meter: Meter, nowMs: number): number;
};

/** The day's window begins with a whole minute. */
const windowSecondsMax = windowSeconds.day + 60;

/** Reads usage.db as it stands. Never throws. */
export function openUsage(parts: UsageParts): UsageReplay {
	const fromSecond = Math.floor(parts.now() / 1000) - windowSecondsMax;
	const stored = usageBuffer(fromSecond);
	const tail = usageBuffer(fromSecond);
	const position = readStored(parts, fromSecond, stored);
	const isNew = (next: LogPosition): boolean => comparePositions(next, position) > 0;
	return {
		take(entry, next) {
			if (isNew(next)) usageOfEntry(entry, tail.add);
		},
		restart: () => tail.clear(),
		ended(from) {
			if (from === undefined || comparePositions(position, from) >= 0) return;
			try {
				readEntries(parts.logDirectory, position, from, (entry, next) => {
					if (isNew(next)) usageOfEntry(entry, stored.add);
				});
			} catch (error) {
				parts.failed(error);
			}
		},
		fill(meter, nowMs) {
			// A question tells the meter what time it is: it keeps nothing then that no window needs.
			meter.used('server:server', 'hour.recipients', nowMs);
			const charged = stored.charge(meter) + tail.charge(meter);
			stored.clear();
			tail.clear();
			return charged;
		},
	};
}

/** Returns up to where of the log the file knows everything. */
function readStored({ path, now, report, failed }: UsageParts, fromSecond: number, stored: UsageBuffer): LogPosition {
	try {
		const reader = openUsageReader(path);
		if (reader === undefined) return logStart;
		try {
			reader.read(fromSecond, stored.add);
			return reader.position;
		} finally {
			reader.close();
		}
	} catch (error) {
		stored.clear();
		try {
			if (isDamage(error)) setAside('usage-set-aside', { path, now, report }, error);
			else failed(error);
		} catch (again) {
			failed(again);
		}
		return logStart;
	}
}

type UsageBuffer = {
	readonly add: VisitUsage;
	clear(): void;
	charge(meter: Meter): number;
};

/** Charges of the windows, packed. */
function usageBuffer(fromSecond: number): UsageBuffer {
	const packer = usagePacker();
	const chains: (readonly ScopeKey[])[] = [];
	const numbers = new Map<readonly ScopeKey[], number>();
	const byName = new Map<string, number>();

	/** Arrays of the reader are the same for the same chain; those of the log are not. */
	function numberOf(scopes: readonly ScopeKey[]): number {
		const known = numbers.get(scopes);
		if (known !== undefined) return known;
		const name = JSON.stringify(scopes);
		const number = byName.get(name) ?? chains.push(scopes) - 1;
		byName.set(name, number);
		if (chains[number] === scopes) numbers.set(scopes, number);
		return number;
	}

	return {
		add(scopes, usage) {
			if (usage.recipients > 0 && usage.second >= fromSecond) packer.add(numberOf(scopes), chargedOf(usage));
		},
		clear() {
			packer.restart(0);
			chains.length = 0;
			numbers.clear();
			byName.clear();
		},
		charge(meter) {
			let charged = 0;
			const bulk = meter.bulk();
			const bulkChains = chains.map(bulk.chain);
			unpackUsage(packer.bytes(), 0, (chain, usage) => {
				bulk.charge(bulkChains[chain] as number, usage.second * 1000, usage);
				charged += 1;
			});
			bulk.end();
			return charged;
		},
	};
}

/** What waits is not charged. */
const chargedOf = (usage: Usage): Usage =>
	usage.waiting === 0 && usage.held === 0
		? usage
		: { ...usage, waiting: 0, held: 0, keys: usage.keys.slice(0, usage.recipients) };
