/**
 * Who may try to log in: failures counted by address and by user name, and who is trusted for having logged in before.
 *
 * Either may be blocked for a while. Who has logged in from an address before is not locked out there by others' failures, until it
 * fails itself: else anybody who knows a user name could stop an application.
 */
import { createFailedLogins, type Failure, type FailureBounds } from '../core/identity/failed-logins.ts';

/** Who tries, and from where: a group of addresses. */
export type Contender = {
	readonly user: string;
	readonly group: string;
	/** User and address together. */
	readonly pair: string;
};

export type LoginGuard = {
	isBlocked(contender: Contender, nowMs: number): boolean;
	/** The address is blocked, and this user is not trusted there. */
	isAddressBlocked(contender: Contender, nowMs: number): boolean;
	/** The address is blocked, and nobody is trusted there. */
	isRefused(group: string, nowMs: number): boolean;
	/** Counts a failure: how it stands with the address and the user now. */
	failed(contender: Contender, nowMs: number): { readonly here: Failure; readonly there: Failure };
	succeeded(contender: Contender, nowMs: number): void;
};

/** How long an address is known as one that a user came from. */
const trustedMs = 86_400_000;
const trustedMax = 10_000;

export function createLoginGuard(bounds: () => FailureBounds): LoginGuard {
	const byAddress = createFailedLogins(bounds);
	const byUser = createFailedLogins(bounds);
	/** Users at addresses. */
	const trusted = createMemory(trustedMax);
	/** Addresses that somebody is trusted at. */
	const familiar = createMemory(trustedMax);
	const isEither = ({ group, user }: Contender, nowMs: number): boolean =>
		byAddress.isBlocked(group, nowMs) || byUser.isBlocked(user, nowMs);
	return {
		isBlocked: (contender, nowMs) => isEither(contender, nowMs) && !trusted.has(contender.pair, nowMs),
		isAddressBlocked: ({ group, pair }, nowMs) => byAddress.isBlocked(group, nowMs) && !trusted.has(pair, nowMs),
		isRefused: (group, nowMs) => byAddress.isBlocked(group, nowMs) && !familiar.has(group, nowMs),
		failed(contender, nowMs) {
			// Failing where one is blocked but for trust ends the trust.
			if (isEither(contender, nowMs)) trusted.forget(contender.pair);
			return { here: byAddress.fail(contender.group, nowMs), there: byUser.fail(contender.user, nowMs) };
		},
		succeeded({ pair, group }, nowMs) {
			trusted.keep(pair, nowMs + trustedMs);
			familiar.keep(group, nowMs + trustedMs);
		},
	};
}

export type Memory = {
	has(key: string, nowMs: number): boolean;
	keep(key: string, untilMs: number): void;
	forget(key: string): void;
};

/** Keys with an end; the one kept longest ago goes first when there are too many. */
export function createMemory(keysMax: number): Memory {
	const until = new Map<string, number>();
	return {
		has: (key, nowMs) => (until.get(key) ?? 0) > nowMs,
		keep(key, untilMs) {
			until.delete(key);
			until.set(key, untilMs);
			if (until.size > keysMax) until.delete(until.keys().next().value as string);
		},
		forget: (key) => void until.delete(key),
	};
}
