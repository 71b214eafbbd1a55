/**
 * Failed logins, counted by who failed, and whether that is refused for a while.
 *
 * Two such books are kept: by client address and by user name (a name that there is not is counted as one that there is, so that nothing
 * can be learned from it). So many failures within the span, and the key is blocked for the span. Success takes nothing back, or
 * whoever has one password could go on guessing another. Each failure is answered later than the one before.
 *
 * Bounded: the key whose last failure is oldest goes first. Pure: the caller says the time.
 */
export type FailureBounds = { readonly failuresMax: number; readonly spanMs: number };

/** `begins`: with this one the key is blocked. */
export type Failure = { readonly failures: number; readonly begins: boolean };

export type FailedLogins = {
	isBlocked(key: string, nowMs: number): boolean;
	/** Counts one. */
	fail(key: string, nowMs: number): Failure;
	readonly size: number;
};

type Entry = { readonly failedMs: readonly number[]; readonly blockedUntilMs: number };

export const keysMax = 10_000;
const nothing: Entry = { failedMs: [], blockedUntilMs: 0 };

export function createFailedLogins(bounds: () => FailureBounds): FailedLogins {
	const entries = new Map<string, Entry>();
	return {
		isBlocked: (key, nowMs) => (entries.get(key)?.blockedUntilMs ?? 0) > nowMs,
		fail(key, nowMs) {
			const { failuresMax, spanMs } = bounds();
			const { failedMs: before, blockedUntilMs } = entries.get(key) ?? nothing;
			// A clock that was set back leaves times in the future: they count as long as any, and no longer.
			const failedMs = [...before.filter((at) => Math.abs(nowMs - at) < spanMs), nowMs].slice(-failuresMax);
			const isBlocked = blockedUntilMs > nowMs;
			const begins = !isBlocked && failedMs.length >= failuresMax;
			entries.delete(key);
			entries.set(key, { failedMs, blockedUntilMs: begins ? nowMs + spanMs : blockedUntilMs });
			if (entries.size > keysMax) entries.delete(entries.keys().next().value as string);
			return { failures: failedMs.length, begins };
		},
		get size() {
			return entries.size;
		},
	};
}

const firstDelayMs = 250;
const delayMsMax = 8_000;

/** How long the n-th failure waits for its answer: 0.25 s, 0.5, 1 … 8 s. */
export const failureDelayMs = (failures: number): number =>
	Math.min(delayMsMax, firstDelayMs * 2 ** Math.max(0, Math.min(failures, 16) - 1));
