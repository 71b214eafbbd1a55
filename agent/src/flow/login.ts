/**
 * Logging in: is this password the credential's, and may this client try at all.
 *
 * Every failure is answered a little later than the one before. A user that there is not costs the same time and gets the same answer.
 *
 * Not here: the conversation (io/smtp-in), who is blocked (login-guard.ts), how passwords are checked (password-checks.ts), hashing
 * (ports/passwords.ts).
 */
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import { addressGroupOf } from '../core/identity/address-group.ts';
import { type FailureBounds, failureDelayMs } from '../core/identity/failed-logins.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { LoginAnswer, LoginAttempt, Peer, SmtpSession } from '../ports/smtp-in.ts';
import { type Flow, reportError } from './context.ts';
import type { Credentials } from './credentials.ts';
import { type Contender, createLoginGuard, type LoginGuard } from './login-guard.ts';
import { createPasswordChecks } from './password-checks.ts';

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

const userCharsMax = 64;

type Attempt = Contender & {
	readonly session: SmtpSession;
	readonly password: string;
	readonly mechanism: string;
};

export function createLogins(parts: LoginParts): Logins {
	const { clock, credentials } = parts;
	const guard = createLoginGuard(parts.bounds);
	const checks = createPasswordChecks({ ...parts, guard });
	const tell = createTelling(parts);
	const waits = new Set<() => void>();

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

	async function fail(attempt: Attempt): Promise<LoginAnswer> {
		const nowMs = clock.now();
		const { here, there } = guard.failed(attempt, nowMs);
		tell.outcome(attempt, 'failed');
		tell.blocked(attempt, { here, there, nowMs });
		await wait(failureDelayMs(Math.max(here.failures, there.failures)));
		return refusal(guard.isAddressBlocked(attempt, clock.now()) ? 'authBlocked' : 'authFailed');
	}

	async function decide(attempt: Attempt): Promise<LoginAnswer> {
		const { user, password } = attempt;
		const outcome = await checks.check(attempt, password);
		if (outcome === 'busy') {
			tell.outcome(attempt, 'busy');
			return refusal('authUnavailable');
		}
		const credential = credentials.find(user);
		// Asked at the end: it may have been revoked meanwhile, and a gone account's takes as long as any.
		if (outcome !== true || credential === undefined || !credentials.isValid(user)) return fail(attempt);
		checks.remember(attempt, password);
		guard.succeeded(attempt, clock.now());
		credentials.used(user);
		tell.outcome(attempt, 'ok', credential.account);
		return { ok: true, credential: { id: user, account: credential.account } };
	}

	return {
		isRefused(address) {
			return guard.isRefused(addressGroupOf(address), clock.now());
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

/** What is said of attempts. */
function createTelling({ clock, events, bounds }: LoginParts) {
	return {
		outcome({ session, user, mechanism }: Attempt, outcome: 'ok' | 'failed' | 'busy', account?: string): void {
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
		},
		/** Once, when it begins. */
		blocked({ session, user }: Attempt, { here, there, nowMs }: Failures): void {
			const untilMs = nowMs + bounds().spanMs;
			const blocked = { event: 'submission.blocked', atMs: nowMs, until: new Date(untilMs).toISOString() } as const;
			if (here.begins) events.emit({ ...blocked, client: session.peer.address, failures: here.failures });
			if (there.begins) events.emit({ ...blocked, user: user.slice(0, userCharsMax), failures: there.failures });
		},
	};
}

type Failures = ReturnType<LoginGuard['failed']> & { readonly nowMs: number };
