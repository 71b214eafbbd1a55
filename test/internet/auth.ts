/**
 * AUTH PLAIN and LOGIN as a chain of steps (RFC 4954, RFC 4616): what to say now, and what to do with the next line.
 */
import { type Reply, reply } from './reply.ts';
import type { Credentials } from './session-settings.ts';

export type AuthStep = {
	readonly say: Reply;
	/** Present while a further line is expected. */
	readonly next: ((line: string) => AuthStep) | undefined;
	/** Present when the password was right. */
	readonly user: string | undefined;
};

const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

/** The first step, from what followed AUTH: a mechanism and perhaps its first answer. */
export function beginAuth(credentials: Credentials, argument: string): AuthStep {
	const [mechanism = '', initial] = argument.split(' ');
	switch (mechanism.toUpperCase()) {
		case 'PLAIN':
			return ask('', initial, (answer) => {
				const [, user, password] = fromBase64(answer).split('\0');
				return check(credentials, user, password);
			});
		case 'LOGIN':
			return ask('Username:', initial, (user) =>
				ask('Password:', undefined, (password) => check(credentials, fromBase64(user), fromBase64(password))),
			);
		default:
			return { say: reply(504, 'Unrecognized authentication type', '5.5.4'), next: undefined, user: undefined };
	}
}

/** Puts a challenge, unless the client has sent the answer along (RFC 4954 §4). */
function ask(challenge: string, given: string | undefined, answer: (line: string) => AuthStep): AuthStep {
	if (given !== undefined) return answer(given);
	const said: Reply = { code: 334, status: '', lines: [Buffer.from(challenge).toString('base64')] };
	return { say: said, next: answer, user: undefined };
}

function check(credentials: Credentials, user: string | undefined, password: string | undefined): AuthStep {
	const isRight = user === credentials.user && password === credentials.password;
	const said = isRight ? reply(235, 'Authentication successful', '2.7.0') : reply(535);
	return { say: said, next: undefined, user: isRight ? user : undefined };
}
