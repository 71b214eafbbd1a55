/**
 * Whether a password is the credential's: few checks at once, equal ones as one, right ones remembered.
 *
 * A check costs 0.1 s of a thread that also flushes the spool, so few run at once and client addresses take turns; a right answer is
 * remembered for some minutes under a keyed hash, so that an application which logs in for each message pays once.
 */
import type { Passwords } from '../ports/passwords.ts';
import { createCostlyTurns } from './costly-turns.ts';
import type { Credentials } from './credentials.ts';
import { type Contender, createMemory, type LoginGuard } from './login-guard.ts';

export type PasswordAnswer = boolean | 'busy' | 'blocked';

export type PasswordChecks = {
	check(contender: Contender, password: string): Promise<PasswordAnswer>;
	/** The password was right and let somebody in. */
	remember(contender: Contender, password: string): void;
};

export type PasswordCheckParts = {
	readonly clock: { now(): number };
	readonly credentials: Credentials;
	readonly passwords: Passwords;
	readonly guard: LoginGuard;
};

/** Half of the threads that the runtime has (libuv: 4): the other half flushes the spool. */
const checksAtOnceMax = 2;
const checksWaitingMax = 200;
const rememberedMs = 300_000;
const rememberedMax = 2_000;

export function createPasswordChecks({ clock, credentials, passwords, guard }: PasswordCheckParts): PasswordChecks {
	const turns = createCostlyTurns({ atOnceMax: checksAtOnceMax, waitingMax: checksWaitingMax });
	/** By fingerprint, until when. */
	const right = createMemory(rememberedMax);
	const underWay = new Map<string, Promise<PasswordAnswer>>();

	async function compare(contender: Contender, password: string): Promise<PasswordAnswer> {
		if (guard.isBlocked(contender, clock.now())) return 'blocked';
		if (!(await turns.take(contender.group))) return 'busy';
		try {
			// Others of the same address may have failed while this one waited: their number is what a guess costs.
			if (guard.isBlocked(contender, clock.now())) return 'blocked';
			return await passwords.matches(password, credentials.find(contender.user)?.hash);
		} finally {
			turns.done();
		}
	}

	return {
		async check(contender, password) {
			const fingerprint = passwords.fingerprint(contender.user, password);
			if (right.has(fingerprint, clock.now())) return true;
			const known = underWay.get(fingerprint);
			if (known !== undefined) return known;
			const begun = compare(contender, password).finally(() => underWay.delete(fingerprint));
			underWay.set(fingerprint, begun);
			return begun;
		},
		remember({ user }, password) {
			const fingerprint = passwords.fingerprint(user, password);
			if (!right.has(fingerprint, clock.now())) right.keep(fingerprint, clock.now() + rememberedMs);
		},
	};
}
