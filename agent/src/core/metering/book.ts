/**
 * The limits that are set, by level and id, in memory. Written by flow/limits, read for every message.
 *
 * `version` grows with every change, so that what was derived from the book can be kept until then.
 */
import type { Level, StoredLimits } from '@sluice/shared/words/limits.ts';

export type LimitBook = {
	get(level: Level, id: string): StoredLimits | undefined;
	/** undefined: nothing is set any more. */
	set(level: Level, id: string, limits: StoredLimits | undefined): void;
	entries(): Iterable<{ readonly level: Level; readonly id: string; readonly limits: StoredLimits }>;
	readonly size: number;
	readonly version: number;
};

export function createLimitBook(): LimitBook {
	const byKey = new Map<string, { readonly level: Level; readonly id: string; readonly limits: StoredLimits }>();
	let version = 0;
	return {
		get: (level, id) => byKey.get(`${level}:${id}`)?.limits,
		set(level, id, limits) {
			version += 1;
			if (limits === undefined) byKey.delete(`${level}:${id}`);
			else byKey.set(`${level}:${id}`, { level, id, limits });
		},
		entries: () => byKey.values(),
		get size() {
			return byKey.size;
		},
		get version() {
			return version;
		},
	};
}
