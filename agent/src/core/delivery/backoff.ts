/**
 * When a deferred recipient is tried again, when its sender hears of the delay, and when we give up.
 *
 * The wait doubles from `firstDelayMs` up to `delayMsMax`, each time spread by `jitter` so that what failed together does not
 * come back together. Greylisting gets its first retry sooner: the server is up and has told us to come again. The last try
 * falls on the end of the lifetime rather than beyond it, so that nothing expires without having been tried late.
 *
 * Age is time in which we could have delivered: from the moment the recipient became due, without waiting for a limit, holds,
 * or a lane that we kept closed ourselves. An attempt is one that met the outside world (outcome.ts, `deferred`); without one
 * nothing expires. RFC 5321 §4.5.4.1 asks for at least 30 minutes between later tries and 4–5 days in all.
 *
 * Pure. Not here: lanes (core/scheduling), the DSNs (core/dsn).
 */
import type { Cause } from '@sluice/shared/words/response.ts';

export type RetrySettings = {
	readonly firstDelayMs: number;
	readonly factor: number;
	readonly delayMsMax: number;
	/** Wait after the first answer of a greylisting server. */
	readonly greylistFirstDelayMs: number;
	/** Part of the wait by which it is spread either way, 0–1. */
	readonly jitter: number;
	/** Lifetime of ordinary mail. */
	readonly expireAfterMs: number;
	/** Lifetime of mail with a null reverse-path: nobody hears of its loss, so it does not stay long. */
	readonly expireReportAfterMs: number;
	/** Age at which the sender is told of a delay, once. */
	readonly delayNoticeAfterMs: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const retryDefaults: RetrySettings = {
	firstDelayMs: 5 * minuteMs,
	factor: 2,
	delayMsMax: 4 * hourMs,
	greylistFirstDelayMs: 2 * minuteMs,
	jitter: 0.2,
	expireAfterMs: 4 * dayMs,
	expireReportAfterMs: dayMs,
	delayNoticeAfterMs: 4 * hourMs,
};

/** No wait is shorter, whatever the settings say: a loop must not spin. */
export const delayMsMin = 1_000;

export type Attempted = {
	/** Attempts made, the one that was just deferred included; at least 1. */
	readonly attempts: number;
	/** Age in milliseconds, see above. */
	readonly ageMs: number;
	/** The reverse-path is null: a report. */
	readonly report: boolean;
};

/** Milliseconds from now until the next attempt. */
export function nextAttemptMs(
	tried: Attempted & { readonly cause: Cause; readonly random: () => number },
	settings: RetrySettings = retryDefaults,
): number {
	// A greylisted first attempt is one more than the schedule knows: the second wait is then the ordinary first.
	const early = tried.cause === 'greylist' && settings.greylistFirstDelayMs < settings.firstDelayMs;
	const step = Math.max(0, tried.attempts - (early ? 2 : 1));
	const plain =
		early && tried.attempts <= 1
			? settings.greylistFirstDelayMs
			: Math.min(settings.delayMsMax, settings.firstDelayMs * settings.factor ** step);
	const spread = plain * (1 + settings.jitter * (2 * tried.random() - 1));
	const left = lifetimeMs(tried.report, settings) - tried.ageMs;
	const wait = left > 0 ? Math.min(spread, left) : spread;
	return Math.max(delayMsMin, Math.round(wait));
}

/** Whether to give up. Asked after a deferred attempt; never true before the first. */
export function isExpired(tried: Attempted, settings: RetrySettings = retryDefaults): boolean {
	return tried.attempts > 0 && tried.ageMs >= lifetimeMs(tried.report, settings);
}

/** Whether the sender is to be told of the delay now. Whether it wants to know is `dsnDue`'s question. */
export function isDelayNoticeDue(
	tried: Attempted & { readonly delayNoticed: boolean },
	settings: RetrySettings = retryDefaults,
): boolean {
	return !tried.delayNoticed && tried.attempts > 0 && tried.ageMs >= settings.delayNoticeAfterMs;
}

/** Lifetime, milliseconds: for Will-Retry-Until in delay reports. */
export function lifetimeMs(report: boolean, settings: RetrySettings = retryDefaults): number {
	return report ? settings.expireReportAfterMs : settings.expireAfterMs;
}
