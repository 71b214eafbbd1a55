/**
 * Logging in: is this password the credential's, and may this client try at all.
 *
 * A check costs 0.1 s of a thread that also flushes the spool, so few run at once and client addresses take turns; a right answer is
 * remembered for some minutes under a keyed hash, so that an application which logs in for each message pays once. Equal attempts that
 * are under way share one check. Failures are counted by address and by user name; either may be blocked for a while, and every
 * failure is answered a little later than the one before. A user that there is not costs the same time and gets the same answer.
 *
 * Who has logged in from an address before is not locked out there by others' failures: else anybody who knows a user name could stop an
 * application. Not here: the conversation (io/smtp-in), hashing (ports/passwords.ts).
 */
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import { addressGroupOf } from '../core/identity/address-group.ts';
import { createFailedLogins, type FailureBounds, failureDelayMs } from '../core/identity/failed-logins.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { LoginAnswer, LoginAttempt, Peer, SmtpSession } from '../ports/smtp-in.ts';
import { type Flow, reportError } from './context.ts';
import { createCostlyTurns } from './costly-turns.ts';
import type { Credentials } from './credentials.ts';

export type Logins = {
	/** The address has failed so often that it is not to be listened to. */
	isRefused(address: string): boolean;
	/** Never rejects. */
	login(session: SmtpSession, attempt: LoginAttempt): Promise<LoginAnswer>;
	/** Cuts waits short: the agent stops. */
	stop(): void;
};

export type LoginParts = Pick<Flow, 'clock' | 'events'> & {
	readonly credentials: Credentials;
	readonly passwords: Passwords;
	readonly bounds: () => FailureBounds;
};

/** Half of the threads that the runtime has (libuv: 4): the other half flushes the spool. */
const checksAtOnceMax = 2;
const checksWaitingMax = 200;
const rememberedMs = 300_000;
const rememberedMax = 2_000;
/** How long an address is known as one that a user came from. */
const trustedMs = 86_400_000;
const trustedMax = 10_000;
const userCharsMax = 64;

type Attempt = {
	readonly session: SmtpSession;
	readonly user: string;
	readonly password: string;
	readonly mechanism: string;
	readonly group: string;
	/** User and address together. */
	readonly pair: string;
};

export function createLogins(parts: LoginParts): Logins {
	const { clock, events, credentials, passwords, bounds } = parts;
	const byAddress = createFailedLogins(bounds);
	const byUser = createFailedLogins(bounds);
	const turns = createCostlyTurns({ atOnceMax: checksAtOnceMax, waitingMax: checksWaitingMax });
	/** Passwords that were right, by fingerprint, until when. */
	const right = createMemory(rememberedMax);
	/** Users at addresses. */
	const trusted = createMemory(trustedMax);
	/** Addresses that somebody is trusted at. */
	const familiar = createMemory(trustedMax);
	const underWay = new Map<string, Promise<boolean | 'busy' | 'blocked'>>();
	const waits = new Set<() => void>();

	const isBlocked = ({ group, user, pair }: Attempt, nowMs: number): boolean =>
		(byAddress.isBlocked(group, nowMs) || byUser.isBlocked(user, nowMs)) && !trusted.has(pair, nowMs);

	async function check(attempt: Attempt): Promise<boolean | 'busy' | 'blocked'> {
		if (isBlocked(attempt, clock.now())) return 'blocked';
		if (!(await turns.take(attempt.group))) return 'busy';
		try {
			// Others of the same address may have failed while this one waited: their number is what a guess costs.
			if (isBlocked(attempt, clock.now())) return 'blocked';
			return await passwords.matches(attempt.password, credentials.find(attempt.user)?.hash);
		} finally {
			turns.done();
		}
	}

	/** Equal attempts that come together are one. */
	function checkOnce(fingerprint: string, attempt: Attempt): Promise<boolean | 'busy' | 'blocked'> {
		const known = underWay.get(fingerprint);
		if (known !== undefined) return known;
		const begun = check(attempt).finally(() => underWay.delete(fingerprint));
		underWay.set(fingerprint, begun);
		return begun;
	}

	function wait(delayMs: number): Promise<void> {
		return new Promise((resolve) => {
			const over = (): void => {
				timer.cancel();
				waits.delete(over);
				resolve();
			};
			const timer = clock.after(delayMs, over);
			waits.add(over);
		});
	}

	function told(attempt: Attempt, outcome: 'ok' | 'failed' | 'busy', account?: string): void {
		const { session, user, mechanism } = attempt;
		events.emit({
			event: 'submission.login',
			atMs: clock.now(),
			outcome,
			// A wrong one may be anything.
			user: user.slice(0, userCharsMax),
			account,
			mechanism,
			client: session.peer.address,
			session: session.id,
		});
	}

	async function fail(attempt: Attempt): Promise<LoginAnswer> {
		const nowMs = clock.now();
		const { group, user, pair, session } = attempt;
		// Failing where one is blocked but for trust ends the trust.
		if (byAddress.isBlocked(group, nowMs) || byUser.isBlocked(user, nowMs)) trusted.forget(pair);
		const here = byAddress.fail(group, nowMs);
		const there = byUser.fail(user, nowMs);
		told(attempt, 'failed');
		const untilMs = nowMs + bounds().spanMs;
		const blocked = { event: 'submission.blocked', atMs: nowMs, until: new Date(untilMs).toISOString() } as const;
		if (here.begins) events.emit({ ...blocked, client: session.peer.address, failures: here.failures });
		if (there.begins) events.emit({ ...blocked, user: user.slice(0, userCharsMax), failures: there.failures });
		await wait(failureDelayMs(Math.max(here.failures, there.failures)));
		return refusal(
			byAddress.isBlocked(group, clock.now()) && !trusted.has(pair, clock.now()) ? 'authBlocked' : 'authFailed',
		);
	}

	function succeed(attempt: Attempt, account: string): LoginAnswer {
		const nowMs = clock.now();
		const { user, pair, group } = attempt;
		trusted.keep(pair, nowMs + trustedMs);
		familiar.keep(group, nowMs + trustedMs);
		credentials.used(user);
		told(attempt, 'ok', account);
		return { ok: true, credential: { id: user, account } };
	}

	async function decide(attempt: Attempt): Promise<LoginAnswer> {
		const fingerprint = passwords.fingerprint(attempt.user, attempt.password);
		const isRemembered = right.has(fingerprint, clock.now());
		const outcome = isRemembered || (await checkOnce(fingerprint, attempt));
		if (outcome === 'busy') {
			told(attempt, 'busy');
			return refusal('authUnavailable');
		}
		const credential = credentials.find(attempt.user);
		// Asked at the end: it may have been revoked meanwhile, and a gone account's takes as long as any.
		if (outcome !== true || credential === undefined || !credentials.isValid(attempt.user)) return fail(attempt);
		if (!isRemembered) right.keep(fingerprint, clock.now() + rememberedMs);
		return succeed(attempt, credential.account);
	}

	return {
		isRefused(address) {
			const group = addressGroupOf(address);
			const nowMs = clock.now();
			return byAddress.isBlocked(group, nowMs) && !familiar.has(group, nowMs);
		},
		async login(session, { user, password, mechanism }) {
			const group = addressGroupOf(session.peer.address);
			const attempt = { session, user, password, mechanism, group, pair: `${user} ${group}` };
			try {
				return await decide(attempt);
			} catch (error) {
				reportError(parts, 'login', error, 'authUnavailable');
				return refusal('authUnavailable');
			}
		},
		stop() {
			for (const over of [...waits]) over();
		},
	};
}

const refusal = (fault: FaultName): LoginAnswer => ({ ok: false, reply: faults[fault].reply });

/** What peer hears before the banner. */
export const refusedPeer = (logins: Logins, { address }: Peer): FaultName | undefined =>
	logins.isRefused(address) ? 'authBlocked' : undefined;

type Memory = {
	has(key: string, nowMs: number): boolean;
	keep(key: string, untilMs: number): void;
	forget(key: string): void;
};

/** Keys with an end; the one kept longest ago goes first when there are too many. */
function createMemory(keysMax: number): Memory {
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
