/**
 * Who has logged in on a submission connection, and whether AUTH may be said now.
 *
 * Only over TLS and after EHLO, once a session, never inside a transaction (RFC 4954 §4). After a few failures in one session the next
 * command ends it. Synchronous, no I/O: checking the password is flow's. Not here: the bytes of the exchange (auth-exchange.ts).
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { LoginAttempt, SessionCredential } from '../../ports/smtp-in.ts';
import { AuthExchange, type AuthStep, readAuth } from './auth-exchange.ts';

/** Failed logins of one connection; the next command ends it. */
const FAILURES_MAX = 3;

export type AuthCircumstances = {
	readonly isTls: boolean;
	readonly hasEhlo: boolean;
	readonly isInTransaction: boolean;
};

export class Authentication {
	/** Fixed from the first success until the connection ends. */
	credential: SessionCredential | undefined;
	/** User and password are known and not yet checked. */
	attempt: LoginAttempt | undefined;
	#exchange: AuthExchange | undefined;
	#failures = 0;

	/** The next line is no command but an answer of the client. */
	get isUnderWay(): boolean {
		return this.#exchange !== undefined;
	}

	get isSpent(): boolean {
		return this.#failures >= FAILURES_MAX;
	}

	/** `AUTH args`: what to say, or the fault. With kind `login` the attempt stands in `attempt`. */
	begin(args: string, { isTls, hasEhlo, isInTransaction }: AuthCircumstances): AuthStep {
		const refusal = this.#refusal(isTls, hasEhlo && !isInTransaction);
		if (refusal !== undefined) return { kind: 'fault', fault: refusal };
		const read = readAuth(args);
		if (typeof read === 'string') return { kind: 'fault', fault: read };
		const exchange = new AuthExchange(read.mechanism);
		return this.#after(exchange.begin(read.initial), exchange);
	}

	take(line: string): AuthStep {
		const exchange = this.#exchange as AuthExchange;
		return this.#after(exchange.take(line), exchange);
	}

	/** The exchange is over, whatever it had come to. */
	cancel(): void {
		this.#exchange = undefined;
	}

	/** The attempt was checked: who it is, or nobody. */
	decided(credential: SessionCredential | undefined): void {
		this.attempt = undefined;
		if (credential === undefined) this.#failures++;
		else this.credential = credential;
	}

	#refusal(isTls: boolean, isInOrder: boolean): FaultName | undefined {
		// Before the order: whoever has said a password in the clear is told why it was no use.
		if (!isTls) return 'authTls';
		return this.credential !== undefined || !isInOrder ? 'sequence' : undefined;
	}

	#after(step: AuthStep, exchange: AuthExchange): AuthStep {
		this.#exchange = step.kind === 'ask' ? exchange : undefined;
		this.attempt = step.kind === 'login' ? step.attempt : undefined;
		return step;
	}
}
