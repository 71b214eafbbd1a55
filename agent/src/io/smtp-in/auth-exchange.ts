/**
 * One AUTH command and what follows it, until user and password are known: PLAIN (RFC 4616) and LOGIN (a draft that never became an
 * RFC, and half of all mail programs).
 *
 * Strict about base64 (RFC 4648 §4, no blanks), about UTF-8 and about length. `*` cancels. Says nothing about whether the password is
 * right. What was given is never in a log line: whoever reports a fault from here reports its name alone.
 *
 * Pure. Not here: whether AUTH may be said now (authentication.ts). RFC 4954 §4.
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import { bytesOfBase64 } from '../../core/header/bytes.ts';
import type { AuthMechanism, LoginAttempt } from '../../ports/smtp-in.ts';

export const authOffer = 'AUTH PLAIN LOGIN';

/** RFC 4616 §2: 255 octets each for user and password would do; longer ones are nonsense and cost nothing. */
const USER_CHARS_MAX = 255;
const PASSWORD_CHARS_MAX = 1_024;
/** `User Name` and `Password` are what the draft says; clients look at the order alone, and know these two. */
const ASK_USER = '334 VXNlcm5hbWU6\r\n';
const ASK_PASSWORD = '334 UGFzc3dvcmQ6\r\n';
const ASK_PLAIN = '334 \r\n';
/** An empty initial response (RFC 4954 §4). */
const EMPTY = '=';
const CANCEL = '*';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type AuthStep =
	| { readonly kind: 'ask'; readonly wire: string }
	| { readonly kind: 'login'; readonly attempt: LoginAttempt }
	| { readonly kind: 'fault'; readonly fault: FaultName };

const fault = (name: FaultName): AuthStep => ({ kind: 'fault', fault: name });

export class AuthExchange {
	readonly #mechanism: AuthMechanism;
	#user: string | undefined;

	constructor(mechanism: AuthMechanism) {
		this.#mechanism = mechanism;
	}

	/** The initial response, if the command brought one. */
	begin(initial: string | undefined): AuthStep {
		if (initial !== undefined) return this.#step(initial === EMPTY ? '' : initial);
		return { kind: 'ask', wire: this.#mechanism === 'PLAIN' ? ASK_PLAIN : ASK_USER };
	}

	/** A line that answers what was asked. */
	take(line: string): AuthStep {
		return line === CANCEL ? fault('authCancelled') : this.#step(line);
	}

	#step(base64: string): AuthStep {
		const text = textOf(base64);
		if (text === undefined) return fault('authDecode');
		if (this.#mechanism === 'PLAIN') return plain(text);
		if (this.#user === undefined) {
			this.#user = text;
			return { kind: 'ask', wire: ASK_PASSWORD };
		}
		return attempt('LOGIN', this.#user, text);
	}
}

/** Argument of AUTH as mechanism and initial response; undefined when it is not well-formed, or no mechanism of ours. */
export function readAuth(args: string): { mechanism: AuthMechanism; initial: string | undefined } | FaultName {
	const [name = '', initial, ...more] = args.split(' ').filter((part) => part !== '');
	if (name === '' || more.length > 0) return 'argument';
	const mechanism = name.toUpperCase();
	return mechanism === 'PLAIN' || mechanism === 'LOGIN' ? { mechanism, initial } : 'authMechanism';
}

/** `[authzid] NUL authcid NUL passwd`. Nobody may act for another, so an authorization identity must be the user's own. */
function plain(text: string): AuthStep {
	const parts = text.split('\0');
	const [identity, user, password] = parts;
	if (parts.length !== 3 || user === undefined || password === undefined) return fault('authDecode');
	// As a failed login, so that it is counted and tells nothing.
	const isOther = identity !== '' && identity !== user;
	return isOther ? attempt('PLAIN', user, '') : attempt('PLAIN', user, password);
}

function attempt(mechanism: AuthMechanism, user: string, password: string): AuthStep {
	if (user === '' || user.length > USER_CHARS_MAX || password.length > PASSWORD_CHARS_MAX) return fault('authDecode');
	return { kind: 'login', attempt: { mechanism, user, password } };
}

function textOf(base64: string): string | undefined {
	const bytes = bytesOfBase64(base64);
	if (bytes === undefined) return undefined;
	try {
		return utf8.decode(Buffer.from(bytes, 'latin1'));
	} catch {
		return undefined;
	}
}
